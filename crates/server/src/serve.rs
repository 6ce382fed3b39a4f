//! `sipwarden serve`: builds both planes and runs them until stopped.

use crate::background;
use crate::calls::{self, CallHops, EchoPlaces};
use crate::configuration::Configuration;
use crate::console;
use crate::control_socket;
use crate::database::DatabasePlace;
use crate::event_names::KnownNames;
use crate::failure::Failure;
use crate::hardening;
use crate::https;
use crate::listening::Listening;
use crate::media::MediaProxy;
use crate::metrics::Metrics;
use crate::node::{Node, Opening};
use crate::operator_api;
use crate::serve_options::ServeOptions;
use crate::service_manager::{self, Progress};
use crate::signals::StopSignals;
use crate::sip_listeners::{self, RunningSip, SipSockets};
use crate::still_running::StillRunning;
use crate::telemetry;
use crate::this_node::{Boot, ThisNode};
use crate::watch::Watch;
use crate::webhooks::{RefusalTeller, Surroundings, Webhooks};
use call_journal::{Journal, JournalTask, Retention};
use directory::{Connections, Directory, RegistrationView, RegistrationWriter, SaveStatistics, WriterConfig};
use domain::{CallRecord, RealmName};
use event_log::{EventLog, KeeperTask, Keeping, LiveFeed, Sampling};
use http_api::{HttpApi, Readiness, SipService};
use provisioning::{BaseDomainOutcome, InstallationOperator};
use sip_digest::{NonceIssuer, NonceKey};
use sip_edge::{Calls, Edge, Timekeeper};
use sip_transport::{ConnectionId, Flows, Transport};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use storage::BootNumber;
use tls_identity::Identities;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use webhooks::DelivererTask;

/// Nonce-count windows of each lane, in buckets of four: half a million nonces in 8 MiB, touched as they are used.
const NONCE_BUCKETS_PER_LANE: usize = 1 << 17;
/// How long carriers may take to answer that we unregister, at shutdown.
const CARRIERS_LIMIT: Duration = Duration::from_secs(2);
/// How often it is looked whether they all have.
const CARRIERS_ASKED_EVERY: Duration = Duration::from_millis(10);
/// How long open HTTP requests may take to end at shutdown.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);
/// How long authentication events of no account are kept, in days: as long as an account keeps its own by default.
const OPERATOR_EVENT_DAYS: u32 = 30;
/// Authentication events that an account may have, and the operator besides: about 30 MiB.
const MOST_EVENTS_OF_ACCOUNT: u32 = 100_000;
/// Authentication events that may wait for the disk.
const EVENTS_WAITING: usize = 16_384;

/// Runs a server until a signal stops it.
pub(crate) async fn run(options: ServeOptions) -> Result<(), Failure> {
    let configuration = Configuration::settle(options)?;
    telemetry::start(configuration.log_filter.clone(), configuration.log_format);
    hardening::raise_open_files();
    // Before anybody is told that the server is there, and may ask it to stop.
    let mut signals = StopSignals::catch()?;
    let server = tokio::select! {
        started = Server::start(configuration) => started?,
        () = signals.asked_to_stop() => return Ok(()),
    };
    let hangups = https::reload_on_hangup(server.certificates.clone())?;
    for address in &server.listening.http {
        tracing::info!("HTTP on http://{address}");
    }
    for address in &server.listening.https {
        tracing::info!("HTTPS on https://{address}");
    }
    if let Some(address) = &server.listening.metrics {
        tracing::info!("metrics on http://{address}/metrics");
    }
    for address in &server.listening.sip {
        tracing::info!("SIP on {address}");
    }
    tracing::info!(base_domain = %server.base_domain, "ready");
    service_manager::tell(Progress::Ready);
    signals.asked_to_stop().await;
    tracing::info!("stopping");
    service_manager::tell(Progress::Stopping);
    server.stop().await;
    hangups.abort();
    Ok(())
}

