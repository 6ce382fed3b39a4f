//! Takes a host name away from an account.

use crate::{InstallationOperator, Provisioning, ProvisioningError};
use domain::{AuditAction, AuthId, HostName};
use storage::{Change, ChangeSet};

impl Provisioning {
    /// Takes a host name away; once this answers it leads nowhere on any node. The account's SIP domain and its
    /// realm's own name stay: phones are told the one and take the other from challenges.
    ///
    /// # Errors
    /// [`ProvisioningError`]: [`AccountNotFound`](ProvisioningError::AccountNotFound),
    /// [`HostIsFixed`](ProvisioningError::HostIsFixed), [`HostNotFound`](ProvisioningError::HostNotFound), or the
    /// storage failed.
    pub async fn remove_host(
        &self,
        operator: &InstallationOperator,
        (auth_id, host): (AuthId, HostName),
    ) -> Result<(), ProvisioningError> {
        let account = self.stored_account(auth_id).await?;
        let realm = self.storage().realm(account.realm).await?.ok_or(ProvisioningError::RealmNotFound)?;
        if host == account.sip_domain || realm.name.as_host().as_ref() == Some(&host) {
            return Err(ProvisioningError::HostIsFixed(host));
        }
        let detail = format!("{{\"host\":\"{host}\"}}");
        let deed = (AuditAction::HostRemoved, account.auth_id.to_string(), detail);
        let audit = operator.audit(self.parts.clock.now(), Some(account.id), deed);
        let changes = vec![Change::RemoveHost { account: account.id, host }];
        let committed = self.commit_as(operator.asker(), ChangeSet { changes, audit }).await;
        committed.map_err(|error| error.if_not_found(ProvisioningError::HostNotFound))?;
        Ok(())
    }
}
