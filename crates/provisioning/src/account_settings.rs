//! What an account decides about its own credentials and events.

use crate::audited::Audited;
use crate::{AccountRead, AccountWrite, Provisioning, ProvisioningError, RequestContext};
use domain::{AccountSettings, AuditAction, EventRetention, Networks, PasswordScore};
use storage::{AccountPatch, Change, ChangeSet, RegistrationsAfter};

/// What to change; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsUpdate {
    /// How long authentication events are kept.
    pub event_retention: Option<EventRetention>,
    /// Passwords set from then on that score below it are refused.
    pub minimum_password_score: Option<PasswordScore>,
    /// Whose wrong answers count towards no ban.
    pub never_banned: Option<Networks>,
}

impl Provisioning {
    /// The account's settings.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`] when it was deleted meanwhile, or the storage failed.
    pub async fn settings(&self, account: &AccountRead) -> Result<AccountSettings, ProvisioningError> {
        Ok(self.stored_account(account.auth_id().clone()).await?.settings)
    }

    /// Changes the account's settings; once this answers every node goes by them.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`] when it was deleted meanwhile, or the storage failed.
    pub async fn update_settings(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        update: SettingsUpdate,
    ) -> Result<AccountSettings, ProvisioningError> {
        // Settings are replaced whole.
        let _one_at_a_time = self.tenancy.lock().await;
        let stored = self.stored_account(account.auth_id().clone()).await?;
        let settings = update.applied_to(&stored.settings);
        if settings == stored.settings {
            return Ok(settings);
        }
        let now = self.parts.clock.now();
        let deed =
            (AuditAction::AccountUpdated, account.auth_id().to_string(), settings.difference_from(&stored.settings));
        let audit = account.audit(&context, now, deed);
        let patch = AccountPatch {
            name: None,
            enabled: None,
            profile: None,
            limits: None,
            settings: Some(settings.clone()),
            updated_at: now,
        };
        let change = Change::UpdateAccount { id: stored.id, patch, registrations: RegistrationsAfter::Keep };
        let committed = self.commit_as(account.asker(), ChangeSet { changes: vec![change], audit }).await;
        committed.map_err(|error| error.if_not_found(ProvisioningError::AccountNotFound))?;
        Ok(settings)
    }
}

impl SettingsUpdate {
    fn applied_to(self, settings: &AccountSettings) -> AccountSettings {
        AccountSettings {
            event_retention: self.event_retention.unwrap_or(settings.event_retention),
            minimum_password_score: self.minimum_password_score.unwrap_or(settings.minimum_password_score),
            never_banned: self.never_banned.unwrap_or_else(|| settings.never_banned.clone()),
        }
    }
}
