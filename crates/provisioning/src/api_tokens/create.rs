//! Makes an API token.

use super::ApiTokenView;
use crate::idempotency::Recalled;
use crate::limits::MAX_TOKENS_PER_ACCOUNT;
use crate::new_token::check_expiry;
use crate::{AccountWrite, Answered, NewApiToken, Provisioning, ProvisioningError, Remembering, RequestContext};
use domain::{ApiToken, AuditAction};
use storage::{Change, ChangeSet};
use zeroize::Zeroizing;

/// A new API token.
pub struct ApiTokenCreated {
    /// The token as it is listed.
    pub token: ApiTokenView,
    /// What `X-Auth-Token` carries; not readable again.
    pub auth_token: Zeroizing<String>,
}

impl Provisioning {
    /// Makes an API token; once this answers it works on every node.
    ///
    /// # Errors
    /// [`ProvisioningError`]: the expiry has passed, the account has as many tokens as it may, or the storage failed.
    pub async fn create_api_token(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        new: NewApiToken,
    ) -> Result<ApiTokenCreated, ProvisioningError> {
        let _counting = self.tenancy.lock().await;
        let (set, created) = self.api_token_to_create(account, &context, new).await?;
        let committed = self.commit_as(account.asker(), set).await;
        committed.map_err(|error| error.if_not_found(ProvisioningError::AccountNotFound))?;
        Ok(created)
    }

    /// The same for a request that its client may repeat: the repetition makes no token and gets the first answer, with
    /// the same token in it.
    ///
    /// # Errors
    /// [`ProvisioningError::KeyUsed`], and those of [`create_api_token`](Self::create_api_token).
    pub async fn create_api_token_once(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        new: NewApiToken,
        remembering: &Remembering<'_, ApiTokenCreated>,
    ) -> Result<Answered<ApiTokenCreated>, ProvisioningError> {
        // Before the first look, so that a repetition at the same time is not refused for the room the first one took.
        let _counting = self.tenancy.lock().await;
        match self.recall(account.asker(), Some(account.account()), remembering).await? {
            Recalled::Answer(answer) => Ok(Answered::Replayed(answer)),
            Recalled::Nothing(unanswered) => {
                let (set, created) = self.api_token_to_create(account, &context, new).await?;
                let committed = self.commit_remembered(unanswered, set, created).await;
                committed.map_err(|error| error.if_not_found(ProvisioningError::AccountNotFound))
            }
        }
    }

    async fn api_token_to_create(
        &self,
        account: &AccountWrite,
        context: &RequestContext,
        new: NewApiToken,
    ) -> Result<(ChangeSet, ApiTokenCreated), ProvisioningError> {
        let now = self.parts.clock.now();
        check_expiry(new.expires_at, now)?;
        if self.storage().api_tokens(account.account()).await?.len() >= MAX_TOKENS_PER_ACCOUNT {
            return Err(ProvisioningError::TooManyTokens);
        }
        let drawn = self.draw_token(now);
        let token = ApiToken {
            id: drawn.id,
            account: account.account(),
            hash: drawn.hash,
            label: new.label.into_inner(),
            scope: new.scope,
            created_at: now,
            expires_at: new.expires_at,
            last_used_at: None,
        };
        let detail = serde_json::json!({ "label": token.label, "scope": token.scope.as_str() }).to_string();
        let audit = account.audit(context, now, (AuditAction::TokenCreated, token.id.to_string(), detail));
        let changes = vec![Change::CreateApiToken(token.clone())];
        let created = ApiTokenCreated { token: ApiTokenView::new(token), auth_token: drawn.secret };
        Ok((ChangeSet { changes, audit }, created))
    }
}
