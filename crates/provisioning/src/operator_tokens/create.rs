//! Makes a token for the operator API.

use super::OperatorTokenView;
use crate::limits::MAX_OPERATOR_TOKENS;
use crate::new_token::check_expiry;
use crate::{InstallationOperator, NewOperatorToken, Provisioning, ProvisioningError};
use domain::{AuditAction, OperatorToken};
use storage::{Change, ChangeSet};
use zeroize::Zeroizing;

/// A new token for the operator API.
pub struct OperatorTokenCreated {
    /// The token as it is listed.
    pub token: OperatorTokenView,
    /// What `Authorization: Bearer` carries; not readable again.
    pub bearer_token: Zeroizing<String>,
}

impl Provisioning {
    /// Makes a token for the operator API; once this answers it works on every node.
    ///
    /// # Errors
    /// [`ProvisioningError`]: the expiry has passed, there are as many tokens as there may be, or the storage failed.
    pub async fn create_operator_token(
        &self,
        operator: &InstallationOperator,
        new: NewOperatorToken,
    ) -> Result<OperatorTokenCreated, ProvisioningError> {
        let _counting = self.tenancy.lock().await;
        let now = self.parts.clock.now();
        check_expiry(new.expires_at, now)?;
        if self.storage().operator_tokens().await?.len() >= MAX_OPERATOR_TOKENS {
            return Err(ProvisioningError::TooManyTokens);
        }
        let drawn = self.draw_token(now);
        let token = OperatorToken {
            id: drawn.id,
            hash: drawn.hash,
            label: new.label.into_inner(),
            created_at: now,
            expires_at: new.expires_at,
            last_used_at: None,
        };
        let detail = serde_json::json!({ "label": token.label }).to_string();
        let audit = operator.audit(now, None, (AuditAction::OperatorTokenCreated, token.id.to_string(), detail));
        let changes = vec![Change::CreateOperatorToken(token.clone())];
        self.commit_as(operator.asker(), ChangeSet { changes, audit }).await?;
        Ok(OperatorTokenCreated { token: OperatorTokenView::new(token), bearer_token: drawn.secret })
    }
}
