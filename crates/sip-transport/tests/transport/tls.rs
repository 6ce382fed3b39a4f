//! TLS below the same loop: handshakes that take their time, certificates that change, ends that are told.

use crate::recorder::answer_to;
use crate::server::{PATIENCE, Peer, QUICK, Server, message};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sip_transport::{ConnectionConfig, Layers, Transport};
use std::fs;
use std::sync::Arc;
use std::time::Instant;
use tempfile::TempDir;
use tls_identity::{Acceptor, Identities, PairFiles, crypto_provider};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate in files, and a client that trusts it.
pub struct Certified {
    folder: TempDir,
    pub identities: Arc<Identities>,
}

impl Certified {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(&folder);
        let files = PairFiles { certificate: folder.path().join("crt"), key: folder.path().join("key") };
        Self { identities: Arc::new(Identities::load(vec![files]).unwrap()), folder }
    }

    pub fn acceptor(&self) -> Acceptor {
        Acceptor::new(Arc::clone(&self.identities), &[]).unwrap()
    }

    pub async fn connect(&self, server: &Server) -> Peer<TlsStream<TcpStream>> {
        self.shake_hands(server.connect().await.stream).await
    }

    pub async fn shake_hands(&self, stream: TcpStream) -> Peer<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        let pem = fs::read(self.folder.path().join("crt")).unwrap();
        roots.add(rustls::pki_types::pem::PemObject::from_pem_slice(&pem).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(crypto_provider()).with_safe_default_protocol_versions();
        let mut config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
        // A phone may offer what it likes; none of it is a reason to refuse it.
        config.alpn_protocols = vec![b"sip".to_vec(), b"sips".to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        Peer { stream: connected.unwrap() }
    }
}

fn write(folder: &TempDir) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    for (name, text) in [("key", key.serialize_pem()), ("crt", certificate.pem())] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    certificate.der().clone()
}

fn start(config: ConnectionConfig) -> (Certified, Server) {
    let certified = Certified::new();
    let server = Server::speaking(Layers::Tls(certified.acceptor()), config);
    (certified, server)
}

#[tokio::test]
async fn messages_pass_in_both_directions_and_ends_are_told() {
    let (certified, server) = start(QUICK);
    let mut peer = certified.connect(&server).await;
    let largest = message("AAA", 60_000);
    for octets in [&message("AAA", 5)[..], &largest] {
        peer.send(octets).await;
        peer.expect(&answer_to(octets.len())).await;
    }
    peer.send(b"\r\n\r\n").await;
    peer.expect(b"\r\n").await;
    let flow = server.recorder.received.lock()[0].flow;
    assert_eq!((flow.transport, flow.local), (Transport::Tls, server.address));
    server.flows.send(&flow, flow.remote, b"late").unwrap();
    peer.expect(b"late").await;
    // A close_notify, or rustls would call the end an error.
    assert!(server.flows.close(flow.connection));
    let mut rest = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut peer.stream, &mut rest).await.unwrap();
    server.connections(0).await;
    assert_eq!(*server.recorder.closed.lock(), [flow]);
}

#[tokio::test]
async fn slow_handshakes_cost_others_nothing() {
    let (certified, server) = start(ConnectionConfig { handshake_seconds: 1, ..QUICK });
    let begun = Instant::now();
    let mut silent = Vec::new();
    for first in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
        let mut peer = server.connect().await;
        peer.send(first).await;
        silent.push(peer);
    }
    let mut peer = certified.connect(&server).await;
    let octets = message("AAA", 0);
    peer.send(&octets).await;
    peer.expect(&answer_to(octets.len())).await;
    for peer in &mut silent {
        peer.expect_end().await;
    }
    assert!(begun.elapsed().as_secs_f64() >= 1.0);
    // More than there is room for: the oldest give way, the youngest is served.
    for _ in 0..50 {
        silent.push(server.connect().await);
    }
    certified.connect(&server).await;
    server
        .counts(Transport::Tls, |counts| {
            counts.opened == 2 && counts.refused == 0 && counts.failed_handshakes >= 3 + 45
        })
        .await;
    assert!(server.recorder.closed.lock().len() < 2, "what never became a connection does not end");
}

#[tokio::test]
async fn what_is_no_client_hello_is_refused() {
    let (_certified, server) = start(QUICK);
    for junk in [&b"REGISTER sip:example.com SIP/2.0\r\n\r\n"[..], b"GET / HTTP/1.1\r\n\r\n", &[0; 70_000], &[0xff; 64]]
    {
        let mut peer = server.connect().await;
        // It may be closed before all of it was sent.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut peer.stream, junk).await;
        let (took, said) = peer.expect_end().await;
        assert!(took < PATIENCE / 2 && said.len() < 64, "{said:?}");
    }
    server.counts(Transport::Tls, |counts| counts.failed_handshakes == 4).await;
    assert!(server.recorder.closed.lock().is_empty() && server.recorder.received.lock().is_empty());
}

#[tokio::test]
async fn a_certificate_is_replaced_while_connections_live() {
    let (certified, server) = start(QUICK);
    let mut before = certified.connect(&server).await;
    let renewed = write(&certified.folder);
    assert_eq!(certified.identities.reload().len(), 1);
    let mut after = certified.connect(&server).await;
    assert_eq!(after.stream.get_ref().1.peer_certificates().unwrap()[0], renewed);
    let octets = message("AAA", 0);
    for peer in [&mut before, &mut after] {
        peer.send(&octets).await;
        peer.expect(&answer_to(octets.len())).await;
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_dropped() {
    let (certified, server) = start(ConnectionConfig { write_seconds: 1, ..QUICK });
    let mut peer = certified.connect(&server).await;
    peer.send(&message("BIG", 0)).await;
    server.connections(1).await;
    server.connections(0).await;
    assert_eq!(server.recorder.closed.lock().len(), 1);
}

#[tokio::test]
async fn stopping_does_not_wait_for_handshakes() {
    let (certified, server) = start(QUICK);
    let mut silent = server.connect().await;
    let mut talking = certified.connect(&server).await;
    server.stop.send(true).unwrap();
    silent.expect_end().await;
    talking.expect_end().await;
    tokio::time::timeout(PATIENCE, server.task).await.unwrap().unwrap();
}
