//! Shows the tokens for the operator API.

use crate::{InstallationOperator, Provisioning, ProvisioningError};
use domain::{OperatorToken, Timestamp, TokenId};

/// A token for the operator API as it may be seen: without its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorTokenView {
    /// Its public identifier.
    pub id: TokenId,
    /// What people call it.
    pub label: Box<str>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it authenticates nobody.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

impl OperatorTokenView {
    pub(crate) fn new(token: OperatorToken) -> Self {
        let OperatorToken { id, label, created_at, expires_at, last_used_at, .. } = token;
        Self { id, label, created_at, expires_at, last_used_at }
    }
}

impl Provisioning {
    /// The tokens for the operator API in order of creation, expired ones included.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn operator_tokens(
        &self,
        _operator: &InstallationOperator,
    ) -> Result<Vec<OperatorTokenView>, ProvisioningError> {
        let known = self.parts.operators.operator_tokens();
        let used_here = |id| known.iter().find(|known| known.id == id).and_then(|known| known.last_used_at());
        let view = |token: OperatorToken| {
            let last_used_at = token.last_used_at.max(used_here(token.id));
            OperatorTokenView::new(OperatorToken { last_used_at, ..token })
        };
        Ok(self.storage().operator_tokens().await?.into_iter().map(view).collect())
    }
}
