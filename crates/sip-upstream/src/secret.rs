//! A username and password that a next hop asks for.

use crate::request::token;
use crate::session::Session;
use domain::RandomSource;
use sip_message::{HeaderName, Method, Response};
use std::fmt;
use zeroize::Zeroizing;

/// What a next hop's digest challenges are answered with. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct UpstreamSecret {
    pub(crate) username: Box<str>,
    pub(crate) password: Zeroizing<Box<[u8]>>,
}

/// Why a text cannot be a digest username.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SecretError {
    /// It is empty, or has quotes, backslashes or control characters, which digest credentials cannot carry.
    #[error("a username for a next hop must not be empty or contain quotes, backslashes or control characters")]
    UnusableUsername,
}

/// Credentials for one request. Without Debug: the value is a proof of the password.
pub struct Credentials {
    /// The header they go into.
    pub header: HeaderName,
    /// That header's value.
    pub value: Vec<u8>,
}

/// Why a challenge is not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unanswerable {
    /// The response is neither 401 nor 407.
    #[error("the response is no challenge")]
    NoChallenge,
    /// It has no digest challenge, or only such whose algorithm or qop is not known here.
    #[error(
        "the next hop asks for a proof of a kind that is not known here; digest with MD5, SHA-256 or SHA-512-256 is"
    )]
    UnknownKind,
}

impl UpstreamSecret {
    /// Takes a username and password as they were given.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn new(username: &str, password: &[u8]) -> Result<Self, SecretError> {
        let is_quotable = |character: char| !character.is_control() && !matches!(character, '"' | '\\');
        if username.is_empty() || !username.chars().all(is_quotable) {
            return Err(SecretError::UnusableUsername);
        }
        Ok(Self { username: username.into(), password: Zeroizing::new(password.into()) })
    }

    /// The username, which is no secret.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Answers the strongest challenge of a 401 or 407, for the same request with that Request-URI.
    ///
    /// # Errors
    /// [`Unanswerable`].
    pub fn answer(
        &self,
        response: &Response<'_>,
        (method, uri): (Method<'_>, &[u8]),
        random: &dyn RandomSource,
    ) -> Result<Credentials, Unanswerable> {
        let mut session = Session::begin(response, &token(random))?;
        session.next_credentials(self, (method, uri)).ok_or(Unanswerable::UnknownKind)
    }
}

impl fmt::Debug for UpstreamSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamSecret").field("username", &self.username).field("password", &"<redacted>").finish()
    }
}
