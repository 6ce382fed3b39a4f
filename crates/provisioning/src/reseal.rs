//! Seals everything stored anew with the primary key.

use crate::idempotency::answer_name;
use crate::rotate_keys::{OnProgress, Steps};
use crate::sealing::Sealing;
use crate::{NotOpened, Provisioning, RotationError, RotationProgress};
use domain::{
    AccountId, AuthId, Credential, DeviceId, DigestAlgorithm, OriginationUriId, PreviousGeneration, RealmName, Sealed,
    SealedHa1s, UpstreamSecret,
};
use keyring::{Ha1Context, UpstreamSecretContext};
use std::collections::HashMap;
use storage::{Change, Page, RememberedAnswer, ResealedCredential, ResealedUpstreamSecret};

/// How much is read and sealed anew at a time: a few milliseconds of work and of the storage's writer.
pub(crate) const BATCH: u32 = 500;

/// What was sealed anew, and what cannot be.
#[derive(Debug, Default)]
pub(crate) struct Resealed {
    pub(crate) credentials: u64,
    pub(crate) answers: u64,
    pub(crate) upstream_secrets: u64,
    pub(crate) upstream_secrets_not_opened: u64,
    pub(crate) webhook_secrets: u64,
    pub(crate) webhook_secrets_not_opened: u64,
    pub(crate) not_opened: NotOpened,
}

impl Resealed {
    fn count(&self) -> u64 {
        self.credentials + self.answers + self.upstream_secrets + self.webhook_secrets
    }

    /// Of whatever kind.
    pub(crate) fn all_not_opened(&self) -> u64 {
        self.not_opened.count + self.upstream_secrets_not_opened + self.webhook_secrets_not_opened
    }
}

/// What became of one HA1.
enum ResealedHa1 {
    /// It is under the primary key already.
    Same(Sealed),
    Anew(Sealed),
    NotOpened(Sealed),
}

/// Account and realm names by account, as HA1s are sealed to them.
type Owners = HashMap<AccountId, (AuthId, RealmName)>;

impl Provisioning {
    /// Repeats passes over all that is stored until one finds nothing to seal anew.
    pub(crate) async fn reseal_everything(
        &self,
        steps: &Steps<'_>,
        on_progress: &OnProgress,
    ) -> Result<Resealed, RotationError> {
        self.forget_answers().await?;
        let (mut resealed, total) = (Resealed::default(), self.count_credentials().await?);
        for pass in 1.. {
            let before = resealed.count();
            resealed.not_opened = NotOpened::default();
            resealed.upstream_secrets_not_opened = 0;
            resealed.webhook_secrets_not_opened = 0;
            let tell = |done: u64| on_progress(RotationProgress { pass, done, total: total.max(done) });
            self.reseal_credentials(steps, &mut resealed, &tell).await?;
            self.reseal_answers(steps, &mut resealed).await?;
            self.reseal_upstream_secrets(steps, &mut resealed).await?;
            self.reseal_webhook_secrets(steps, &mut resealed).await?;
            if resealed.count() == before {
                break;
            }
        }
        Ok(resealed)
    }

    async fn count_credentials(&self) -> Result<u64, RotationError> {
        let mut total = 0;
        for (account, _) in self.storage().accounts().await? {
            total += self.storage().credentials(account.id, Page { limit: 1, offset: 0 }).await?.total;
        }
        Ok(total)
    }

    async fn reseal_credentials(
        &self,
        steps: &Steps<'_>,
        resealed: &mut Resealed,
        tell: &(dyn Fn(u64) + Sync),
    ) -> Result<(), RotationError> {
        let accounts = self.storage().accounts().await?;
        let owners: Owners =
            accounts.into_iter().map(|(account, realm)| (account.id, (account.auth_id, realm.name))).collect();
        let (mut after, mut done) = (None, 0);
        tell(done);
        loop {
            let batch = self.storage().credentials_of_all_accounts(after, BATCH).await?;
            let Some((last, _)) = batch.last() else { return Ok(()) };
            after = Some(*last);
            done += batch.len() as u64;
            let sealing = self.sealing().await;
            let renewed: Vec<ResealedCredential> = batch
                .iter()
                .filter_map(|(_, credential)| {
                    self.reseal_credential(&sealing, &owners, credential, &mut resealed.not_opened)
                })
                .collect();
            if !renewed.is_empty() {
                let count = renewed.len() as u64;
                let set = steps.change(Change::ResealCredentials(renewed), format!("{{\"credentials\":{count}}}"));
                self.commit_sealed(&sealing, set).await?;
                resealed.credentials += count;
            }
            tell(done);
        }
    }