/// A running server.
pub(crate) struct Server {
    pub(crate) node: Node,
    pub(crate) events: Arc<EventLog>,
    pub(crate) listening: Listening,
    pub(crate) base_domain: String,
    data_dir: crate::data_dir::DataDir,
    certificates: Option<Arc<Identities>>,
    sip: RunningSip,
    stop_http: watch::Sender<bool>,
    http: Vec<JoinHandle<()>>,
    background: Vec<JoinHandle<()>>,
    edge: Arc<Edge>,
    directory: Arc<Directory>,
    registrations: JoinHandle<()>,
    timers: Timekeeper,
    journal: JournalTask,
    deliverer: DelivererTask,
    keeper: KeeperTask,
    live_events: Arc<LiveFeed>,
    watch: Arc<Watch>,
}

/// What the signalling plane is built for.
struct Plan<'p> {
    lanes: usize,
    base_domain: &'p str,
    listeners: &'p [(Transport, SocketAddr)],
}

/// The signalling plane, built but without sockets.
struct Signalling {
    boot: Boot,
    edge: Arc<Edge>,
    directory: Arc<Directory>,
    flows: Arc<Flows>,
    events: Arc<EventLog>,
    saves: Arc<SaveStatistics>,
    online: Arc<RegistrationView>,
    registrations: JoinHandle<()>,
    calls: Arc<Journal>,
    hops: Arc<CallHops>,
    media: Option<Arc<MediaProxy>>,
    journal: JournalTask,
    webhooks: Arc<Webhooks>,
    deliverer: DelivererTask,
    keeper: KeeperTask,
    live_events: Arc<LiveFeed>,
    refusals: Arc<RefusalTeller>,
}

