//! Opens connections to next hops and has them served like any other.

use crate::connect_error::ConnectError;
use crate::connection::stopped;
use crate::connection_service::{ConnectionService, OwnConnection, Ready};
use crate::ends::Ends;
use crate::listen;
use crate::resolve::NextHop;
use crate::{Flow, Inbound, Transport};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tls_identity::{Connector as TlsConnector, PeerName};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

/// What the operator may set about connections to next hops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorConfig {
    /// Most of them at a time, those being opened included. They take no place from the connections of phones.
    pub max_connections: usize,
    /// How long opening one may take, handshake included, in milliseconds; far below the 32 seconds after which a
    /// transaction gives up (RFC 3261 section 17.1.1.2), so that there is time for another next hop.
    pub connect_ms: u64,
}

impl Default for ConnectorConfig {
    fn default() -> Self {
        Self { max_connections: 1_000, connect_ms: 4_000 }
    }
}

/// Finds or makes the flow that a request to a next hop goes over. One that we have opened is used again for the same
/// transport, address and, with TLS, name; one that somebody opened to us never is: nobody proves who they are by
/// connecting (RFC 5923 section 5). Idle ones are closed as those of phones are.
pub struct Connector<I: Inbound> {
    service: Arc<ConnectionService<I>>,
    tls: TlsConnector,
    config: ConnectorConfig,
    places: Arc<Semaphore>,
    ways: Mutex<Ways>,
    stop: watch::Receiver<bool>,
}

/// What tells connections apart. The name counts only where it was proven.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Destination {
    transport: Transport,
    address: SocketAddr,
    name: Option<PeerName>,
}

#[derive(Default)]
struct Ways {
    by_destination: HashMap<Destination, Way>,
    last: u64,
}

struct Way {
    /// A later one to the same destination has another number.
    number: u64,
    state: WayState,
}

type Outcome = Option<Result<Flow, ConnectError>>;

enum WayState {
    Opening(watch::Receiver<Outcome>),
    Open(Flow),
}

/// One connection from before it is opened until after it has ended.
struct Attempt {
    destination: Destination,
    name: PeerName,
    number: u64,
    outcome: watch::Sender<Outcome>,
    place: OwnedSemaphorePermit,
}

