//! A TCP server in this process, and a peer that talks to it.

use crate::recorder::Recorder;
use sip_transport::{
    ConnectionConfig, ConnectionService, Flows, Layers, OriginPolicy, Transport, TransportCounts, bind_tcp,
};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than anything here takes when it works.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const QUICK: ConnectionConfig = ConnectionConfig {
    max_connections: 10,
    max_connections_per_source: None,
    idle_seconds: 60,
    message_seconds: 30,
    write_seconds: 30,
    handshake_seconds: 30,
    max_handshakes: 5,
    origins: OriginPolicy::SameHost,
    proxies: Vec::new(),
};

pub struct Server {
    pub recorder: Arc<Recorder>,
    pub flows: Arc<Flows>,
    pub address: SocketAddr,
    pub stop: watch::Sender<bool>,
    pub task: JoinHandle<()>,
}

pub struct Peer<S = TcpStream> {
    pub stream: S,
}

impl Server {
    /// Serves TCP on lanes 3 and 4.
    pub fn start(config: ConnectionConfig) -> Self {
        Self::speaking(Layers::Tcp, config)
    }

    /// The same over other layers.
    pub fn speaking(layers: Layers, config: ConnectionConfig) -> Self {
        let listener = bind_tcp("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (recorder, flows) = (Arc::new(Recorder::default()), Arc::new(Flows::new()));
        let (stop, stopped) = watch::channel(false);
        let service = ConnectionService::new(Arc::clone(&recorder), Arc::clone(&flows), config, 3..5);
        let task = tokio::spawn(service.serve(listener, layers, stopped));
        Self { recorder, flows, address, stop, task }
    }

    pub async fn connect(&self) -> Peer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Peer { stream }
    }

    /// Waits until the counts of the server's transport are as expected: a client may know of an end before they do.
    pub async fn counts(&self, transport: Transport, is_expected: impl Fn(TransportCounts) -> bool) {
        let begin = Instant::now();
        while !is_expected(self.flows.connection_counts().of(transport)) {
            assert!(begin.elapsed() < PATIENCE, "{:?}", self.flows.connection_counts());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until that many connections are open.
    pub async fn connections(&self, expected: usize) {
        let begin = Instant::now();
        while self.flows.connection_count() != expected {
            assert!(begin.elapsed() < PATIENCE, "{} connections rather than {expected}", self.flows.connection_count());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub async fn send(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Reads exactly those octets.
    #[track_caller]
    pub fn expect(&mut self, octets: &[u8]) -> impl Future<Output = ()> {
        let octets = octets.to_vec();
        async move {
            let mut read = vec![0; octets.len()];
            timeout(PATIENCE, self.stream.read_exact(&mut read)).await.unwrap().unwrap();
            assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(&octets));
        }
    }

    /// Reads exactly those octets, unless the connection ends before any comes; then `true`.
    pub async fn expect_end_or(&mut self, octets: &[u8]) -> bool {
        let mut read = vec![0; octets.len()];
        let outcome = timeout(PATIENCE, self.stream.read_exact(&mut read)).await.unwrap();
        assert!(outcome.is_err() || read == octets, "{}", String::from_utf8_lossy(&read));
        outcome.is_err()
    }

    /// Reads to the end; how long it took and what came before. A reset counts as an end.
    pub async fn expect_end(&mut self) -> (Duration, Vec<u8>) {
        let begin = Instant::now();
        let mut read = Vec::new();
        let _ = timeout(PATIENCE, self.stream.read_to_end(&mut read)).await.unwrap();
        (begin.elapsed(), read)
    }
}

/// A message with a body of that many octets.
pub fn message(method: &str, body: usize) -> Vec<u8> {
    let head = format!("{method} sip:h SIP/2.0\r\nCall-ID: 1\r\nContent-Length: {body}\r\n\r\n");
    [head.into_bytes(), vec![b'b'; body]].concat()
}
