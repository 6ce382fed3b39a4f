//! Changes which digest algorithms a realm's challenges offer.

use crate::{InstallationOperator, Provisioning, ProvisioningError};
use domain::{AuditAction, ChallengePolicy, RealmName};
use storage::{Change, ChangeSet};

impl Provisioning {
    /// Sets a realm's challenge policy; once this answers every node challenges by it.
    ///
    /// # Errors
    /// [`ProvisioningError::RealmNotFound`], or the storage failed.
    pub async fn set_challenge_policy(
        &self,
        operator: &InstallationOperator,
        realm: RealmName,
        policy: ChallengePolicy,
    ) -> Result<(), ProvisioningError> {
        let found = self.storage().realm_by_name(realm).await?.ok_or(ProvisioningError::RealmNotFound)?;
        let detail = format!("{{\"policy\":\"{}\"}}", policy.as_str());
        let deed = (AuditAction::RealmPolicyChanged, found.name.to_string(), detail);
        let audit = operator.audit(self.parts.clock.now(), None, deed);
        let change = Change::SetChallengePolicy { realm: found.id, policy };
        let committed = self.commit_as(operator.asker(), ChangeSet { changes: vec![change], audit }).await;
        committed.map_err(|error| error.if_not_found(ProvisioningError::RealmNotFound))?;
        Ok(())
    }
}
