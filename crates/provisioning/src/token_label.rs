//! What people call a token.

/// A label of 1 to 64 characters without control characters, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLabel(Box<str>);

/// Why a text is not a [`TokenLabel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token's label has 1 to 64 characters and no control characters")]
pub struct TokenLabelError;

impl TokenLabel {
    /// Most characters (Unicode scalar values).
    pub const MAX_CHARACTERS: usize = 64;

    /// Parses a label.
    ///
    /// # Errors
    /// [`TokenLabelError`] unless the text has the form described there.
    pub fn parse(text: &str) -> Result<Self, TokenLabelError> {
        // Of what was sent: a line break at its end is one too.
        let is_clean = !text.chars().any(char::is_control);
        let text = text.trim();
        let length_ok = (1..=Self::MAX_CHARACTERS).contains(&text.chars().count());
        if length_ok && is_clean { Ok(Self(text.into())) } else { Err(TokenLabelError) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        assert_eq!(
            TokenLabel::parse("  CI, \"staging\" ").map(|label| label.as_str().to_owned()),
            Ok("CI, \"staging\"".into())
        );
        assert!(TokenLabel::parse(&"ä".repeat(64)).is_ok());
        for bad in ["", "  ", "a\nb", &"ä".repeat(65)] {
            assert_eq!(TokenLabel::parse(bad), Err(TokenLabelError), "{bad:?}");
        }
    }
}