impl Server {
    /// Opens the installation, binds every address, and serves both planes. When this returns, phones and clients are
    /// answered.
    pub(crate) async fn start(configuration: Configuration) -> Result<Self, Failure> {
        let certificates = configuration.tls.load()?;
        let tls = configuration.tls.sip_acceptor(certificates.as_ref())?;
        let watch = Arc::new(Watch::start(configuration.otlp_endpoint.as_ref())?);
        let node = Node::open(Opening {
            data_dir: &configuration.data_dir,
            place: &configuration.database,
            key_source: &configuration.key_source,
            config: configuration.provisioning,
            observer: Some(Arc::clone(&watch) as _),
            node: Some(configuration.node.clone()),
        })
        .await?;
        // One that a killed server left would send scripts to addresses that nobody serves.
        Listening::remove(&configuration.data_dir);
        let listeners = HttpListeners::bind(&configuration).await?;
        let sockets = SipSockets::bind(&configuration.sip_listen, configuration.sip_workers)?;
        let sip_addresses = sockets.addresses();
        let listening = listening(&listeners, &sip_addresses);
        let control = control_socket::bind(&configuration.data_dir)?;
        let base_domain = settle_base_domain(&node, &configuration).await?;
        let plan = Plan { lanes: sockets.lanes(), base_domain: &base_domain, listeners: &sip_addresses };
        let signalling = build_signalling(&node, &configuration, &plan).await?;
        let sip = sockets.serve(sip_listeners::SipService {
            edge: &signalling.edge,
            flows: &signalling.flows,
            connections: configuration.connections.clone(),
            tls,
            next_hops: &configuration.next_hops,
        })?;
        signalling.hops.open(&sip.next_hops.resolver, &sip.next_hops.connector);
        start_echo(&node, &configuration, (&signalling.edge, &sip_addresses));
        let timers = Timekeeper::start(signalling.edge.calls()).map_err(Failure::Runtime)?;
        let readiness: Arc<dyn Readiness> = Arc::new(StillRunning {
            registrations: signalling.registrations.abort_handle(),
            lease: node.database.lease(),
        });
        let api = HttpApi::new(
            Arc::clone(&node.provisioning),
            Arc::clone(&readiness),
            Arc::clone(&node.random),
            http_api::Config {
                registrations: Arc::clone(&signalling.online) as _,
                auth_events: Arc::clone(&signalling.live_events) as _,
                upstream: Arc::clone(signalling.edge.calls()) as _,
                sip_services: sip_services(&sip_addresses, &configuration),
                provisioning_in_clear: configuration.provisioning_in_clear,
                webhook_networks: configuration.webhooks.allowed.clone(),
                lease: node.database.lease(),
                observer: Arc::clone(&watch) as _,
                rate_limit: configuration.http_rate_limit,
                operator_api: Some(operator_api::of(&node, &configuration.data_dir, configuration.admin_api)),
                ..http_api::Config::default()
            },
        );
        let shown = console::Shown {
            registrations: Arc::clone(&signalling.online) as _,
            auth_events: Arc::clone(&signalling.live_events) as _,
            sip_services: sip_services(&sip_addresses, &configuration),
            bridges_media: signalling.media.is_some(),
            nodes: Arc::new(ThisNode {
                name: configuration.node.name.clone(),
                boot: signalling.boot,
                listening: listening.clone(),
                database: (configuration.database == DatabasePlace::DataDirectory)
                    .then(|| configuration.data_dir.database()),
                directory: Arc::clone(&signalling.directory),
                readiness: Arc::clone(&readiness),
                clock: Arc::clone(&node.clock),
            }),
        };
        let api = api.beside(console::pages(&node, &configuration, shown));
        let metrics = api.exposing(Arc::new(metrics(&node, &signalling, readiness, &watch)));
        let served = listeners.http.into_iter().map(|listener| (listener, api.clone()));
        let metered = listeners.metrics.into_iter().map(|listener| (listener, metrics.clone()));
        let (stop_http, mut http) = serve_http(served.chain(metered));
        http.extend(https::serve(listeners.https, &certificates, &api, &stop_http.subscribe())?);
        // Before the control socket is served: whoever was answered over it can read where the server listens.
        listening.write(&configuration.data_dir)?;
        let mut background = vec![
            tokio::spawn(http_api::serve_control_socket(control, api.clone())),
            tokio::spawn(background::collect_events(Arc::clone(&signalling.events))),
            tokio::spawn(background::save_bans(signalling.edge.bans(), Arc::clone(&node.storage))),
            tokio::spawn(background::forget_answers(Arc::clone(&node.provisioning))),
            tokio::spawn(background::forget_previous_passwords(Arc::clone(&node.provisioning))),
            tokio::spawn(background::save_token_uses(Arc::clone(&node.provisioning))),
            tokio::spawn(background::save_credential_uses(
                Arc::clone(&signalling.directory),
                Arc::clone(&node.storage),
            )),
            tokio::spawn(background::save_algorithm_uses(Arc::clone(&signalling.directory), Arc::clone(&node.storage))),
        ];
        background.push(tokio::spawn(retention(&node, configuration.cdr_retention_days).run()));
        background.push(tokio::spawn(event_retention(&node).run()));
        background.push(tokio::spawn(signalling.refusals.run()));
        background.extend(signalling.media.clone().map(|media| tokio::spawn(media.watch())));
        background.extend(certificates.clone().map(|certificates| tokio::spawn(certificates.watch())));
        Ok(Self {
            node,
            events: signalling.events,
            listening,
            base_domain,
            data_dir: configuration.data_dir,
            certificates,
            sip,
            stop_http,
            http,
            background,
            edge: signalling.edge,
            directory: signalling.directory,
            registrations: signalling.registrations,
            timers,
            journal: signalling.journal,
            deliverer: signalling.deliverer,
            keeper: signalling.keeper,
            live_events: signalling.live_events,
            watch,
        })
    }

    /// Stops both planes: requests under way are answered, and what is not stored yet is stored.
    pub(crate) async fn stop(self) {
        Listening::remove(&self.data_dir);
        // Whoever watches would keep a request open for as long as the server takes.
        self.live_events.close();
        // Without a receiver every listener has ended already.
        let _ = self.stop_http.send(true);
        leave_carriers(self.edge.calls()).await;
        self.sip.stop().await;
        for task in self.http {
            if tokio::time::timeout(DRAIN_LIMIT, task).await.is_err() {
                tracing::warn!("HTTP requests were still open when the time to end them was over");
            }
        }
        for task in self.background {
            task.abort();
            // Until it has let go of the storage, dropping ours closes nothing, and the log stays beside the file.
            let _ = task.await;
        }
        background::flush_bans(&self.edge.bans(), &*self.node.storage).await;
        // What happened since it was last done by the clock.
        self.events.collect();
        if tokio::time::timeout(DRAIN_LIMIT, self.keeper.close()).await.is_err() {
            tracing::error!("the last authentication events could not be stored in time");
        }
        drop(self.timers);
        // The edge held the writer's last sender; the writer stores what is left and ends.
        drop(self.edge);
        if tokio::time::timeout(DRAIN_LIMIT, self.registrations).await.is_err() {
            tracing::error!("the last registrations could not be stored in time");
        }
        if tokio::time::timeout(DRAIN_LIMIT, self.journal.close()).await.is_err() {
            tracing::error!("the last call records could not be stored in time");
        }
        if tokio::time::timeout(DRAIN_LIMIT, self.deliverer.close()).await.is_err() {
            tracing::error!("the last messages to webhooks could not be stored in time");
        }
        if let Err(error) = self.node.provisioning.flush_token_uses().await {
            tracing::warn!(%error, "when tokens were last used could not be stored");
        }
        if let Err(error) = self.directory.flush_credential_uses(&*self.node.storage).await {
            tracing::warn!(%error, "when credentials were last used could not be stored");
        }
        if let Err(error) = self.directory.flush_algorithm_uses(&*self.node.storage).await {
            tracing::warn!(%error, "which algorithms phones use could not be stored");
        }
        self.watch.finish().await;
        // Not left to the last owner: a connection to the control socket may own it for longer than the process lives.
        self.node.database.close().await;
    }
}

