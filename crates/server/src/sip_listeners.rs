//! The SIP sockets and the threads and tasks that serve them.

use crate::failure::Failure;
use crate::next_hops::{NextHopSettings, NextHops};
use sip_edge::Edge;
use sip_transport::{ConnectionConfig, ConnectionService, Flows, Layers, Transport, UdpWorker, bind_tcp, bind_udp};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tls_identity::{Acceptor, TlsIdentityError};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Lanes a nonce can tell apart.
pub(crate) const MAX_LANES: usize = 64;

/// How many lanes these addresses need: one for each worker of a UDP address, and as many that all connections share,
/// those to next hops included.
pub(crate) fn lanes(addresses: &[(Transport, SocketAddr)], workers: usize) -> usize {
    let udp = addresses.iter().filter(|(transport, _)| *transport == Transport::Udp).count();
    (udp + 1) * workers
}

/// How long connections may take to end at shutdown.
const FAREWELL_LIMIT: Duration = Duration::from_secs(2);

/// Sockets that are bound and not yet served.
pub(crate) struct SipSockets {
    /// For each address as many sockets as there are workers.
    udp: Vec<Vec<UdpSocket>>,
    /// Of all transports that have connections.
    listeners: Vec<(Transport, TcpListener)>,
    connection_lanes: usize,
}

/// What sockets are served with.
pub(crate) struct SipService<'s> {
    pub(crate) edge: &'s Arc<Edge>,
    pub(crate) flows: &'s Arc<Flows>,
    pub(crate) connections: ConnectionConfig,
    /// Handshakes, where a listener needs them.
    pub(crate) tls: Option<Acceptor>,
    pub(crate) next_hops: &'s NextHopSettings,
}

/// Sockets that are being served.
pub(crate) struct RunningSip {
    stop_threads: Arc<AtomicBool>,
    stop_tasks: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    pub(crate) next_hops: NextHops,
}

impl SipSockets {
    pub(crate) fn bind(addresses: &[(Transport, SocketAddr)], workers: usize) -> Result<Self, Failure> {
        let mut sockets = Self { udp: Vec::new(), listeners: Vec::new(), connection_lanes: workers };
        for (transport, address) in addresses.iter().copied() {
            match transport {
                Transport::Udp => {
                    let bound = bind_udp(address, workers).map_err(|error| Failure::listen("udp", address, error))?;
                    sockets.udp.push(bound);
                }
                Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                    let bound =
                        bind_tcp(address).map_err(|error| Failure::listen(transport.as_str(), address, error))?;
                    sockets.listeners.push((transport, bound));
                }
            }
        }
        Ok(sockets)
    }

    /// How many lanes the edge needs: one for each UDP socket, and some that all connections share.
    pub(crate) fn lanes(&self) -> usize {
        self.udp.iter().map(Vec::len).sum::<usize>() + self.connection_lanes
    }

    /// The bound addresses as `TRANSPORT:ADDRESS`.
    pub(crate) fn addresses(&self) -> Vec<(Transport, SocketAddr)> {
        let udp = self.udp.iter().filter_map(|sockets| sockets.first()?.local_addr().ok());
        let udp = udp.map(|address| (Transport::Udp, address));
        let address =
            |(transport, listener): &(Transport, TcpListener)| Some((*transport, listener.local_addr().ok()?));
        udp.chain(self.listeners.iter().filter_map(address)).collect()
    }

    /// Starts a thread for each UDP socket and a task for each listener.
    pub(crate) fn serve(self, service: SipService<'_>) -> Result<RunningSip, Failure> {
        let SipService { edge, flows, connections, tls, next_hops } = service;
        let addresses = self.addresses();
        let stop_threads = Arc::new(AtomicBool::new(false));
        let (stop_tasks, stopped) = watch::channel(false);
        let mut threads = Vec::new();
        let lanes = self.lanes();
        for socket in self.udp.into_iter().flatten() {
            let lane = threads.len();
            let worker = UdpWorker::new(socket, lane, Arc::clone(edge), flows).map_err(Failure::Runtime)?;
            let stop = Arc::clone(&stop_threads);
            let named = std::thread::Builder::new().name(format!("sip-udp-{lane}"));
            threads.push(named.spawn(move || worker.run(&stop)).map_err(Failure::Runtime)?);
        }
        let service = ConnectionService::new(Arc::clone(edge), Arc::clone(flows), connections, threads.len()..lanes);
        let next_hops = next_hops.build(&addresses, Arc::clone(&service), stopped.clone())?;
        let mut tasks = Vec::new();
        for (transport, listener) in self.listeners {
            let layers = layers(transport, tls.as_ref())?;
            tasks.push(tokio::spawn(Arc::clone(&service).serve(listener, layers, stopped.clone())));
        }
        Ok(RunningSip { stop_threads, stop_tasks, threads, tasks, next_hops })
    }
}

/// What a listener of that transport speaks below SIP.
fn layers(transport: Transport, tls: Option<&Acceptor>) -> Result<Layers, Failure> {
    let acceptor = || tls.cloned().ok_or(Failure::Tls(TlsIdentityError::NoPair));
    match transport {
        Transport::Udp | Transport::Tcp => Ok(Layers::Tcp),
        Transport::Tls => acceptor().map(Layers::Tls),
        Transport::Ws => Ok(Layers::Ws),
        Transport::Wss => acceptor().map(Layers::Wss),
    }
}

impl RunningSip {
    /// Stops taking messages; returns when no thread handles one any more and connections have said farewell, or had
    /// the time to.
    pub(crate) async fn stop(self) {
        self.stop_threads.store(true, Ordering::Relaxed);
        // Without a receiver all tasks have ended already.
        let _ = self.stop_tasks.send(true);
        let threads = self.threads;
        let joined =
            tokio::task::spawn_blocking(move || threads.into_iter().map(JoinHandle::join).all(|end| end.is_ok()));
        if !joined.await.unwrap_or(false) {
            tracing::error!("a signalling thread ended in a panic");
        }
        let farewells = async {
            for task in self.tasks {
                // It ends in a panic only with the process.
                let _ = task.await;
            }
            self.next_hops.connector.all_ended().await;
        };
        if tokio::time::timeout(FAREWELL_LIMIT, farewells).await.is_err() {
            tracing::debug!("some connections did not take what they were sent when the time to end them was over");
        }
    }
}
