//! An installation whose "key file" outlives its server.

use domain::{
    Credential, DigestAlgorithm, Password, RandomSource, RealmName, Sealed, Timestamp, Username, UsernameRule,
};
use keyring::source::KeyStore;
use keyring::{Ha1Context, Keyring, KeyringError};
use provisioning::{
    AccountName, AccountScope, CredentialView, CredentialsWrite, InstallationOperator, KeysRotated, NewAccountRequest,
    NewCredential, OperatorIndex, Parts, Provisioning, ProvisioningError, RequestContext, RotationError,
    RotationProgress,
};
use sip_digest::{Ha1, HashAlgorithm};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use storage::{Accounts, ChangeFeed, Credentials};
use testkit::{MemoryStorage, SeededRandom, VirtualClock};

pub const PASSWORD: &str = "correct horse";

pub fn operator() -> InstallationOperator {
    InstallationOperator::admitted_by_file_permissions()
}

/// A key file in memory that fails on demand.
pub struct KeyFile {
    text: Mutex<String>,
    outcomes: Mutex<VecDeque<Outcome>>,
}

/// How a replacement of the file goes.
#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    Works,
    FailsBefore,
    /// As when the directory cannot be made durable after the file was renamed.
    FailsAfter,
}

impl KeyFile {
    fn new(keyring: &Keyring) -> Self {
        Self { text: Mutex::new(keyring.to_file_text().to_string()), outcomes: Mutex::default() }
    }

    pub fn keyring(&self) -> Keyring {
        Keyring::parse(&self.text.lock().unwrap()).unwrap()
    }

    /// How the next replacements go; those after them work.
    pub fn will(&self, outcomes: &[Outcome]) {
        *self.outcomes.lock().unwrap() = outcomes.iter().copied().collect();
    }
}

impl KeyStore for KeyFile {
    fn replace(&self, present: &Keyring, next: &Keyring) -> Result<(), KeyringError> {
        let failed = || KeyringError::Unwritable { path: "keys".into(), kind: std::io::ErrorKind::StorageFull };
        assert!(self.keyring().has_same_keys(present), "the rotation knows what is in the file");
        let outcome = self.outcomes.lock().unwrap().pop_front().unwrap_or(Outcome::Works);
        if matches!(outcome, Outcome::FailsBefore) {
            return Err(failed());
        }
        *self.text.lock().unwrap() = next.to_file_text().to_string();
        if matches!(outcome, Outcome::FailsAfter) { Err(failed()) } else { Ok(()) }
    }
}

pub struct House {
    pub provisioning: Arc<Provisioning>,
    pub storage: Arc<MemoryStorage>,
    pub keyring: Arc<Keyring>,
    pub clock: Arc<VirtualClock>,
    pub random: Arc<SeededRandom>,
    pub keys: Arc<KeyFile>,
}

impl House {
    pub async fn new() -> Self {
        let random = Arc::new(SeededRandom::new(1));
        let keys = Arc::new(KeyFile::new(&Keyring::generate(&*random)));
        let clock = Arc::new(VirtualClock::new(Timestamp::from_seconds(1_000_000)));
        Self::open(Arc::new(MemoryStorage::new()), keys, (clock, random)).await
    }

    /// The same installation after a restart, with the keys of the file.
    pub async fn restarted(&self) -> Self {
        let (storage, keys) = (Arc::clone(&self.storage), Arc::clone(&self.keys));
        Self::open(storage, keys, (Arc::clone(&self.clock), Arc::clone(&self.random))).await
    }

    async fn open(
        storage: Arc<MemoryStorage>,
        keys: Arc<KeyFile>,
        (clock, random): (Arc<VirtualClock>, Arc<SeededRandom>),
    ) -> Self {
        let keyring = Arc::new(keys.keyring());
        let operators = Arc::new(OperatorIndex::new());
        storage.follow(Arc::clone(&operators) as _).await.unwrap();
        let provisioning = Arc::new(Provisioning::new(Parts {
            storage: Arc::clone(&storage) as _,
            keyring: Arc::clone(&keyring),
            clock: Arc::clone(&clock) as _,
            random: Arc::clone(&random) as Arc<dyn RandomSource>,
            operators,
            config: provisioning::Config::default(),
        }));
        provisioning.check_master_key(&operator()).await.unwrap();
        Self { provisioning, storage, keyring, clock, random, keys }
    }

