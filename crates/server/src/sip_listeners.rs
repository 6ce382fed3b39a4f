//! The SIP sockets and the threads and tasks that serve them.

use crate::failure::Failure;
use sip_edge::Edge;
use sip_transport::{Flows, TcpConfig, TcpService, Transport, UdpWorker, bind_tcp, bind_udp};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Lanes a nonce can tell apart.
pub(crate) const MAX_LANES: usize = 64;

/// How many lanes these addresses need: one for each worker of a UDP address, and as many that all TCP connections share.
pub(crate) fn lanes(addresses: &[(Transport, SocketAddr)], workers: usize) -> usize {
    let udp = addresses.iter().filter(|(transport, _)| *transport == Transport::Udp).count();
    let tcp = usize::from(udp < addresses.len());
    (udp + tcp) * workers
}

/// Sockets that are bound and not yet served.
pub(crate) struct SipSockets {
    /// For each address as many sockets as there are workers.
    udp: Vec<Vec<UdpSocket>>,
    tcp: Vec<TcpListener>,
    tcp_lanes: usize,
}

/// Sockets that are being served.
pub(crate) struct RunningSip {
    stop_threads: Arc<AtomicBool>,
    stop_tasks: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl SipSockets {
    pub(crate) fn bind(addresses: &[(Transport, SocketAddr)], workers: usize) -> Result<Self, Failure> {
        let mut sockets = Self { udp: Vec::new(), tcp: Vec::new(), tcp_lanes: 0 };
        for (transport, address) in addresses.iter().copied() {
            match transport {
                Transport::Udp => {
                    let bound = bind_udp(address, workers).map_err(|error| Failure::listen("udp", address, error))?;
                    sockets.udp.push(bound);
                }
                Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                    let bound = bind_tcp(address).map_err(|error| Failure::listen("tcp", address, error))?;
                    sockets.tcp.push(bound);
                    sockets.tcp_lanes = workers;
                }
            }
        }
        Ok(sockets)
    }

    /// How many lanes the edge needs: one for each UDP socket, and some that all TCP connections share.
    pub(crate) fn lanes(&self) -> usize {
        self.udp.iter().map(Vec::len).sum::<usize>() + self.tcp_lanes
    }

    /// The bound addresses as `TRANSPORT:ADDRESS`.
    pub(crate) fn addresses(&self) -> Vec<(Transport, SocketAddr)> {
        let udp = self.udp.iter().filter_map(|sockets| sockets.first()?.local_addr().ok());
        let tcp = self.tcp.iter().filter_map(|listener| listener.local_addr().ok());
        udp.map(|address| (Transport::Udp, address)).chain(tcp.map(|address| (Transport::Tcp, address))).collect()
    }

    /// Starts a thread for each UDP socket and a task for each TCP listener.
    pub(crate) fn serve(self, edge: &Arc<Edge>, flows: &Arc<Flows>) -> Result<RunningSip, Failure> {
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
        let service = TcpService::new(Arc::clone(edge), Arc::clone(flows), TcpConfig::default(), threads.len()..lanes);
        for listener in self.tcp {
            tokio::spawn(Arc::clone(&service).serve(listener, stopped.clone()));
        }
        Ok(RunningSip { stop_threads, stop_tasks, threads })
    }
}

impl RunningSip {
    /// Stops taking messages; returns when no thread handles one any more.
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
    }
}
