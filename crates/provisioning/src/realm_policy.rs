//! Changes which digest algorithms a realm's challenges offer.

use crate::operator::operator_audit;
use crate::{LocalOperator, Provisioning, ProvisioningError};
use domain::{AuditAction, ChallengePolicy, RealmName};
use storage::{Change, ChangeSet};

impl Provisioning {
    /// Sets a realm's challenge policy; once this answers every node challenges by it.
    ///
    /// # Errors
    /// [`ProvisioningError::RealmNotFound`], or the storage failed.
    pub async fn set_challenge_policy(
        &self,
        _operator: LocalOperator,
        realm: RealmName,
        policy: ChallengePolicy,
    ) -> Result<(), ProvisioningError> {
        let found = self.storage().realm_by_name(realm).await?.ok_or(ProvisioningError::RealmNotFound)?;
        let detail = format!("{{\"policy\":\"{}\"}}", policy.as_str());
        let audit =
            operator_audit(self.parts.clock.now(), (AuditAction::RealmPolicyChanged, found.name.to_string(), detail));
        let change = Change::SetChallengePolicy { realm: found.id, policy };
        self.commit_everywhere(ChangeSet { changes: vec![change], audit }).await?;
        Ok(())
    }
}
