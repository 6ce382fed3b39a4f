//! Accepts connections, does the handshake of their layers, and has each served to its end.

use crate::connection::{OpenedBy, Surroundings, stopped};
use crate::ends::Ends;
use crate::lanes::{Lane, Lanes};
use crate::octet_stream::OctetStream;
use crate::sources::{SourcePlace, Sources};
use crate::unreported::Unreported;
use crate::websocket::{WebSocket, shake_hands};
use crate::{
    ConnectionConfig, ConnectionId, Flow, Flows, Inbound, Layers, OriginPolicy, Transport, listen, proxy_protocol,
};
use handshakes::HandshakePlaces;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tls_identity::{ClientTlsStream, TlsStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

/// Late answers that may wait for a connection to take them.
const LATE_ANSWERS: usize = 32;
/// The same for a connection of ours, which the calls of many share.
const LATE_REQUESTS: usize = 1_024;
/// How long accepting rests when there is no room for another connection: trying at once would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves connections. Buffers are per lane, not per connection: an idle phone costs almost nothing.
pub struct ConnectionService<I: Inbound> {
    inbound: Arc<I>,
    flows: Arc<Flows>,
    config: ConnectionConfig,
    lanes: Lanes<I>,
    places: HandshakePlaces,
    sources: Sources,
    proxy_faults: Unreported,
    accept_faults: Unreported,
}

/// A connection on which SIP may be spoken.
pub(crate) enum Ready {
    Tcp(TcpStream),
    OwnTls(Box<ClientTlsStream<TcpStream>>),
    Tls(Box<TlsStream<TcpStream>>),
    Ws(Box<WebSocket<TcpStream>>),
    Wss(Box<WebSocket<Box<TlsStream<TcpStream>>>>),
}

/// A connection to a next hop.
pub(crate) struct OwnConnection {
    pub ready: Ready,
    pub transport: Transport,
    pub ends: Ends,
    pub stop: watch::Receiver<bool>,
}

/// What came of an accepted connection.
struct Established<'s> {
    ready: Ready,
    ends: Ends,
    place: SourcePlace<'s>,
}

/// Why nothing came of it.
enum Unfit {
    NoRoom,
    Failed(io::Error),
}

impl<I: Inbound> ConnectionService<I> {
    /// A service whose connections are spread over those lanes.
    #[must_use]
    pub fn new(inbound: Arc<I>, flows: Arc<Flows>, config: ConnectionConfig, lanes: Range<usize>) -> Arc<Self> {
        let lanes = Lanes::new(&*inbound, lanes);
        let places = HandshakePlaces::new(config.max_handshakes);
        let sources = Sources::new(config.max_connections_per_source);
        let (proxy_faults, accept_faults) = (Unreported::default(), Unreported::default());
        Arc::new(Self { inbound, flows, lanes, places, sources, proxy_faults, accept_faults, config })
    }