/// Unregisters everywhere at once, for as long as SIP is still served.
async fn leave_carriers(calls: &Calls) {
    calls.leave_carriers();
    let gone = async {
        while !calls.is_gone_from_carriers() {
            tokio::time::sleep(CARRIERS_ASKED_EVERY).await;
        }
    };
    if tokio::time::timeout(CARRIERS_LIMIT, gone).await.is_err() {
        tracing::warn!("some carriers did not answer that we unregister; they keep our contact until it expires");
    }
}

/// Lets the directory end the connections of phones that are revoked.
struct Closing {
    flows: Arc<Flows>,
}

impl Connections for Closing {
    fn close(&self, connection: u64) {
        // One that has ended meanwhile is as good as closed.
        let _ = self.flows.close(ConnectionId(connection));
    }
}

/// What HTTP is served on, bound but not served yet.
struct HttpListeners {
    http: Vec<TcpListener>,
    https: Vec<TcpListener>,
    metrics: Vec<TcpListener>,
}

impl HttpListeners {
    async fn bind(configuration: &Configuration) -> Result<Self, Failure> {
        Ok(Self {
            http: bind_http("http", &configuration.http_listen).await?,
            https: bind_http("https", &configuration.https_listen).await?,
            metrics: bind_http("metrics", configuration.metrics_listen.as_slice()).await?,
        })
    }
}

async fn bind_http(scheme: &'static str, addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, Failure> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let bound = TcpListener::bind(address).await.map_err(|error| Failure::listen(scheme, *address, error))?;
        listeners.push(bound);
    }
    Ok(listeners)
}

fn listening(listeners: &HttpListeners, sip: &[(Transport, SocketAddr)]) -> Listening {
    let addresses = |listeners: &[TcpListener]| listeners.iter().filter_map(|it| it.local_addr().ok()).collect();
    Listening {
        http: addresses(&listeners.http),
        https: addresses(&listeners.https),
        metrics: listeners.metrics.first().and_then(|listener| listener.local_addr().ok()),
        sip: sip.iter().map(|(transport, address)| format!("{}:{address}", transport.as_str())).collect(),
        pid: std::process::id(),
    }
}

fn metrics(node: &Node, signalling: &Signalling, readiness: Arc<dyn Readiness>, watch: &Arc<Watch>) -> Metrics {
    Metrics {
        clock: Arc::clone(&node.clock),
        started_at: node.clock.now(),
        readiness,
        handled: signalling.edge.counters(),
        events: Arc::clone(&signalling.events),
        directory: Arc::clone(&signalling.directory),
        saves: Arc::clone(&signalling.saves),
        calls: Arc::clone(signalling.calls.statistics()),
        calls_up: Arc::downgrade(signalling.edge.calls()),
        media: signalling.media.clone(),
        flows: Arc::clone(&signalling.flows),
        webhooks: Arc::clone(signalling.webhooks.statistics()),
        lease: node.database.node_lease(),
        watch: Arc::clone(watch),
    }
}

