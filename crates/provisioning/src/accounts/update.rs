//! Changes an account's name, state or profile.

use crate::asker::By;
use crate::audited::Audited;
use crate::{AccountName, AccountView, InstallationOperator, ProfilePatch, Provisioning, ProvisioningError};
use domain::{Account, AuditAction, AuthId, CallLimits};
use storage::{AccountPatch, Change, ChangeSet, RegistrationsAfter};

/// What to change; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct AccountUpdate {
    /// What people call it.
    pub name: Option<AccountName>,
    /// A disabled account and its sub-accounts authenticate nobody, over HTTP or SIP, and their registrations end.
    pub enabled: Option<bool>,
    /// What is known of whoever it belongs to.
    pub profile: ProfilePatch,
    /// How many calls it may have.
    pub limits: CallLimitsPatch,
}

/// How many calls are allowed; what is absent stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallLimitsPatch {
    /// At the same time.
    pub concurrent_calls: Option<u32>,
    /// That begin within any second.
    pub calls_per_second: Option<u32>,
}

impl CallLimitsPatch {
    /// Those limits with what this changes.
    #[must_use]
    pub fn applied_to(self, limits: CallLimits) -> CallLimits {
        CallLimits {
            concurrent_calls: self.concurrent_calls.unwrap_or(limits.concurrent_calls),
            calls_per_second: self.calls_per_second.unwrap_or(limits.calls_per_second),
        }
    }
}

impl Provisioning {
    /// Changes an account; once this answers no node lets in whom it disabled, and no registration of theirs is left.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`], or the storage failed.
    pub async fn update_account(
        &self,
        operator: &InstallationOperator,
        (auth_id, update): (AuthId, AccountUpdate),
    ) -> Result<AccountView, ProvisioningError> {
        let _one_at_a_time = self.tenancy.lock().await;
        let account = self.stored_account(auth_id).await?;
        self.update_stored(operator.by(), account, update).await
    }

    /// Changes that account. The caller holds the tenancy lock: profiles are replaced whole.
    pub(crate) async fn update_stored(
        &self,
        by: By<'_>,
        account: Account,
        update: AccountUpdate,
    ) -> Result<AccountView, ProvisioningError> {
        let auth_id = account.auth_id.clone();
        if update.is_empty() {
            return self.stored_view(auth_id).await;
        }
        let now = self.parts.clock.now();
        let registrations =
            if update.enabled == Some(false) { RegistrationsAfter::Remove } else { RegistrationsAfter::Keep };
        let profile = (!update.profile.is_empty()).then(|| update.profile.applied_to(account.profile.clone()));
        let patch = AccountPatch {
            name: update.name.clone().map(AccountName::into_inner),
            enabled: update.enabled,
            profile,
            settings: None,
            limits: (update.limits != CallLimitsPatch::default()).then(|| update.limits.applied_to(account.limits)),
            updated_at: now,
        };
        let deed = (AuditAction::AccountUpdated, auth_id.to_string(), update.audit_detail(&account, &patch));
        let audit = by.audit(now, Some(account.id), deed);
        let change = Change::UpdateAccount { id: account.id, patch, registrations };
        let committed = self.commit_as(by.asker, ChangeSet { changes: vec![change], audit }).await;
        committed.map_err(|error| error.if_not_found(ProvisioningError::AccountNotFound))?;
        self.stored_view(auth_id).await
    }
}

impl AccountUpdate {
    fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.enabled.is_none()
            && self.profile.is_empty()
            && self.limits == CallLimitsPatch::default()
    }

    /// What differs; of the profile, which is about people, only which fields were given.
    fn audit_detail(&self, account: &Account, patch: &AccountPatch) -> String {
        let changed = Account {
            name: patch.name.clone().unwrap_or_else(|| account.name.clone()),
            enabled: patch.enabled.unwrap_or(account.enabled),
            limits: patch.limits.unwrap_or(account.limits),
            ..account.clone()
        };
        let mut detail = changed.differences_from(account);
        for field in self.profile.changed_fields() {
            detail.insert(field.into(), "changed".into());
        }
        serde_json::Value::Object(detail).to_string()
    }
}
