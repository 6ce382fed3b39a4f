//! A signalling plane without sockets: octets in, octets out, over storage in memory and a clock that tests move.

use directory::{Config as DirectoryConfig, Directory, RegistrationWriter, WriterConfig};
use domain::{
    AccountId, AuthId, AuthReason, CallEvent, CallId, CallRecord, CallSnapshot, Clock, CredentialId, HostName,
    Password, RandomSource, RealmName, Timestamp, Username, UsernameRule,
};
use event_log::EventLog;
use keyring::Keyring;
use parking_lot::Mutex;
use provisioning::{
    AccountName, CredentialUpdate, CredentialsWrite, InstallationOperator, NewAccountRequest, NewCredential,
    OperatorIndex, Provisioning, RealmUpdate, RequestContext, RequirementsUpdate,
};
use sip_digest::{NonceIssuer, NonceKey};
use sip_edge::{CallParts, CallsConfig, Config, Defence, Edge, Found, NextHops, NoWay, Parts, Reached, Scratch};
use sip_transport::resolve::{NextHop, ResolveError, Target};
use sip_transport::{ConnectionId, Flow, Flows, Inbound, Outbox, Received, Transport};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use storage::{
    BootNumber, Boots, CallEventSink, CallJournal, ChangeFeed, EventSink, Lease, LiveRegistrationPage,
    LiveRegistrations, Pending, RegistrationChange, RegistrationFilter, Registrations, StorageError, WhenDurable,
};
use testkit::{MemoryStorage, SeededRandom, VirtualClock};

pub const LOCAL: &str = "198.51.100.1:5060";
pub const PASSWORD: &str = "correct horse battery";
/// How long nonces are good for.
pub const NONCE_SECONDS: i64 = 3600;
/// Where the account of that auth id is reached, and its realm.
pub const DOMAIN: &str = "ma-aaaaaaaa.example.test";
pub const REALM: &str = "MA_AAAAAAAA.example.test";
pub const ACCOUNT: &str = "MA_AAAAAAAA";

pub struct World {
    pub storage: Arc<MemoryStorage>,
    pub clock: Arc<VirtualClock>,
    pub provisioning: Arc<Provisioning>,
    pub keyring: Arc<Keyring>,
    pub node: Node,
    pub options: Options,
}

/// What a restart replaces.
pub struct Node {
    pub directory: Arc<Directory>,
    pub events: Arc<EventLog>,
    pub flows: Arc<Flows>,
    pub edge: Arc<Edge>,
    pub scratch: Scratch,
    pub outbox: Outbox,
    pub writing: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
pub struct Options {
    pub lanes: usize,
    pub default_account: Option<&'static str>,
    pub waiting_removals: usize,
    pub defence: Defence,
    pub service_route: bool,
    pub public_host: Option<&'static str>,
    /// Whether saving registrations fails at present.
    pub storage_is_full: Arc<AtomicBool>,
    /// Whether the node may answer by what it knows.
    pub lease: Arc<SettableLease>,
    /// Done once, when the next digest has been found right and nothing has come of it yet.
    pub after_verification: Interruption,
}

/// In force until it is ended.
#[derive(Debug, Default)]
pub struct SettableLease {
    pub is_over: AtomicBool,
}

impl Lease for SettableLease {
    fn is_in_force(&self) -> bool {
        !self.is_over.load(Ordering::Acquire)
    }
}

pub type Interruption = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

impl Default for Options {
    fn default() -> Self {
        Self {
            lanes: 2,
            default_account: None,
            waiting_removals: 16,
            defence: Defence::default(),
            service_route: false,
            public_host: Some("sip.public.test"),
            storage_is_full: Arc::default(),
            lease: Arc::default(),
            after_verification: Arc::default(),
        }
    }
}

/// One message that left.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    pub destination: SocketAddr,
    pub octets: Vec<u8>,
}