/// Where phones reach us: the public address if there is one, else the listening addresses.
fn sip_services(sip: &[(Transport, SocketAddr)], configuration: &Configuration) -> Vec<SipService> {
    let service = |(transport, address): &(Transport, SocketAddr)| SipService {
        transport: transport.as_str(),
        host: configuration
            .public_address
            .clone()
            .or_else(|| (!address.ip().is_unspecified()).then(|| address.ip().to_string())),
        port: address.port(),
    };
    sip.iter().map(service).collect()
}

async fn settle_base_domain(node: &Node, configuration: &Configuration) -> Result<String, Failure> {
    let operator = InstallationOperator::admitted_by_file_permissions();
    let outcome = node.provisioning.settle_base_domain(&operator, configuration.sip_domain.clone()).await?;
    if let BaseDomainOutcome::Replaced { now, before } = &outcome {
        tracing::warn!(%now, %before, "the base domain was changed: existing accounts keep theirs, new ones get the new one");
    }
    Ok(outcome.domain().to_string())
}

async fn build_signalling(node: &Node, configuration: &Configuration, plan: &Plan<'_>) -> Result<Signalling, Failure> {
    let Plan { lanes, base_domain, listeners } = *plan;
    let started_at = node.clock.now();
    let boot = node.storage.begin_boot(&configuration.node.name, started_at).await?;
    let flows = Arc::new(Flows::new());
    let directory = Directory::new(Arc::clone(&node.keyring), boot, configuration.directory.clone());
    let directory = Arc::new(directory.closing(Arc::new(Closing { flows: Arc::clone(&flows) })));
    node.storage.follow(Arc::clone(&directory) as _).await?;
    let loaded = tokio::task::block_in_place(|| {
        directory.load_algorithm_uses(&*node.storage)?;
        directory.load_registrations(&*node.storage, started_at)
    })?;
    tracing::info!(credentials = directory.credential_count(), registrations = loaded, "loaded");
    let (writer, registrations) = RegistrationWriter::start(
        Arc::clone(&directory),
        Arc::clone(&node.storage) as _,
        Arc::clone(&node.clock),
        WriterConfig::default(),
    );
    let online = RegistrationView::new(Arc::clone(&directory), &writer, Arc::clone(&node.clock));
    let saves = Arc::clone(writer.statistics());
    let (journal, journal_task) = Journal::start(Arc::clone(&node.storage) as _, call_journal::Config::default());
    let surroundings = Surroundings {
        storage: Arc::clone(&node.storage),
        keyring: Arc::clone(&node.keyring),
        clock: Arc::clone(&node.clock),
        random: Arc::clone(&node.random),
    };
    let (webhooks, deliverer) = Webhooks::start(&configuration.webhooks, surroundings).await?;
    node.provisioning.know_webhook_deliveries(Arc::clone(&webhooks) as _);
    let refusals = RefusalTeller::new(Arc::clone(&webhooks));
    let live_events = Arc::new(LiveFeed::default());
    let (events, keeper) = EventLog::keeping(
        event_log::Config { lanes, ..event_log::Config::default() },
        Keeping {
            storage: Arc::clone(&node.storage) as _,
            names: Arc::new(KnownNames(Arc::clone(&directory))),
            clock: Arc::clone(&node.clock),
            listeners: vec![Arc::clone(&live_events) as _, Arc::clone(&refusals) as _],
            sampling: Sampling::default(),
            room: EVENTS_WAITING,
        },
    );
    let events = Arc::new(events);
    let hops = CallHops::new();
    let media = configuration.media.open(&*node.random).await?;
    let calls = sip_edge::CallParts {
        directory: Arc::clone(&directory),
        flows: Arc::clone(&flows),
        clock: Arc::clone(&node.clock),
        random: Arc::clone(&node.random),
        journal: Arc::clone(&journal) as _,
        events: Arc::clone(&webhooks) as _,
        next_hops: Arc::clone(&hops) as _,
        media: media.clone().map(|media| media as _),
        config: sip_edge::CallsConfig {
            addresses: sip_edge::OwnAddresses {
                public_host: configuration.public_address.as_ref().map(|host| host.as_str().into()),
                listeners: listeners.to_vec(),
            },
            ..configuration.calls.clone()
        },
    };
    let parts = sip_edge::Parts {
        directory: Arc::clone(&directory),
        events: Arc::clone(&events) as _,
        writer,
        flows: Arc::clone(&flows),
        clock: Arc::clone(&node.clock),
        lease: node.database.lease(),
        nonces: nonce_issuer(node, boot, configuration.nonce_lifetime_seconds).await?,
        config: sip_edge::Config {
            lanes,
            nonce_buckets_per_lane: NONCE_BUCKETS_PER_LANE,
            transactions: sip_transaction::Limits::default(),
            registrar: configuration.registrar,
            public_host: configuration.public_address.as_ref().map(|host| host.as_str().into()),
            realm_of_nobody: RealmName::parse(base_domain).map_err(provisioning::ProvisioningError::from)?,
            defence: configuration.defence.clone(),
            service_route: configuration.service_route,
        },
    };
    let edge = Arc::new(Edge::new(parts, calls));
    let bans = Arc::new(edge.bans());
    tokio::task::block_in_place(|| node.storage.load_bans(started_at, &mut |ban| bans.take_up(ban)))?;
    node.provisioning.know_bans(Arc::clone(&bans) as _);
    node.storage.follow(Arc::clone(edge.calls()) as _).await?;
    node.provisioning.know_calls(Arc::clone(edge.calls()) as _);
    let kept = tokio::task::block_in_place(|| {
        let mut kept = Vec::new();
        node.storage.load_live_calls(&mut |snapshot| kept.push(snapshot)).map(|()| kept)
    })?;
    let taken_up = edge.calls().take_up(kept);
    if taken_up > 0 {
        tracing::info!(calls = taken_up, "calls of before the restart go on");
    }
    for trunk in directory.trunks().with_daily_limit() {
        let spend = |record: &CallRecord| edge.calls().spend_minutes(record);
        call_journal::todays_calls(&*node.storage, (trunk.account, trunk.id), node.clock.now(), spend).await?;
    }
    let online = Arc::new(online);
    let calls = journal;
    Ok(Signalling {
        boot: Boot { number: boot, started_at },
        edge,
        directory,
        flows,
        events,
        saves,
        online,
        registrations,
        hops,
        media,
        calls,
        journal: journal_task,
        webhooks,
        deliverer,
        keeper,
        live_events,
        refusals,
    })
}

