//! A tenant's own note on a credential.

/// At most 255 characters without control characters; empty removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(Box<str>);

/// Why a text is not a [`Description`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// More than 255 characters.
    #[error("must have at most 255 characters")]
    TooLong,
    /// A control character.
    #[error("must not contain control characters")]
    ControlCharacter,
}

impl Description {
    /// Most characters (Unicode scalar values).
    pub const MAX_CHARACTERS: usize = 255;

    /// Parses a description.
    ///
    /// # Errors
    /// [`DescriptionError`] names the rule it breaks.
    pub fn parse(text: &str) -> Result<Self, DescriptionError> {
        if text.chars().count() > Self::MAX_CHARACTERS {
            Err(DescriptionError::TooLong)
        } else if text.chars().any(char::is_control) {
            Err(DescriptionError::ControlCharacter)
        } else {
            Ok(Self(text.into()))
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_inner(self) -> Box<str> {
        self.0
    }
}
