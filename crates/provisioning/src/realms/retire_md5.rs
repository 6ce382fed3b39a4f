//! Retires MD5 for a realm: offered no more, accepted no more, and its HA1s deleted.

use crate::{InstallationOperator, Provisioning, ProvisioningError};
use domain::{AuditAction, ChallengePolicy, Credential, Realm, RealmName, SealedHa1s};
use storage::{Change, ChangeSet, RealmPatch, ResealedCredential};

/// How many credentials are read and changed at a time: a few milliseconds of the storage's writer.
const BATCH: u32 = 500;

/// What a retirement did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Md5Retired {
    /// How many credentials had an HA1 under MD5 and have it no more.
    pub credentials: u64,
}

impl Provisioning {
    /// Sets the realm's policy to SHA-256 only, and deletes every HA1 under MD5. The first commit ends MD5 wherever
    /// phones are answered and keeps new HA1s under it from being stored; the deletions follow in batches. Interrupted,
    /// it is finished by another call.
    ///
    /// # Errors
    /// [`ProvisioningError::RealmNotFound`], or the storage failed.
    pub async fn retire_md5(
        &self,
        operator: &InstallationOperator,
        realm: RealmName,
    ) -> Result<Md5Retired, ProvisioningError> {
        let found = self.realm_named(realm).await?;
        let patch = RealmPatch {
            challenge_policy: Some(ChallengePolicy::Sha256),
            md5_retired: Some(true),
            ..RealmPatch::default()
        };
        let change = Change::UpdateRealm { realm: found.id, patch };
        let detail = format!("{{\"policy\":\"{}\"}}", ChallengePolicy::Sha256.as_str());
        let committed = self.retire(operator, &found, change, detail).await;
        committed.map_err(|error| error.if_not_found(ProvisioningError::RealmNotFound))?;
        let mut credentials = 0;
        loop {
            // One that is changed meanwhile is left to the next pass.
            let deleted = self.delete_md5_ha1s(operator, &found).await?;
            if deleted == 0 {
                return Ok(Md5Retired { credentials });
            }
            credentials += deleted;
        }
    }

    async fn delete_md5_ha1s(&self, operator: &InstallationOperator, realm: &Realm) -> Result<u64, ProvisioningError> {
        let (mut after, mut deleted) = (None, 0);
        loop {
            let batch = self.storage().credentials_of_all_accounts(after, BATCH).await?;
            let Some((last, _)) = batch.last() else { return Ok(deleted) };
            after = Some(*last);
            let bare: Vec<_> = batch.into_iter().filter_map(|(_, credential)| without_md5(realm, credential)).collect();
            if !bare.is_empty() {
                let count = u64::try_from(bare.len()).unwrap_or(u64::MAX);
                let detail = format!("{{\"credentials\":{count}}}");
                self.retire(operator, realm, Change::ResealCredentials(bare), detail).await?;
                deleted += count;
            }
        }
    }

    async fn retire(
        &self,
        operator: &InstallationOperator,
        realm: &Realm,
        change: Change,
        detail: String,
    ) -> Result<(), ProvisioningError> {
        let deed = (AuditAction::RealmMd5Retired, realm.name.to_string(), detail);
        let audit = operator.audit(self.parts.clock.now(), None, deed);
        self.commit_as(operator.asker(), ChangeSet { changes: vec![change], audit }).await.map(|_| ())
    }
}

/// The credential's other HA1s, if it is of that realm and has one under MD5, of either generation or a device.
fn without_md5(realm: &Realm, credential: Credential) -> Option<ResealedCredential> {
    let of_previous = credential.previous.as_ref().is_some_and(|previous| previous.ha1s.md5.is_some());
    let of_devices = credential.devices.as_slice().iter().any(|device| device.ha1s.md5.is_some());
    let has_some = credential.ha1s.md5.is_some() || of_previous || of_devices;
    let concerned = credential.realm == realm.id && has_some;
    let Credential { id, revision, ha1s, mut previous, mut devices, .. } = credential;
    if let Some(previous) = &mut previous {
        previous.ha1s.md5 = None;
    }
    devices.retire_md5();
    concerned.then_some(ResealedCredential { id, revision, ha1s: SealedHa1s { md5: None, ..ha1s }, previous, devices })
}