impl World {
    /// An installation with one account and its phones `alice` and `bob`.
    pub async fn new() -> Self {
        let world = Self::empty(Options::default()).await;
        let scope = world.account(ACCOUNT, None).await;
        world.credential(&scope, "alice").await;
        world.credential(&scope, "bob").await;
        world
    }

    pub async fn empty(options: Options) -> Self {
        let storage = Arc::new(MemoryStorage::new());
        let clock = Arc::new(VirtualClock::default());
        let random: Arc<dyn RandomSource> = Arc::new(SeededRandom::new(1));
        let operators = Arc::new(OperatorIndex::new());
        storage.follow(Arc::clone(&operators) as _).await.unwrap();
        let keyring = Arc::new(Keyring::generate(&*random));
        let provisioning = Arc::new(Provisioning::new(provisioning::Parts {
            storage: Arc::clone(&storage) as _,
            keyring: Arc::clone(&keyring),
            clock: Arc::clone(&clock) as _,
            random,
            operators,
            config: provisioning::Config::default(),
        }));
        let node = start((&storage, &clock, &keyring), &options).await;
        Self { storage, clock, provisioning, keyring, node, options }
    }

    /// Ends the node in good order and starts the next one.
    pub async fn restart(&mut self) {
        let next = start((&self.storage, &self.clock, &self.keyring), &self.options).await;
        let Node { edge, writing, .. } = std::mem::replace(&mut self.node, next);
        drop(edge);
        writing.await.unwrap();
        self.node = start((&self.storage, &self.clock, &self.keyring), &self.options).await;
    }

    pub async fn account(&self, auth_id: &str, realm: Option<&str>) -> CredentialsWrite {
        let request = NewAccountRequest {
            auth_id: Some(AuthId::parse(auth_id).unwrap()),
            realm: realm.map(|realm| RealmName::parse(realm).unwrap()),
            base_domain: Some(HostName::parse("example.test").unwrap()),
            ..NewAccountRequest::named(AccountName::parse("somebody").unwrap())
        };
        let operator = InstallationOperator::admitted_by_file_permissions();
        let created = self.provisioning.create_account(&operator, request).await.unwrap();
        let token = created.auth_token.as_bytes();
        self.provisioning
            .authenticate(Some(auth_id.as_bytes()), Some(token))
            .unwrap()
            .scope(auth_id)
            .unwrap()
            .credentials_write()
            .unwrap()
    }

    pub async fn credential(&self, scope: &CredentialsWrite, username: &str) -> CredentialId {
        let new = NewCredential {
            username: Username::parse(username, UsernameRule::Strict).unwrap(),
            password: Password::parse(PASSWORD.into()).unwrap(),
        };
        self.provisioning.create_credential(scope, context(), new).await.unwrap().id
    }

    pub async fn update(&self, scope: &CredentialsWrite, id: CredentialId, update: CredentialUpdate) {
        self.provisioning.update_credential(scope, context(), (id, update)).await.unwrap();
    }

    pub async fn set_policy(&self, realm: &str, policy: domain::ChallengePolicy) {
        let operator = InstallationOperator::admitted_by_file_permissions();
        let realm = RealmName::parse(realm).unwrap();
        self.provisioning.set_challenge_policy(&operator, realm, policy).await.unwrap();
    }

    pub async fn update_realm(&self, realm: &str, update: RealmUpdate) {
        let operator = InstallationOperator::admitted_by_file_permissions();
        self.provisioning.update_realm(&operator, RealmName::parse(realm).unwrap(), update).await.unwrap();
    }

