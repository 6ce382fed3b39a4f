//! Shows the API tokens of an account.

use crate::{AccountRead, Provisioning, ProvisioningError};
use domain::{ApiToken, Timestamp, TokenId, TokenScope};

/// An API token as it may be seen: without its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenView {
    /// Its public identifier.
    pub id: TokenId,
    /// What people call it.
    pub label: Box<str>,
    /// What its requests may do.
    pub scope: TokenScope,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it authenticates nobody.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

impl ApiTokenView {
    pub(crate) fn new(token: ApiToken) -> Self {
        let ApiToken { id, label, scope, created_at, expires_at, last_used_at, .. } = token;
        Self { id, label, scope, created_at, expires_at, last_used_at }
    }
}

impl Provisioning {
    /// The account's API tokens in order of creation, expired ones included.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn api_tokens(&self, account: &AccountRead) -> Result<Vec<ApiTokenView>, ProvisioningError> {
        let stored = self.storage().api_tokens(account.account()).await?;
        let view = |token: ApiToken| {
            let last_used_at = token.last_used_at.max(self.parts.operators.last_use(token.account, token.id));
            ApiTokenView::new(ApiToken { last_used_at, ..token })
        };
        Ok(stored.into_iter().map(view).collect())
    }

    /// One API token of the account.
    ///
    /// # Errors
    /// [`ProvisioningError::TokenNotFound`] (also for another account's), or the storage failed.
    pub async fn api_token(&self, account: &AccountRead, id: TokenId) -> Result<ApiTokenView, ProvisioningError> {
        let tokens = self.api_tokens(account).await?;
        tokens.into_iter().find(|token| token.id == id).ok_or(ProvisioningError::TokenNotFound)
    }
}
