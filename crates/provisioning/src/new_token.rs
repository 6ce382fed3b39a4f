//! Tokens as they are made: drawn, hashed, and shown once.

use crate::{Provisioning, ProvisioningError, TokenLabel};
use domain::{ApiTokenHash, Timestamp, TokenId, TokenScope};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// What is said of a new API token.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    /// What people call it.
    pub label: TokenLabel,
    /// What its requests may do.
    pub scope: TokenScope,
    /// From when on it authenticates nobody; must be in the future.
    pub expires_at: Option<Timestamp>,
}

/// What is said of a new token for the operator API.
#[derive(Debug, Clone)]
pub struct NewOperatorToken {
    /// What people call it; the audit log names it.
    pub label: TokenLabel,
    /// From when on it authenticates nobody; must be in the future.
    pub expires_at: Option<Timestamp>,
}

/// A drawn token, before anybody knows it.
pub(crate) struct DrawnToken {
    pub(crate) id: TokenId,
    pub(crate) hash: ApiTokenHash,
    pub(crate) secret: Zeroizing<String>,
}

impl Provisioning {
    /// Draws a token of 32 random octets, in hexadecimal.
    pub(crate) fn draw_token(&self, now: Timestamp) -> DrawnToken {
        let mut random = Zeroizing::new([0; 32]);
        self.parts.random.fill(&mut *random);
        let mut secret = Zeroizing::new(String::with_capacity(64));
        for octet in random.iter() {
            // Writing to a String cannot fail.
            let _ = write!(secret, "{octet:02x}");
        }
        let mut tail = [0; 10];
        self.parts.random.fill(&mut tail);
        let hash = ApiTokenHash::from_bytes(Sha256::digest(secret.as_bytes()).into());
        DrawnToken { id: TokenId::new(now, tail), hash, secret }
    }
}

pub(crate) fn check_expiry(expires_at: Option<Timestamp>, now: Timestamp) -> Result<(), ProvisioningError> {
    if expires_at.is_none_or(|end| now < end) { Ok(()) } else { Err(ProvisioningError::ExpiryPassed) }
}