    /// An installation with one account and its phone `alice`, who demands that.
    pub async fn demanding(requirements: RequirementsUpdate) -> Self {
        let world = Self::empty(Options::default()).await;
        let scope = world.account(ACCOUNT, None).await;
        let id = world.credential(&scope, "alice").await;
        world.update(&scope, id, CredentialUpdate { requirements, ..CredentialUpdate::default() }).await;
        world
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Hands one datagram over; what leaves at once.
    pub fn receive(&mut self, source: SocketAddr, octets: &[u8]) -> Vec<Sent> {
        self.receive_on(0, &udp(source), octets)
    }

    pub fn receive_on(&mut self, lane: usize, flow: &Flow, octets: &[u8]) -> Vec<Sent> {
        let Node { edge, scratch, outbox, .. } = &mut self.node;
        outbox.clear();
        edge.receive(scratch, Received { lane, flow, octets }, outbox);
        let sent = |message: &sip_transport::Outgoing| Sent {
            destination: message.destination,
            octets: outbox.octets_of(message).to_vec(),
        };
        outbox.messages().iter().map(sent).collect()
    }

    /// The events since the beginning, oldest first.
    pub fn events(&self) -> Vec<domain::AuthRecord> {
        self.node.events.collect();
        let mut events = self.node.events.recent(usize::MAX, |_| true);
        events.reverse();
        events
    }

    /// The reason of the last event.
    pub fn last_reason(&self) -> AuthReason {
        self.events().last().unwrap().reason
    }

    /// How many bindings that phone of the first account has.
    pub fn bindings(&self, username: &str) -> usize {
        let realms = self.node.directory.realms();
        let realm = realms.of_host(DOMAIN.as_bytes()).unwrap().id;
        self.node.directory.live_bindings(realm, username.as_bytes(), self.now()).unwrap()
    }
}

async fn start(
    (storage, clock, keyring): (&Arc<MemoryStorage>, &Arc<VirtualClock>, &Arc<Keyring>),
    options: &Options,
) -> Node {
    let boot = storage.begin_boot("test", clock.now()).await.unwrap();
    let default_account = options.default_account.map(|id| AuthId::parse(id).unwrap());
    let directory = Arc::new(Directory::new(Arc::clone(keyring), boot, DirectoryConfig { default_account }));
    storage.follow(Arc::clone(&directory) as _).await.unwrap();
    directory.load_algorithm_uses(&**storage).unwrap();
    directory.load_registrations(&**storage, clock.now()).unwrap();
    let (writer, writing) = RegistrationWriter::start(
        Arc::clone(&directory),
        Arc::new(FillableStorage { inner: Arc::clone(storage), is_full: Arc::clone(&options.storage_is_full) }),
        Arc::clone(clock) as _,
        WriterConfig { interval_ms: 3_600_000_000, waiting_removals: options.waiting_removals, intervals_per_sweep: 1 },
    );
    let events = Arc::new(EventLog::new(event_log::Config {
        lanes: options.lanes,
        recent_events: 16_384,
        ..event_log::Config::default()
    }));
    let flows = Arc::new(Flows::new());
    let edge = Edge::new(
        Parts {
            directory: Arc::clone(&directory),
            events: Arc::new(InterruptedEvents {
                log: Arc::clone(&events),
                after_verification: Arc::clone(&options.after_verification),
            }),
            writer,
            flows: Arc::clone(&flows),
            clock: Arc::clone(clock) as _,
            nonces: issuer(boot),
            lease: Arc::clone(&options.lease) as _,
            config: Config {
                lanes: options.lanes,
                nonce_buckets_per_lane: 1024,
                transactions: sip_transaction::Limits { transactions: 1024, memory_octets: 1 << 20 },
                registrar: sip_registrar::Policy::default(),
                public_host: options.public_host.map(Into::into),
                realm_of_nobody: RealmName::parse("example.test").unwrap(),
                defence: options.defence.clone(),
                service_route: options.service_route,
            },
        },
        calls(&directory, &flows, clock),
    );
    let (edge, outbox) = (Arc::new(edge), Outbox::new());
    Node { directory, events, flows, scratch: edge.scratch(), edge, outbox, writing }
}

/// Calls that lead nowhere beyond this process and are written down nowhere.
fn calls(directory: &Arc<Directory>, flows: &Arc<Flows>, clock: &Arc<VirtualClock>) -> CallParts {
    CallParts {
        directory: Arc::clone(directory),
        flows: Arc::clone(flows),
        clock: Arc::clone(clock) as _,
        random: Arc::new(SeededRandom::new(2)),
        journal: Arc::new(Forgetful),
        events: Arc::new(Forgetful),
        next_hops: Arc::new(Forgetful),
        media: None,
        config: CallsConfig::default(),
    }
}

/// Keeps nothing of calls, and finds nobody.
struct Forgetful;

impl CallJournal for Forgetful {
    fn confirmed(&self, _: CallSnapshot, when_durable: Option<WhenDurable>) {
        // On another thread, as the real one does.
        std::thread::spawn(move || when_durable.map(|told| told(Ok(()))));
    }