/// Lets `echo@` answer. Its media goes by the addresses at which SIP is served.
fn start_echo(node: &Node, configuration: &Configuration, (edge, sip): (&Arc<Edge>, &[(Transport, SocketAddr)])) {
    let mut entropy = [0; 32];
    node.random.fill(&mut entropy);
    let addresses: Vec<_> = sip.iter().map(|(_, address)| *address).collect();
    let places = EchoPlaces {
        sip: &addresses,
        public_address: configuration.public_address.as_deref(),
        ports: configuration.media_ports.clone(),
    };
    calls::start_echo(edge, entropy, &places);
}

fn retention(node: &Node, days: u32) -> Retention {
    Retention { storage: Arc::clone(&node.storage) as _, clock: Arc::clone(&node.clock), days }
}

fn event_retention(node: &Node) -> event_log::Retention {
    event_log::Retention {
        storage: Arc::clone(&node.storage) as _,
        clock: Arc::clone(&node.clock),
        operator_days: OPERATOR_EVENT_DAYS,
        most: MOST_EVENTS_OF_ACCOUNT,
    }
}

/// The nonce key outlives the process, so that nonces of before a restart are known for what they are.
async fn nonce_issuer(node: &Node, boot: BootNumber, lifetime_seconds: u32) -> Result<NonceIssuer, Failure> {
    let key = node.provisioning.nonce_key(&InstallationOperator::admitted_by_file_permissions()).await?;
    Ok(NonceIssuer::new(NonceKey::new(&key), boot.0, lifetime_seconds))
}

fn serve_http(served: impl Iterator<Item = (TcpListener, HttpApi)>) -> (watch::Sender<bool>, Vec<JoinHandle<()>>) {
    let (stop, stopped) = watch::channel(false);
    let serve = |(listener, api): (TcpListener, HttpApi)| {
        let mut stopped = stopped.clone();
        let shutdown = async move {
            // A closed channel means the same as a request to stop.
            let _ = stopped.wait_for(|stop| *stop).await.is_ok();
        };
        tokio::spawn(http_api::serve(listener, api, shutdown))
    };
    let tasks = served.map(serve).collect();
    (stop, tasks)
}
