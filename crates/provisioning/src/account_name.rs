//! What people call an account.

/// A name of 1 to 128 characters without control characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountName(Box<str>);

/// Why a text is not an [`AccountName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an account name has 1 to 128 characters and no control characters")]
pub struct AccountNameError;

impl AccountName {
    /// Parses a name.
    ///
    /// # Errors
    /// [`AccountNameError`] unless the text has the form described there.
    pub fn parse(text: &str) -> Result<Self, AccountNameError> {
        // Of what was sent: a line break at its end is one too.
        let is_clean = !text.chars().any(char::is_control);
        let text = text.trim();
        let length_ok = (1..=128).contains(&text.chars().count());
        if length_ok && is_clean { Ok(Self(text.into())) } else { Err(AccountNameError) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_inner(self) -> Box<str> {
        self.0
    }
}