    fn changed(&self, _: CallId, _: Box<[u8]>, _: Option<WhenDurable>) {}

    fn ended(&self, _: CallRecord, _: Option<WhenDurable>) {}
}

impl CallEventSink for Forgetful {
    fn happened(&self, _: CallEvent) {}

    fn wants(&self, _: AccountId) -> bool {
        false
    }
}

impl NextHops for Forgetful {
    fn known(&self, _: &Target, _: u64) -> Option<Result<Vec<NextHop>, NoWay>> {
        Some(Err(NoWay::Unresolved(ResolveError::NoSuchHost)))
    }

    fn find(&self, _: Target, _: u64, _: Found) {}

    fn flow_to(&self, _: &NextHop, _: &str) -> Option<Flow> {
        None
    }

    fn reach(&self, _: NextHop, _: &str, _: Reached) {}
}

fn issuer(boot: BootNumber) -> NonceIssuer {
    let lifetime = u32::try_from(NONCE_SECONDS).unwrap();
    NonceIssuer::new(NonceKey::new(&[7; 32]), boot.0, lifetime)
}

pub fn udp(source: SocketAddr) -> Flow {
    let local = LOCAL.parse().unwrap();
    Flow { transport: Transport::Udp, local, remote: source, connection: ConnectionId::NONE }
}

pub fn tcp(source: SocketAddr, connection: u64) -> Flow {
    Flow { transport: Transport::Tcp, connection: ConnectionId(connection), ..udp(source) }
}

pub fn context() -> RequestContext {
    RequestContext { request_id: "request".into(), source: "192.0.2.1".into() }
}

/// For use cases that ask who is online and whose answer does not matter.
#[derive(Debug)]
pub struct NobodyOnline;

impl LiveRegistrations for NobodyOnline {
    fn registrations(
        &self,
        _: RegistrationFilter,
        _: Option<domain::BindingId>,
        _: u32,
    ) -> Pending<'_, LiveRegistrationPage> {
        Box::pin(async { LiveRegistrationPage::default() })
    }

    fn count(
        &self,
        _: AccountId,
        _: std::collections::HashSet<CredentialId>,
    ) -> Pending<'_, std::collections::HashMap<CredentialId, u64>> {
        Box::pin(async { std::collections::HashMap::new() })
    }

    fn stored(&self) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async { Ok(()) })
    }
}

/// Registrations in a storage that can be full.
struct FillableStorage {
    inner: Arc<MemoryStorage>,
    is_full: Arc<AtomicBool>,
}

impl Registrations for FillableStorage {
    fn load(&self, now: Timestamp, each: &mut dyn FnMut(domain::ContactBinding)) -> Result<(), StorageError> {
        self.inner.load(now, each)
    }

    fn save(&self, batch: Vec<RegistrationChange>) -> Pending<'_, Result<(), StorageError>> {
        if self.is_full.load(Ordering::SeqCst) {
            return Box::pin(async { Err(StorageError::Unavailable("full".into())) });
        }
        self.inner.save(batch)
    }
}

/// The event log, and whatever a test wants to happen between verification and its consequences.
struct InterruptedEvents {
    log: Arc<EventLog>,
    after_verification: Interruption,
}

impl EventSink for InterruptedEvents {
    fn record(&self, lane: usize, event: &domain::AuthEvent<'_>) {
        self.log.record(lane, event);
        if event.reason == AuthReason::Ok
            && let Some(interrupt) = self.after_verification.lock().take()
        {
            interrupt();
        }
    }
}
