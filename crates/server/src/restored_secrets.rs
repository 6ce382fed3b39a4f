//! Whether the master key opens everything that is sealed in a restored database.

use crate::failure::Failure;
use crate::system::{SystemClock, SystemRandom};
use domain::{
    AccountId, AuthId, Credential, DigestAlgorithm, OriginationUri, RandomSource, Realm, RealmId, Revision, Webhook,
};
use keyring::{Ha1Context, Keyring, UpstreamSecretContext, WebhookSecretContext};
use provisioning::{InstallationOperator, OperatorIndex, Parts, Provisioning};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use storage::{ChangeFeed as _, Fact, Follower};
use storage_sqlite::{Options, SqliteStorage};

/// Opens the database, brings its schema up to date, tries every secret, and has it issue nonces of its own from its
/// next start on.
pub(crate) async fn check(database: &Path, keyring: Arc<Keyring>) -> Result<(), Failure> {
    let storage = Arc::new(SqliteStorage::open(database, &Options::default())?);
    let random: Arc<dyn RandomSource> = Arc::new(SystemRandom);
    let provisioning = Provisioning::new(Parts {
        storage: Arc::clone(&storage) as _,
        keyring: Arc::clone(&keyring),
        clock: Arc::new(SystemClock),
        random,
        operators: Arc::new(OperatorIndex::new()),
        config: provisioning::Config::default(),
    });
    // Whoever could read the backup and the key is the operator.
    let operator = InstallationOperator::admitted_by_file_permissions();
    provisioning.check_master_key(&operator).await?;
    let secrets = Arc::new(Secrets { keyring, seen: Mutex::default() });
    storage.follow(Arc::clone(&secrets) as _).await?;
    let (unopened, upstream, webhooks) = secrets.unopened();
    if unopened + upstream + webhooks > 0 {
        return Err(Failure::Refused(format!(
            "the master key opens the database but not {unopened} of its credentials, {upstream} of the passwords of its \
             origination URIs and {webhooks} of the secrets of its webhooks; restore an earlier backup, or use the key file of the time of this one with all its lines"
        )));
    }
    if !provisioning.derivation_key_opens(&operator).await? {
        return Err(Failure::Refused(
            "the master key opens the database but not the key that desk phones' passwords follow from; restore an \
             earlier backup, or use the key file of the time of this one with all its lines"
                .into(),
        ));
    }
    provisioning.forget_nonce_key(&operator).await?;
    storage.close().await;
    Ok(())
}

/// Follows the feed, whose first batch is everything that is stored.
struct Secrets {
    keyring: Arc<Keyring>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    accounts: HashMap<AccountId, AuthId>,
    realms: HashMap<RealmId, Realm>,
    unopened: u64,
    unopened_upstream: u64,
    unopened_webhooks: u64,
}

impl Secrets {
    /// How many credentials, how many origination URIs, and how many webhooks.
    fn unopened(&self) -> (u64, u64, u64) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.unopened, seen.unopened_upstream, seen.unopened_webhooks)
    }

    fn opens_upstream(&self, seen: &Seen, uri: &OriginationUri) -> bool {
        let Some(secret) = &uri.secret else { return true };
        let Some(account) = seen.accounts.get(&uri.account) else { return false };
        let context = UpstreamSecretContext { account, origination_uri: uri.id, username: &secret.username };
        self.keyring.open_upstream_secret(&context, &secret.password).is_ok()
    }

    fn opens_webhook(&self, seen: &Seen, webhook: &Webhook) -> bool {
        let Some(account) = seen.accounts.get(&webhook.account) else { return false };
        self.keyring.open_webhook_secret(&WebhookSecretContext { account }, &webhook.secret.current).is_ok()
    }

    fn opens(&self, seen: &Seen, credential: &Credential) -> bool {
        let Some((account, realm)) = seen.accounts.get(&credential.account).zip(seen.realms.get(&credential.realm))
        else {
            return false;
        };
        let generations = std::iter::once(&credential.ha1s).chain(credential.previous.iter().map(|it| &it.ha1s));
        let devices = credential.devices.as_slice().iter().map(|device| (Some(device.id), &device.ha1s));
        let each = generations.map(|sealed| (None, sealed)).chain(devices).flat_map(|(device, sealed)| {
            [
                (DigestAlgorithm::Md5, device, &sealed.md5),
                (DigestAlgorithm::Sha256, device, &sealed.sha256),
                (DigestAlgorithm::Sha512_256, device, &sealed.sha512_256),
            ]
        });
        let mut kept = each.filter_map(|(algorithm, device, sealed)| Some((algorithm, device, sealed.as_ref()?)));
        kept.all(|(algorithm, device, sealed)| {
            let context = Ha1Context {
                account,
                credential: credential.id,
                algorithm,
                realm: &realm.name,
                username: &credential.username,
                device,
            };
            self.keyring.open_ha1(&context, sealed).is_ok()
        })
    }
}

impl Follower for Secrets {
    fn apply(&self, _revision: Revision, facts: &[Fact]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for fact in facts {
            match fact {
                Fact::Account(account) => {
                    seen.accounts.insert(account.id, account.auth_id.clone());
                }
                Fact::Realm(realm) => {
                    seen.realms.insert(realm.id, realm.clone());
                }
                Fact::Credential(credential) if !self.opens(&seen, credential) => seen.unopened += 1,
                Fact::OriginationUri(uri) if !self.opens_upstream(&seen, uri) => seen.unopened_upstream += 1,
                Fact::Webhook(webhook) if !self.opens_webhook(&seen, webhook) => seen.unopened_webhooks += 1,
                _ => {}
            }
        }
    }
}
