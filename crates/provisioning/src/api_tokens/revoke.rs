//! Revokes an API token.

use crate::{AccountWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{ApiToken, AuditAction, Timestamp, TokenId, TokenScope};
use storage::{Change, ChangeSet};

impl Provisioning {
    /// Revokes an API token; once this answers no node accepts it. An account cannot revoke its own last token for
    /// everything, which would lock it out; its parent and the operator can.
    ///
    /// # Errors
    /// [`ProvisioningError::TokenNotFound`], [`ProvisioningError::LastToken`], or the storage failed.
    pub async fn revoke_api_token(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        id: TokenId,
    ) -> Result<(), ProvisioningError> {
        let _counting = self.tenancy.lock().await;
        let now = self.parts.clock.now();
        let tokens = self.storage().api_tokens(account.account()).await?;
        let revoked = tokens.iter().find(|token| token.id == id).ok_or(ProvisioningError::TokenNotFound)?;
        if account.is_own() && is_last(&tokens, revoked, now) {
            return Err(ProvisioningError::LastToken);
        }
        let detail = serde_json::json!({ "label": revoked.label }).to_string();
        let audit = account.audit(&context, now, (AuditAction::TokenRevoked, id.to_string(), detail));
        let changes = vec![Change::RevokeApiToken { account: account.account(), id }];
        let committed = self.commit_as(account.asker(), ChangeSet { changes, audit }).await;
        committed.map_err(|error| error.if_not_found(ProvisioningError::TokenNotFound))?;
        Ok(())
    }
}

fn is_last(tokens: &[ApiToken], revoked: &ApiToken, now: Timestamp) -> bool {
    let opens_everything =
        |token: &ApiToken| token.scope == TokenScope::All && token.expires_at.is_none_or(|end| now < end);
    opens_everything(revoked) && !tokens.iter().any(|token| token.id != revoked.id && opens_everything(token))
}