    /// `None` if every HA1 is under the primary key already, or none of the others opens.
    fn reseal_credential(
        &self,
        sealing: &Sealing,
        owners: &Owners,
        credential: &Credential,
        not_opened: &mut NotOpened,
    ) -> Option<ResealedCredential> {
        let (mut renewed, mut failed) = (false, false);
        let mut keep = |resealed: ResealedHa1| match resealed {
            ResealedHa1::Same(sealed) => Some(sealed),
            ResealedHa1::Anew(sealed) => {
                renewed = true;
                Some(sealed)
            }
            ResealedHa1::NotOpened(sealed) => {
                failed = true;
                Some(sealed)
            }
        };
        let reseal = |sealed: Option<&Sealed>, algorithm, device| {
            sealed.map(|sealed| self.reseal_ha1(sealing, owners, (credential, device), (sealed, algorithm)))
        };
        let each = |ha1s: &SealedHa1s, device, keep: &mut dyn FnMut(ResealedHa1) -> Option<Sealed>| SealedHa1s {
            md5: reseal(ha1s.md5.as_ref(), DigestAlgorithm::Md5, device).and_then(&mut *keep),
            sha256: reseal(ha1s.sha256.as_ref(), DigestAlgorithm::Sha256, device).and_then(&mut *keep),
            sha512_256: reseal(ha1s.sha512_256.as_ref(), DigestAlgorithm::Sha512_256, device).and_then(&mut *keep),
        };
        let ha1s = each(&credential.ha1s, None, &mut keep);
        let mut forgotten = false;
        let previous = credential.previous.as_deref().map(|previous| {
            // One that lets nobody in and does not open names nobody either, and must not hold an old key.
            let is_over = previous.overlap_until.is_none();
            let mut keep = |resealed| match resealed {
                ResealedHa1::NotOpened(_) if is_over => {
                    forgotten = true;
                    None
                }
                other => keep(other),
            };
            Box::new(PreviousGeneration { ha1s: each(&previous.ha1s, None, &mut keep), ..previous.clone() })
        });
        let devices = credential.devices.map_ha1s(|device| {
            let is_over = !device.is_live();
            let mut keep = |resealed| match resealed {
                ResealedHa1::NotOpened(_) if is_over => {
                    forgotten = true;
                    None
                }
                other => keep(other),
            };
            each(&device.ha1s, Some(device.id), &mut keep)
        });
        renewed |= forgotten;
        if failed {
            not_opened.count += 1;
            if not_opened.first.len() < NotOpened::MOST_NAMED {
                not_opened.first.push(credential.id);
            }
        }
        let Credential { id, revision, .. } = *credential;
        renewed.then_some(ResealedCredential { id, revision, ha1s, previous, devices })
    }

    fn reseal_ha1(
        &self,
        sealing: &Sealing,
        owners: &Owners,
        (credential, device): (&Credential, Option<DeviceId>),
        (sealed, algorithm): (&Sealed, DigestAlgorithm),
    ) -> ResealedHa1 {
        if self.parts.keyring.sealed_under_primary(sealed) {
            return ResealedHa1::Same(sealed.clone());
        }
        let anew = owners.get(&credential.account).and_then(|(account, realm)| {
            let username = &credential.username;
            let context = Ha1Context { account, credential: credential.id, algorithm, realm, username, device };
            let opened = self.parts.keyring.open_ha1(&context, sealed).ok()?;
            Some(sealing.seal_ha1(&context, opened.as_bytes()))
        });
        anew.map_or_else(|| ResealedHa1::NotOpened(sealed.clone()), ResealedHa1::Anew)
    }

    async fn reseal_upstream_secrets(&self, steps: &Steps<'_>, resealed: &mut Resealed) -> Result<(), RotationError> {
        let accounts = self.storage().accounts().await?;
        let owners: HashMap<AccountId, AuthId> =
            accounts.into_iter().map(|(account, _)| (account.id, account.auth_id)).collect();
        let mut after = None;
        loop {
            let batch = self.storage().origination_uris_with_secret(after, BATCH).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = Some(last.id);
            let sealing = self.sealing().await;
            let mut renewed = Vec::new();
            for uri in batch {
                let Some(secret) = &uri.secret else { continue };
                if self.parts.keyring.sealed_under_primary(&secret.password) {
                    continue;
                }
                match self.reseal_upstream_secret(&sealing, owners.get(&uri.account), (uri.id, secret)) {
                    Some(password) => {
                        renewed.push(ResealedUpstreamSecret { id: uri.id, revision: uri.revision, password });
                    }
                    None => resealed.upstream_secrets_not_opened += 1,
                }
            }
            if !renewed.is_empty() {
                let count = renewed.len() as u64;
                let change = Change::ResealUpstreamSecrets(renewed);
                let set = steps.change(change, format!("{{\"upstream_secrets\":{count}}}"));
                self.commit_sealed(&sealing, set).await?;
                resealed.upstream_secrets += count;
            }
        }
    }

    fn reseal_upstream_secret(
        &self,
        sealing: &Sealing,
        account: Option<&AuthId>,
        (origination_uri, secret): (OriginationUriId, &UpstreamSecret),
    ) -> Option<Sealed> {
        let context = UpstreamSecretContext { account: account?, origination_uri, username: &secret.username };
        let opened = self.parts.keyring.open_upstream_secret(&context, &secret.password).ok()?;
        Some(sealing.seal_upstream_secret(&context, &opened))
    }

    /// An answer that does not open counts as forgotten anyway, so it is left to be.
    async fn reseal_answers(&self, steps: &Steps<'_>, resealed: &mut Resealed) -> Result<(), RotationError> {
        let mut after = None;
        loop {
            let batch = self.storage().remembered_answers(after, BATCH).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = Some((last.account, last.key));
            let sealing = self.sealing().await;
            let renewed: Vec<RememberedAnswer> =
                batch.iter().filter_map(|answer| self.reseal_answer(&sealing, answer)).collect();
            if !renewed.is_empty() {
                let count = renewed.len() as u64;
                let set = steps.change(Change::ResealAnswers(renewed), format!("{{\"answers\":{count}}}"));
                self.commit_sealed(&sealing, set).await?;
                resealed.answers += count;
            }
        }
    }

    fn reseal_answer(&self, sealing: &Sealing, answer: &RememberedAnswer) -> Option<RememberedAnswer> {
        if self.parts.keyring.sealed_under_primary(&answer.sealed) {
            return None;
        }
        let name = answer_name(answer.account, &answer.key);
        let plain = self.parts.keyring.open_named(&name, &answer.sealed).ok()?;
        let sealed = sealing.seal_named(&name, &plain);
        Some(RememberedAnswer { account: answer.account, key: answer.key, sealed, at: answer.at })
    }
}
