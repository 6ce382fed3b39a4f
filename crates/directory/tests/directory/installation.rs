//! An installation without faces: storage in memory, use cases, directory.

use directory::{Config, Connections, CredentialKey, Directory, Superseded};
use domain::{
    AuthId, BindingFacts, BindingId, BindingTexts, Clock, CredentialId, HostName, LiveBinding, Password, RandomSource,
    RealmId, RealmName, SignallingTransport, Timestamp, Username, UsernameRule,
};
use keyring::Keyring;
use parking_lot::Mutex;
use provisioning::{
    AccountName, AccountUpdate, CredentialUpdate, CredentialsWrite, InstallationOperator, NewAccountRequest,
    NewCredential, OperatorIndex, Parts, Provisioning, RequestContext,
};
use std::sync::Arc;
use storage::{BootNumber, ChangeFeed};
use testkit::{MemoryStorage, SeededRandom, VirtualClock};

pub const PASSWORD: &str = "correct horse battery";

pub struct Installation {
    pub storage: Arc<MemoryStorage>,
    pub keyring: Arc<Keyring>,
    pub clock: Arc<VirtualClock>,
    pub provisioning: Arc<Provisioning>,
    pub directory: Arc<Directory>,
    pub closed: Arc<Closed>,
}

/// The connections that were closed.
#[derive(Default)]
pub struct Closed(pub Mutex<Vec<u64>>);

impl Connections for Closed {
    fn close(&self, connection: u64) {
        self.0.lock().push(connection);
    }
}

/// A credential and what is needed to name it.
#[derive(Clone)]
pub struct Phone {
    pub scope: CredentialsWrite,
    pub realm: RealmId,
    pub username: &'static str,
    pub id: CredentialId,
    pub generation: u32,
}

impl Installation {
    pub async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Self {
        let storage = Arc::new(MemoryStorage::new());
        let clock = Arc::new(VirtualClock::default());
        let random: Arc<dyn RandomSource> = Arc::new(SeededRandom::new(1));
        let operators = Arc::new(OperatorIndex::new());
        storage.follow(Arc::clone(&operators) as _).await.unwrap();
        let keyring = Arc::new(Keyring::generate(&*random));
        let provisioning = Arc::new(Provisioning::new(Parts {
            storage: Arc::clone(&storage) as _,
            keyring: Arc::clone(&keyring),
            clock: Arc::clone(&clock) as _,
            random,
            operators,
            config: provisioning::Config::default(),
        }));
        let closed = Arc::new(Closed::default());
        let directory = Directory::new(Arc::clone(&keyring), BootNumber(1), config).closing(Arc::clone(&closed) as _);
        let directory = Arc::new(directory);
        storage.follow(Arc::clone(&directory) as _).await.unwrap();
        Self { storage, keyring, clock, provisioning, directory, closed }
    }

    /// Another directory over the same storage, as after a restart.
    pub async fn restarted(&self) -> Arc<Directory> {
        let directory = Arc::new(Directory::new(Arc::clone(&self.keyring), BootNumber(2), Config::default()));
        self.storage.follow(Arc::clone(&directory) as _).await.unwrap();
        directory.load_registrations(&*self.storage, self.clock.now()).unwrap();
        directory
    }

    /// An account of that auth id, in a realm of its own unless one is given.
    pub async fn account(&self, auth_id: &str, realm: Option<&str>) -> CredentialsWrite {
        let realm = realm.map(|realm| RealmName::parse(realm).unwrap());
        self.create(NewAccountRequest { realm, ..new_account(auth_id) }).await
    }

    pub async fn sub_account(&self, auth_id: &str, parent: &str) -> CredentialsWrite {
        let parent = Some(AuthId::parse(parent).unwrap());
        self.create(NewAccountRequest { parent, ..new_account(auth_id) }).await
    }

    async fn create(&self, request: NewAccountRequest) -> CredentialsWrite {
        let created = self.provisioning.create_account(&operator(), request).await.unwrap();
        let auth_id = created.account.account.auth_id.as_str();
        let token = created.auth_token.as_bytes();
        let asking = self.provisioning.authenticate(Some(auth_id.as_bytes()), Some(token)).unwrap();
        asking.scope(auth_id).unwrap().credentials_write().unwrap()
    }

    pub async fn phone(&self, scope: &CredentialsWrite, username: &'static str) -> Phone {
        let new = NewCredential {
            username: Username::parse(username, UsernameRule::Strict).unwrap(),
            password: Password::parse(PASSWORD.into()).unwrap(),
        };
        let view = self.provisioning.create_credential(scope, context(), new).await.unwrap();
        let realms = self.directory.realms();
        let realm = realms.of_host(scope.realm_name().as_str().as_bytes()).unwrap().id;
        Phone { scope: scope.clone(), realm, username, id: view.id, generation: 1 }
    }

