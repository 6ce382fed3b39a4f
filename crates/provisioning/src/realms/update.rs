//! Changes what a realm's challenges offer, and what it accepts.

use crate::{InstallationOperator, Provisioning, ProvisioningError};
use domain::{AuditAction, ChallengePolicy, Realm, RealmName};
use serde_json::{Value, json};
use storage::{Change, ChangeSet, RealmPatch};

/// What to change about a realm; what is absent stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealmUpdate {
    /// Which algorithms its challenges offer. Any but `sha256` also ends a retirement of MD5: passwords that are set
    /// from then on get an HA1 under it again, those of before do not.
    pub challenge_policy: Option<ChallengePolicy>,
    /// Whether challenges offer `qop=auth-int` and answers with it are accepted.
    pub auth_int: Option<bool>,
    /// Whether answers without `qop` are accepted.
    pub without_qop: Option<bool>,
}

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
        let update = RealmUpdate { challenge_policy: Some(policy), ..RealmUpdate::default() };
        self.update_realm(operator, realm, update).await
    }

    /// Changes a realm; once this answers every node challenges by it.
    ///
    /// # Errors
    /// [`ProvisioningError::RealmNotFound`], or the storage failed.
    pub async fn update_realm(
        &self,
        operator: &InstallationOperator,
        realm: RealmName,
        update: RealmUpdate,
    ) -> Result<(), ProvisioningError> {
        let found = self.realm_named(realm).await?;
        let deed = (AuditAction::RealmPolicyChanged, found.name.to_string(), update.audit_detail(&found));
        let audit = operator.audit(self.parts.clock.now(), None, deed);
        let change = Change::UpdateRealm { realm: found.id, patch: update.patch() };
        let committed = self.commit_as(operator.asker(), ChangeSet { changes: vec![change], audit }).await;
        committed.map_err(|error| error.if_not_found(ProvisioningError::RealmNotFound))?;
        Ok(())
    }
}

impl RealmUpdate {
    fn patch(self) -> RealmPatch {
        let Self { challenge_policy, auth_int, without_qop } = self;
        let md5_retired = challenge_policy.filter(|policy| *policy != ChallengePolicy::Sha256).map(|_| false);
        RealmPatch { challenge_policy, auth_int, without_qop, md5_retired }
    }

    fn audit_detail(self, before: &Realm) -> String {
        let (was, rules) = (before.challenge_policy.as_str(), before.rules);
        let policy = self.challenge_policy.map(|policy| json!({ "before": was, "after": policy.as_str() }));
        let auth_int = self.auth_int.map(|on| json!({ "before": rules.auth_int, "after": on }));
        let without_qop = self.without_qop.map(|on| json!({ "before": rules.without_qop, "after": on }));
        let parts = [("policy", policy), ("auth_int", auth_int), ("without_qop", without_qop)];
        let parts = parts.into_iter().filter_map(|(name, part)| part.map(|part| (name.to_owned(), part)));
        let differs = |(_, part): &(String, Value)| part.get("before") != part.get("after");
        Value::Object(parts.filter(differs).collect()).to_string()
    }
}