    pub async fn account(&self) -> CredentialsWrite {
        self.account_scope().await.credentials_write().unwrap()
    }

    pub async fn account_scope(&self) -> AccountScope {
        let request = NewAccountRequest::named(AccountName::parse("Acme").unwrap());
        let created = self.provisioning.create_account(&operator(), request).await.unwrap();
        let (id, token) = (created.account.account.auth_id.as_str(), created.auth_token.as_bytes());
        let operator = self.provisioning.authenticate(Some(id.as_bytes()), Some(token)).unwrap();
        operator.scope(id).unwrap()
    }

    pub async fn create(&self, scope: &CredentialsWrite, name: &str) -> Result<CredentialView, ProvisioningError> {
        self.provisioning.create_credential(scope, context(), new_credential(name)).await
    }

    pub async fn rotate(&self) -> Result<KeysRotated, RotationError> {
        self.rotate_watched(|_| {}).await
    }

    pub async fn rotate_watched(
        &self,
        on_progress: impl Fn(RotationProgress) + Send + Sync + 'static,
    ) -> Result<KeysRotated, RotationError> {
        self.provisioning.rotate_keys(&operator(), Arc::clone(&self.keys) as _, Box::new(on_progress)).await
    }

    pub async fn stored(&self) -> Vec<Credential> {
        let all = self.storage.credentials_of_all_accounts(None, u32::MAX).await.unwrap();
        all.into_iter().map(|(_, credential)| credential).collect()
    }

    /// How many stored HA1s open with that keyring. Those that do must be of one of the passwords.
    pub async fn count_opened(&self, keyring: &Keyring, passwords: &[&str]) -> usize {
        let accounts = self.storage.accounts().await.unwrap();
        let mut opened = 0;
        for credential in self.stored().await {
            let (account, realm) = accounts.iter().find(|(account, _)| account.id == credential.account).unwrap();
            for (algorithm, hash, sealed) in ha1s(&credential) {
                let username = &credential.username;
                let context = Ha1Context {
                    account: &account.auth_id,
                    credential: credential.id,
                    algorithm,
                    realm: &realm.name,
                    username,
                    device: None,
                };
                let Ok(ha1) = keyring.open_ha1(&context, sealed) else { continue };
                let of = |password: &&str| expected(hash, username, &realm.name, password).as_bytes() == ha1.as_bytes();
                assert!(passwords.iter().any(of), "{username} has another password");
                opened += 1;
            }
        }
        opened
    }

    /// Everything stored opens with the keys of the file alone, which is one.
    pub async fn assert_needs_only_the_file(&self) {
        let keyring = self.keys.keyring();
        assert!(keyring.other_ids().is_empty());
        let stored = self.stored().await;
        let sealed: usize = stored.iter().map(|credential| ha1s(credential).count()).sum();
        assert!(sealed >= 3 * stored.len());
        assert_eq!(self.count_opened(&keyring, &[PASSWORD]).await, sealed);
        self.restarted().await;
    }
}

fn ha1s(credential: &Credential) -> impl Iterator<Item = (DigestAlgorithm, HashAlgorithm, &Sealed)> {
    let generations =
        std::iter::once(&credential.ha1s).chain(credential.previous.iter().map(|previous| &previous.ha1s));
    let all = generations.flat_map(|ha1s| {
        [
            (DigestAlgorithm::Md5, HashAlgorithm::Md5, &ha1s.md5),
            (DigestAlgorithm::Sha256, HashAlgorithm::Sha256, &ha1s.sha256),
            (DigestAlgorithm::Sha512_256, HashAlgorithm::Sha512_256, &ha1s.sha512_256),
        ]
    });
    all.filter_map(|(algorithm, hash, sealed)| Some((algorithm, hash, sealed.as_ref()?)))
}

fn expected(hash: HashAlgorithm, username: &Username, realm: &RealmName, password: &str) -> Ha1 {
    Ha1::compute(hash, username.as_str().as_bytes(), realm.as_str().as_bytes(), password.as_bytes())
}

pub fn new_credential(name: &str) -> NewCredential {
    NewCredential { username: username(name), password: password(PASSWORD) }
}

pub fn username(name: &str) -> Username {
    Username::parse(name, UsernameRule::Strict).unwrap()
}

pub fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap()
}

pub fn context() -> RequestContext {
    RequestContext { request_id: "request".into(), source: "192.0.2.1".into() }
}