    /// Accepts connections until told to stop; returns when those it has accepted have ended.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, layers: Layers, mut stop: watch::Receiver<bool>) {
        let (alive, mut all_ended) = mpsc::channel::<Infallible>(1);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(&mut stop) => break,
            };
            match accepted {
                Ok((stream, remote)) => {
                    let (service, layers, stop) = (Arc::clone(&self), layers.clone(), stop.clone());
                    let alive = alive.clone();
                    tokio::spawn(async move {
                        service.accepted(stream, remote, (layers, stop)).await;
                        drop(alive);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, mostly; waiting lets connections end.
                    if let Some(count) = self.accept_faults.note() {
                        tracing::warn!(%error, count, "no connection could be accepted; raise the limit of open files");
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop((listener, alive));
        // Nothing is ever sent: this completes with the last sender.
        let _: Option<Infallible> = all_ended.recv().await;
    }

    pub(crate) fn config(&self) -> &ConnectionConfig {
        &self.config
    }

    pub(crate) fn flows(&self) -> &Flows {
        &self.flows
    }

    pub(crate) fn inbound(&self) -> &I {
        &self.inbound
    }

    pub(crate) fn lane_of(&self, connection: ConnectionId) -> Option<Lane<'_, I>> {
        self.lanes.of(connection)
    }

    async fn accepted(
        &self,
        stream: TcpStream,
        remote: SocketAddr,
        (layers, mut stop): (Layers, watch::Receiver<bool>),
    ) {
        let Ok(local) = stream.local_addr() else { return };
        listen::settle(&stream);
        let transport = layers.transport();
        if !self.flows.has_room(self.config.max_connections) {
            return self.flows.refused(transport, remote);
        }
        // In a box of its own, which is gone before the first message comes.
        let established = Box::pin(self.establish(stream, Ends { local, remote }, layers));
        let established = tokio::select! {
            established = established => established,
            () = stopped(&mut stop) => return,
        };
        match established {
            Ok(established) => self.serve_connection(established, transport, stop).await,
            Err(Unfit::NoRoom) => self.flows.refused(transport, remote),
            Err(Unfit::Failed(error)) => {
                self.flows.failed_handshake(transport);
                tracing::debug!(%error, %remote, transport = transport.as_str(), "a handshake was not completed");
            }
        }
    }

    /// Does everything that comes before SIP, within the bounds that it has.
    async fn establish(&self, stream: TcpStream, own: Ends, layers: Layers) -> Result<Established<'_>, Unfit> {
        let is_from_proxy = self.config.proxies.iter().any(|network| network.contains(&own.remote.ip()));
        let Layers::Tcp = layers else { return self.shake_hands(stream, (own, is_from_proxy), layers).await };
        if is_from_proxy {
            return self.shake_hands(stream, (own, is_from_proxy), layers).await;
        }
        // Nothing to wait for, and so no place that somebody else would have to give way for.
        let place = self.sources.take(own.remote.ip()).ok_or(Unfit::NoRoom)?;
        Ok(Established { ready: Ready::Tcp(stream), ends: own, place })
    }

    async fn shake_hands(
        &self,
        mut stream: TcpStream,
        (own, is_from_proxy): (Ends, bool),
        layers: Layers,
    ) -> Result<Established<'_>, Unfit> {
        let limit = Duration::from_secs(self.config.handshake_seconds);
        let handshake = async move {
            let ends = if is_from_proxy { self.ends_told(&mut stream, own).await? } else { own };
            let Some(place) = self.sources.take(ends.remote.ip()) else { return Ok(Err(Unfit::NoRoom)) };
            let ready = ready(stream, layers, &self.config.origins).await?;
            Ok(Ok(Established { ready, ends, place }))
        };
        self.places.bound(limit, handshake).await.unwrap_or_else(|error| Err(Unfit::Failed(error)))
    }

    /// The ends that a balancer tells. What it does wrong is the operator's to mend, and so in the log.
    async fn ends_told(&self, stream: &mut TcpStream, own: Ends) -> io::Result<Ends> {
        let told = proxy_protocol::read(stream, own).await;
        if let Err(error) = &told
            && error.kind() == io::ErrorKind::Other
            && let Some(count) = self.proxy_faults.note()
        {
            tracing::warn!(%error, count, from = %own.remote, "a connection from a balancer was refused");
        }
        told
    }

    async fn serve_connection(&self, established: Established<'_>, transport: Transport, stop: watch::Receiver<bool>) {
        let Established { ready, ends: Ends { local, remote }, place: _place } = established;
        let (sender, late) = mpsc::channel(LATE_ANSWERS);
        let Some(connection) = self.flows.add_connection((transport, sender), self.config.max_connections) else {
            return self.flows.refused(transport, remote);
        };
        let flow = Flow { transport, local, remote, connection };
        self.serve_open(ready, Surroundings { flow, late, stop, opened_by: OpenedBy::Peer }).await;
    }

    /// Serves a connection that we have opened; `opened` is told its flow, over which messages can be sent from then on.
    pub(crate) async fn serve_own(&self, own: OwnConnection, opened: impl FnOnce(Flow)) {
        let OwnConnection { ready, transport, ends: Ends { local, remote }, stop } = own;
        let (sender, late) = mpsc::channel(LATE_REQUESTS);
        let connection = self.flows.add_own_connection((transport, sender));
        let flow = Flow { transport, local, remote, connection };
        opened(flow);
        self.serve_open(ready, Surroundings { flow, late, stop, opened_by: OpenedBy::Us }).await;
    }

    async fn serve_open(&self, ready: Ready, around: Surroundings) {
        let (flow, opened_by) = (around.flow, around.opened_by);
        let _open = OpenConnection { flows: &self.flows, inbound: &*self.inbound, flow, opened_by };
        // Each in a box of its own: the least kind of connection must not take the room of the greatest.
        match ready {
            Ready::Tcp(stream) => Box::pin(self.converse(OctetStream::new(stream), around)).await,
            Ready::OwnTls(stream) => Box::pin(self.converse(OctetStream::new(stream), around)).await,
            Ready::Tls(stream) => Box::pin(self.converse(OctetStream::new(stream), around)).await,
            Ready::Ws(socket) => Box::pin(self.converse(*socket, around)).await,
            Ready::Wss(socket) => Box::pin(self.converse(*socket, around)).await,
        }
    }
}

/// Puts a listener's layers on a connection.
async fn ready(stream: TcpStream, layers: Layers, origins: &OriginPolicy) -> io::Result<Ready> {
    match layers {
        Layers::Tcp => Ok(Ready::Tcp(stream)),
        Layers::Tls(acceptor) => Ok(Ready::Tls(Box::new(acceptor.accept(stream).await?))),
        Layers::Ws => Ok(Ready::Ws(Box::new(shake_hands(stream, origins).await?))),
        Layers::Wss(acceptor) => {
            let stream = Box::new(acceptor.accept(stream).await?);
            Ok(Ready::Wss(Box::new(shake_hands(stream, origins).await?)))
        }
    }
}

/// Forgets a connection when it ends, in whatever way, and tells once that it did.
struct OpenConnection<'f, I: Inbound> {
    flows: &'f Flows,
    inbound: &'f I,
    flow: Flow,
    opened_by: OpenedBy,
}

impl<I: Inbound> Drop for OpenConnection<'_, I> {
    fn drop(&mut self) {
        self.flows.remove_connection(&self.flow, self.opened_by);
        self.inbound.closed(&self.flow);
    }
}