    pub async fn update(&self, phone: &Phone, update: CredentialUpdate) {
        self.provisioning.update_credential(&phone.scope, context(), (phone.id, update)).await.unwrap();
    }

    pub async fn set_enabled(&self, phone: &Phone, enabled: bool) {
        self.update(phone, CredentialUpdate { enabled: Some(enabled), ..CredentialUpdate::default() }).await;
    }

    /// Enables or disables an account, as the operator.
    pub async fn set_account_enabled(&self, auth_id: &str, enabled: bool) {
        let update = AccountUpdate { enabled: Some(enabled), ..AccountUpdate::default() };
        let auth_id = AuthId::parse(auth_id).unwrap();
        self.provisioning.update_account(&operator(), (auth_id, update)).await.unwrap();
    }

    pub async fn delete_account(&self, auth_id: &str) {
        self.provisioning.delete_account(&operator(), AuthId::parse(auth_id).unwrap()).await.unwrap();
    }

    pub async fn delete(&self, phone: &Phone) {
        self.provisioning.delete_credential(&phone.scope, context(), phone.id).await.unwrap();
    }

    /// How many bindings of that phone live; `None` if nobody has the name.
    pub fn live(&self, phone: &Phone) -> Option<usize> {
        self.directory.live_bindings(phone.realm, phone.username.as_bytes(), self.clock.now())
    }

    /// Everything storage would load now, as `CONTACT CSEQ`, sorted.
    pub fn stored(&self) -> Vec<String> {
        use storage::Registrations;
        let mut stored = Vec::new();
        let mut note = |record: domain::ContactBinding| {
            stored.push(format!("{} {}", String::from_utf8_lossy(&record.contact), record.cseq));
        };
        self.storage.load(self.clock.now(), &mut note).unwrap();
        stored.sort();
        stored
    }

    /// Adds or refreshes a binding for 600 seconds.
    pub fn bind(&self, phone: &Phone, contact: &str, cseq: u32) -> Result<(), Superseded> {
        let now = self.clock.now();
        bind(&self.directory, phone, (contact, cseq), now)
    }

    /// Removes a binding.
    pub fn unbind(&self, phone: &Phone, contact: &str) -> Result<(), Superseded> {
        self.directory.update_bindings(&phone.key(), self.clock.now(), |bindings| {
            let (live, mut removed, _) = bindings.parts();
            live.retain(|binding| {
                let other = binding.texts().contact != contact.as_bytes();
                if !other {
                    removed(binding.facts.id);
                }
                other
            });
        })
    }
}

impl Phone {
    pub fn key(&self) -> CredentialKey<'_> {
        CredentialKey {
            realm: self.realm,
            username: self.username.as_bytes(),
            id: self.id,
            generation: self.generation,
        }
    }
}

pub fn bind(
    directory: &Directory,
    phone: &Phone,
    (contact, cseq): (&str, u32),
    now: Timestamp,
) -> Result<(), Superseded> {
    bind_over(directory, phone, (contact, cseq), (SignallingTransport::Udp, 0, now))
}

/// Adds or refreshes a binding over that connection.
pub fn bind_over(
    directory: &Directory,
    phone: &Phone,
    (contact, cseq): (&str, u32),
    (transport, connection, now): (SignallingTransport, u64, Timestamp),
) -> Result<(), Superseded> {
    directory.update_bindings(&phone.key(), now, |bindings| {
        let (live, _, mut next_id) = bindings.parts();
        let texts = BindingTexts { contact: contact.as_bytes(), call_id: b"call", ..BindingTexts::default() };
        let facts = BindingFacts {
            id: BindingId(0),
            expires_at: now.plus_seconds(600),
            registered_at: now,
            source: "192.0.2.7:5062".parse().unwrap(),
            local: "198.51.100.1:5060".parse().unwrap(),
            cseq,
            generation: phone.generation,
            reg_id: 0,
            q_thousandths: 1000,
            transport,
            connection,
        };
        match live.iter_mut().find(|binding| binding.texts().contact == contact.as_bytes()) {
            Some(binding) => binding.refresh(facts, texts),
            None => {
                let id = next_id();
                live.push(LiveBinding::new(BindingFacts { id, ..facts }, texts));
            }
        }
    })
}

pub fn context() -> RequestContext {
    RequestContext { request_id: "request".into(), source: "192.0.2.1".into() }
}

pub fn operator() -> InstallationOperator {
    InstallationOperator::admitted_by_file_permissions()
}

fn new_account(auth_id: &str) -> NewAccountRequest {
    NewAccountRequest {
        auth_id: Some(AuthId::parse(auth_id).unwrap()),
        base_domain: Some(HostName::parse("example.test").unwrap()),
        ..NewAccountRequest::named(AccountName::parse("somebody").unwrap())
    }
}