impl<I: Inbound> Connector<I> {
    /// Connections are served by that service until `stop` says so.
    #[must_use]
    pub fn new(
        service: Arc<ConnectionService<I>>,
        tls: TlsConnector,
        config: ConnectorConfig,
        stop: watch::Receiver<bool>,
    ) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(config.max_connections.min(Semaphore::MAX_PERMITS)));
        Arc::new(Self { service, tls, config, places, ways: Mutex::default(), stop })
    }

    /// The flow to that hop, if it takes no waiting: over UDP, or over a connection that is open.
    #[must_use]
    pub fn ready_flow(&self, hop: &NextHop, name: &PeerName) -> Option<Flow> {
        if hop.transport == Transport::Udp {
            return self.service.flows().udp_for(hop.address);
        }
        self.open_flow(&self.ways.lock(), &Destination::new(hop, name))
    }

    /// The flow to that hop, over a new connection if need be. Whoever asks for the same while one is being opened waits
    /// for that one. To be called within a tokio runtime.
    ///
    /// # Errors
    /// [`ConnectError`] says why there is none.
    pub async fn connect(self: &Arc<Self>, hop: &NextHop, name: &PeerName) -> Result<Flow, ConnectError> {
        match hop.transport {
            Transport::Udp => return self.service.flows().udp_for(hop.address).ok_or(ConnectError::NoSocket),
            Transport::Tcp | Transport::Tls => {}
            Transport::Ws | Transport::Wss => return Err(ConnectError::NotSpoken(hop.transport)),
        }
        let mut outcome = match self.begin(Destination::new(hop, name), name)? {
            WayState::Open(flow) => return Ok(flow),
            WayState::Opening(outcome) => outcome,
        };
        let told = outcome.wait_for(Option::is_some).await.map(|outcome| outcome.clone());
        told.ok().flatten().unwrap_or(Err(ConnectError::Stopping))
    }

    /// Completes when every connection has ended, which they do when told to stop.
    pub async fn all_ended(&self) {
        let all = u32::try_from(self.config.max_connections).unwrap_or(u32::MAX);
        // Nobody closes the semaphore.
        let _ = self.places.acquire_many(all).await;
    }

    fn open_flow(&self, ways: &Ways, destination: &Destination) -> Option<Flow> {
        match ways.by_destination.get(destination)?.state {
            WayState::Open(flow) => Some(flow).filter(|flow| self.service.flows().is_open(flow.connection)),
            WayState::Opening(_) => None,
        }
    }

    /// The way there that is open or being opened, or a new one.
    fn begin(self: &Arc<Self>, destination: Destination, name: &PeerName) -> Result<WayState, ConnectError> {
        if *self.stop.borrow() {
            return Err(ConnectError::Stopping);
        }
        let mut ways = self.ways.lock();
        if let Some(flow) = self.open_flow(&ways, &destination) {
            return Ok(WayState::Open(flow));
        }
        if let Some(Way { state: WayState::Opening(outcome), .. }) = ways.by_destination.get(&destination) {
            return Ok(WayState::Opening(outcome.clone()));
        }
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            self.service.flows().no_room_for_own(destination.transport);
            ConnectError::NoRoom { most: self.config.max_connections }
        })?;
        ways.last += 1;
        let number = ways.last;
        let (sender, outcome) = watch::channel(None);
        let way = Way { number, state: WayState::Opening(outcome.clone()) };
        ways.by_destination.insert(destination.clone(), way);
        drop(ways);
        let attempt = Attempt { destination, name: name.clone(), number, outcome: sender, place };
        tokio::spawn(Arc::clone(self).live(attempt));
        Ok(WayState::Opening(outcome))
    }

    /// Opens a connection, tells whoever waits, and serves it to its end.
    async fn live(self: Arc<Self>, attempt: Attempt) {
        let Attempt { destination, name, number, outcome, place } = attempt;
        let listed = Listed { connector: &self, destination: &destination, number };
        // In a box of its own, which is gone before the first message comes.
        let opened = Box::pin(self.open(&destination, &name)).await;
        let (ready, ends) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.service.flows().failed_to_open(destination.transport);
                tracing::debug!(%error, remote = %destination.address, transport = destination.transport.as_str(), "no connection to a next hop");
                // The way is forgotten first: who is told may try again at once.
                drop((listed, place));
                outcome.send_replace(Some(Err(error)));
                return;
            }
        };
        let own = OwnConnection { ready, transport: destination.transport, ends, stop: self.stop.clone() };
        let opened = |flow| {
            self.note_open(&destination, number, flow);
            outcome.send_replace(Some(Ok(flow)));
        };
        self.service.serve_own(own, opened).await;
        drop((listed, place));
    }

    async fn open(&self, destination: &Destination, name: &PeerName) -> Result<(Ready, Ends), ConnectError> {
        let limit_ms = self.config.connect_ms;
        let mut stop = self.stop.clone();
        tokio::select! {
            opened = timeout(Duration::from_millis(limit_ms), self.layers(destination, name)) => {
                opened.unwrap_or(Err(ConnectError::TimedOut { limit_ms }))
            }
            () = stopped(&mut stop) => Err(ConnectError::Stopping),
        }
    }

    async fn layers(&self, destination: &Destination, name: &PeerName) -> Result<(Ready, Ends), ConnectError> {
        let stream = TcpStream::connect(destination.address).await.map_err(ConnectError::of_tcp)?;
        let local = stream.local_addr().map_err(ConnectError::of_tcp)?;
        let ends = Ends { local, remote: destination.address };
        listen::settle(&stream);
        if destination.transport == Transport::Tcp {
            return Ok((Ready::Tcp(stream), ends));
        }
        let stream = self.tls.connect(name, stream).await.map_err(|error| ConnectError::of_tls(error, name))?;
        Ok((Ready::OwnTls(Box::new(stream)), ends))
    }

    fn note_open(&self, destination: &Destination, number: u64, flow: Flow) {
        let mut ways = self.ways.lock();
        if let Some(way) = ways.by_destination.get_mut(destination).filter(|way| way.number == number) {
            way.state = WayState::Open(flow);
        }
    }
}

impl Destination {
    fn new(hop: &NextHop, name: &PeerName) -> Self {
        let name = (hop.transport == Transport::Tls).then(|| name.clone());
        Self { transport: hop.transport, address: hop.address, name }
    }
}

/// Forgets a way when its connection has ended, in whatever manner.
struct Listed<'c, I: Inbound> {
    connector: &'c Connector<I>,
    destination: &'c Destination,
    number: u64,
}

impl<I: Inbound> Drop for Listed<'_, I> {
    fn drop(&mut self) {
        let mut ways = self.connector.ways.lock();
        if ways.by_destination.get(self.destination).is_some_and(|way| way.number == self.number) {
            ways.by_destination.remove(self.destination);
        }
    }
}
