//! What a token of some scope may do, as evidence: a use case that changes something takes the type that says so, and
//! only [`AccountScope`] makes one.

use crate::AccountScope;
use domain::TokenScope;
use std::ops::Deref;

/// Permission to change an account's credentials; includes reading them.
#[derive(Debug, Clone)]
pub struct CredentialsWrite(pub(crate) AccountScope);

/// Permission to read everything of an account.
#[derive(Debug, Clone)]
pub struct AccountRead(pub(crate) AccountScope);

/// Permission to change an account's tokens and sub-accounts; includes reading everything.
#[derive(Debug, Clone)]
pub struct AccountWrite(pub(crate) AccountRead);

/// A token's scope does not include what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This token may only {}; use one of scope {}", may_only(*.has), .need.scopes())]
pub struct PermissionError {
    has: TokenScope,
    need: Need,
}

/// What a use case needs beyond reading credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    CredentialsWrite,
    AccountRead,
    AccountWrite,
}

impl Need {
    /// The one place that says which scope may do what.
    pub(crate) fn met_by(self, has: TokenScope) -> Result<(), PermissionError> {
        match (self, has) {
            (_, TokenScope::All)
            | (Self::CredentialsWrite, TokenScope::CredentialsOnly)
            | (Self::AccountRead, TokenScope::ReadOnly) => Ok(()),
            (Self::CredentialsWrite | Self::AccountWrite, TokenScope::ReadOnly)
            | (Self::AccountRead | Self::AccountWrite, TokenScope::CredentialsOnly) => {
                Err(PermissionError { has, need: self })
            }
        }
    }

    const fn scopes(self) -> &'static str {
        match self {
            Self::CredentialsWrite => "all or credentials_only",
            Self::AccountRead => "all or read_only",
            Self::AccountWrite => "all",
        }
    }
}

const fn may_only(scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::All => "do what its account may",
        TokenScope::ReadOnly => "read",
        TokenScope::CredentialsOnly => "manage credentials",
    }
}

/// Whoever may change credentials may read them.
impl Deref for CredentialsWrite {
    type Target = AccountScope;

    fn deref(&self) -> &AccountScope {
        &self.0
    }
}

/// Whoever may read everything may read credentials.
impl Deref for AccountRead {
    type Target = AccountScope;

    fn deref(&self) -> &AccountScope {
        &self.0
    }
}

/// Whoever may change the account may read it.
impl Deref for AccountWrite {
    type Target = AccountRead;

    fn deref(&self) -> &AccountRead {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_which_token_to_use() {
        let said = |need: Need, has| need.met_by(has).unwrap_err().to_string();
        assert_eq!(
            said(Need::CredentialsWrite, TokenScope::ReadOnly),
            "This token may only read; use one of scope all or credentials_only"
        );
        assert_eq!(
            said(Need::AccountRead, TokenScope::CredentialsOnly),
            "This token may only manage credentials; use one of scope all or read_only"
        );
        assert_eq!(said(Need::AccountWrite, TokenScope::ReadOnly), "This token may only read; use one of scope all");
    }
}
