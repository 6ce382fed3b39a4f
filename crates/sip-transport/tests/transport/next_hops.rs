//! Connections of our own to gateways of this process: answers, use again, ends, names that were not proven, bounds.

use crate::recorder::{Recorder, answer_to};
use crate::server::{PATIENCE, Peer, QUICK, message};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use sip_transport::resolve::NextHop;
use sip_transport::{
    ConnectError, ConnectionConfig, ConnectionService, Connector, ConnectorConfig, Flow, Flows, PeerName, Transport,
    UdpWorker, bind_udp,
};
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tls_identity::{Acceptor, Connector as TlsConnector, Identities, PairFiles, ServerAuthorities, ServerRefusal};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

/// An authority whom our side trusts.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new([]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca"), parameters.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(parameters, key), folder }
    }

    fn connector(&self) -> TlsConnector {
        TlsConnector::new(&ServerAuthorities::of_file(&self.folder.path().join("ca")).unwrap()).unwrap()
    }

    /// A gateway's side, with a certificate for those names, of which URIs are told by their colon.
    fn acceptor(&self, names: &[&str], valid_until: i32) -> Acceptor {
        let is_uri = |name: &&&str| name.starts_with("sip:");
        let mut parameters = CertificateParams::new(
            names.iter().filter(|name| !is_uri(name)).map(|name| (*name).to_owned()).collect::<Vec<_>>(),
        )
        .unwrap();
        let uris = names.iter().filter(is_uri).map(|name| SanType::URI((*name).try_into().unwrap()));
        parameters.subject_alt_names.extend(uris);
        parameters.not_after = rcgen::date_time_ymd(valid_until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let path = |name: &str| self.folder.path().join(name);
        fs::write(path("crt"), certificate.pem()).unwrap();
        fs::write(path("key"), key.serialize_pem()).unwrap();
        let files = PairFiles { certificate: path("crt"), key: path("key") };
        Acceptor::new(Arc::new(Identities::load(vec![files]).unwrap()), &[]).unwrap()
    }
}

/// Our side.
struct Caller {
    recorder: Arc<Recorder>,
    flows: Arc<Flows>,
    connector: Arc<Connector<Recorder>>,
    stop: watch::Sender<bool>,
}

const BOUNDS: ConnectorConfig = ConnectorConfig { max_connections: 3, connect_ms: 20_000 };

impl Caller {
    fn new(tls: TlsConnector, config: ConnectorConfig, connections: ConnectionConfig) -> Self {
        let (recorder, flows) = (Arc::new(Recorder::default()), Arc::new(Flows::new()));
        let service = ConnectionService::new(Arc::clone(&recorder), Arc::clone(&flows), connections, 3..5);
        let (stop, stopped) = watch::channel(false);
        Self { recorder, flows, connector: Connector::new(service, tls, config, stopped), stop }
    }

    fn plain(config: ConnectorConfig) -> Self {
        Self::new(Authority::new().connector(), config, QUICK)
    }

    async fn connect(&self, hop: NextHop) -> Result<Flow, ConnectError> {
        timeout(PATIENCE, self.connector.connect(&hop, &name("localhost"))).await.unwrap()
    }

    fn send(&self, flow: &Flow, octets: &[u8]) {
        self.flows.send(flow, flow.remote, octets).unwrap();
    }

    async fn until(&self, what: impl Fn(&Recorder) -> bool) {
        let begun = Instant::now();
        while !what(&self.recorder) {
            assert!(begun.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

struct Gateway {
    listener: TcpListener,
    hop: NextHop,
}

impl Gateway {
    async fn listen(transport: Transport) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hop = NextHop { transport, address: listener.local_addr().unwrap() };
        Self { listener, hop }
    }

    async fn accept(&self) -> Peer {
        let (stream, _) = timeout(PATIENCE, self.listener.accept()).await.unwrap().unwrap();
        Peer { stream }
    }
}

fn name(host: &str) -> PeerName {
    PeerName::of_host(host).unwrap()
}

#[tokio::test]
async fn what_comes_back_is_received_and_answered_over_the_same_connection() {
    let (caller, gateway) = (Caller::plain(BOUNDS), Gateway::listen(Transport::Tcp).await);
    assert_eq!(caller.connector.ready_flow(&gateway.hop, &name("localhost")), None);
    let flow = caller.connect(gateway.hop).await.unwrap();
    let mut peer = gateway.accept().await;
    assert_eq!(
        (flow.transport, flow.remote, flow.local),
        (Transport::Tcp, gateway.hop.address, peer.stream.peer_addr().unwrap())
    );
    let request = message("OPTIONS", 0);
    caller.send(&flow, &request);
    peer.expect(&request).await;
    // In two pieces, then a request of the gateway's own and a keep-alive.
    let answer = b"SIP/2.0 200 OK\r\nCall-ID: 1\r\nContent-Length: 3\r\n\r\nabc";
    peer.send(&answer[..20]).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    peer.send(&answer[20..]).await;
    peer.expect(&answer_to(answer.len())).await;
    let own = message("BYE", 0);
    peer.send(&own).await;
    peer.expect(&answer_to(own.len())).await;
    peer.send(b"\r\n\r\n").await;
    peer.expect(b"\r\n").await;
    let received: Vec<_> =
        caller.recorder.received.lock().iter().map(|noted| (noted.octets.clone(), noted.flow)).collect();
    assert_eq!(received, [(answer.to_vec(), flow), (own, flow)]);
    // The gateway ends it: told once, not used any more, and gone from the counts.
    drop(peer);
    caller.until(|recorder| *recorder.closed.lock() == [flow]).await;
    assert_eq!(caller.connector.ready_flow(&gateway.hop, &name("localhost")), None);
    let counts = caller.flows.own_connection_counts().of(Transport::Tcp);
    assert_eq!((counts.open, counts.opened, caller.flows.connection_count()), (0, 1, 0));
    assert_eq!(caller.flows.connection_counts().of(Transport::Tcp).opened, 0, "it is no phone's");
    let again = caller.connect(gateway.hop).await.unwrap();
    assert_ne!(again.connection, flow.connection);
}

#[tokio::test]
async fn one_connection_serves_all_who_ask_for_the_same() {
    let (caller, gateway) = (Caller::plain(BOUNDS), Gateway::listen(Transport::Tcp).await);
    let (first, second, third) =
        tokio::join!(caller.connect(gateway.hop), caller.connect(gateway.hop), caller.connect(gateway.hop));
    let flow = first.unwrap();
    assert_eq!([second.unwrap(), third.unwrap()], [flow, flow]);
    assert_eq!(caller.connector.ready_flow(&gateway.hop, &name("localhost")), Some(flow));
    // Over TCP nobody proves a name, so that another one changes nothing.
    assert_eq!(caller.connector.ready_flow(&gateway.hop, &name("other.example")), Some(flow));
    let tls = NextHop { transport: Transport::Tls, ..gateway.hop };
    assert_eq!(caller.connector.ready_flow(&tls, &name("localhost")), None);
    let mut peer = gateway.accept().await;
    assert!(timeout(Duration::from_millis(50), gateway.listener.accept()).await.is_err());
    for turn in 0..500 {
        caller.send(&flow, &message("INFO", turn));
    }
    for turn in 0..500 {
        peer.expect(&message("INFO", turn)).await;
    }
    // Ended from here, it is not used again, not even before its end has been noticed.
    assert!(caller.flows.close(flow.connection));
    assert_eq!(caller.connector.ready_flow(&gateway.hop, &name("localhost")), None);
    assert_ne!(caller.connect(gateway.hop).await.unwrap().connection, flow.connection);
    peer.expect_end().await;
}

#[tokio::test]
async fn a_connection_that_somebody_opened_to_us_is_never_used() {
    let server = crate::server::Server::start(QUICK);
    let gateway = Gateway::listen(Transport::Tcp).await;
    // It comes from the very address that the request goes to.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_reuse_port(true).unwrap();
    socket.set_reuse_address(true).unwrap();
    let listening = socket2::SockRef::from(&gateway.listener);
    listening.set_reuse_port(true).unwrap();
    listening.set_reuse_address(true).unwrap();
    socket.bind(&gateway.hop.address.into()).unwrap();
    socket.connect(&server.address.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let mut stranger = Peer { stream: TcpStream::from_std(socket.into()).unwrap() };
    let octets = message("KNOWN", 0);
    stranger.send(&octets).await;
    stranger.expect(&answer_to(octets.len())).await;
    assert_eq!(server.recorder.received.lock()[0].flow.remote, gateway.hop.address);
    let service = ConnectionService::new(Arc::clone(&server.recorder), Arc::clone(&server.flows), QUICK, 3..5);
    let (_stop, stopped) = watch::channel(false);
    let connector = Connector::new(service, Authority::new().connector(), BOUNDS, stopped);
    assert_eq!(connector.ready_flow(&gateway.hop, &name("localhost")), None);
    let strangers = server.recorder.received.lock()[0].flow.connection;
    assert_ne!(connector.connect(&gateway.hop, &name("localhost")).await.unwrap().connection, strangers);
}

#[tokio::test]
async fn tls_proves_the_name_of_the_uri() {
    let authority = Authority::new();
    let caller = Caller::new(authority.connector(), BOUNDS, QUICK);
    let (named, wild, uris) =
        (["carrier.example", "192.0.2.7"], ["*.carrier.example"], ["sip:carrier.example", "web.example"]);
    for (names, wanted, is_believed) in [
        (&named[..], "carrier.example", true),
        (&named, "CARRIER.example.", true),
        (&named, "192.0.2.7", true),
        (&named, "other.example", false),
        (&named, "sub.carrier.example", false),
        (&named, "192.0.2.8", false),
        (&wild, "eu.carrier.example", true),
        (&wild, "carrier.example", false),
        (&wild, "a.eu.carrier.example", false),
        // Where the certificate speaks of SIP domains, its host names count no more.
        (&uris, "carrier.example", true),
        (&uris, "web.example", false),
    ] {
        let gateway = Gateway::listen(Transport::Tls).await;
        let acceptor = authority.acceptor(names, 2100);
        let wanted_name = name(wanted);
        let (connected, accepted) = tokio::join!(caller.connector.connect(&gateway.hop, &wanted_name), async {
            acceptor.accept(gateway.accept().await.stream).await
        });
        match connected {
            Ok(flow) => {
                assert!(is_believed, "{names:?} {wanted}");
                let mut peer = Peer { stream: accepted.unwrap() };
                caller.send(&flow, b"over TLS");
                peer.expect(b"over TLS").await;
                caller.flows.close(flow.connection);
                peer.expect_end().await;
            }
            Err(ConnectError::Untrusted { name, refusal }) => {
                assert_eq!((is_believed, refusal), (false, ServerRefusal::WrongName), "{names:?} {name}");
            }
            Err(other) => panic!("{other}"),
        }
    }
    let counts = caller.flows.own_connection_counts().of(Transport::Tls);
    assert_eq!((counts.opened, counts.failed_handshakes), (5, 6));
}

#[tokio::test]
async fn a_name_that_was_not_proven_gets_a_connection_of_its_own() {
    let authority = Authority::new();
    let caller = Caller::new(authority.connector(), BOUNDS, QUICK);
    let gateway = Gateway::listen(Transport::Tls).await;
    let acceptor = authority.acceptor(&["a.example"], 2100);
    let serve = async {
        let first = acceptor.accept(gateway.accept().await.stream).await;
        let second = acceptor.accept(gateway.accept().await.stream).await;
        (first.is_ok(), second.is_ok())
    };
    let ask = async {
        let a = caller.connector.connect(&gateway.hop, &name("a.example")).await;
        assert_eq!(caller.connector.ready_flow(&gateway.hop, &name("b.example")), None);
        (a.is_ok(), caller.connector.connect(&gateway.hop, &name("b.example")).await)
    };
    let ((is_open, refused), (first, _)) = tokio::join!(ask, serve);
    assert!(is_open && first);
    let text = refused.unwrap_err().to_string();
    assert_eq!(
        text,
        "b.example is not trusted: its certificate is for another name; write the name that it is for into the URI, or \
         have it issued for this one"
    );
}

#[tokio::test]
async fn who_is_not_trusted_is_told_apart_from_what_does_not_work() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let caller = Caller::new(ours.connector(), BOUNDS, QUICK);
    let mut refusals = Vec::new();
    for acceptor in [theirs.acceptor(&["localhost"], 2100), ours.acceptor(&["localhost"], 2001)] {
        let gateway = Gateway::listen(Transport::Tls).await;
        let (connected, _) =
            tokio::join!(caller.connect(gateway.hop), async { acceptor.accept(gateway.accept().await.stream).await });
        match connected {
            Err(ConnectError::Untrusted { refusal, .. }) => refusals.push(refusal),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refusals, [ServerRefusal::UnknownAuthority, ServerRefusal::NotValidNow]);
    // One that speaks no TLS, one that listens to nobody, transports that phones alone use.
    let gateway = Gateway::listen(Transport::Tls).await;
    let (connected, ()) = tokio::join!(caller.connect(gateway.hop), async {
        gateway.accept().await.send(b"SIP/2.0 400 Bad Request\r\n\r\n").await;
    });
    assert!(matches!(connected, Err(ConnectError::Handshake(_))), "{connected:?}");
    let hop = NextHop { transport: Transport::Tcp, ..gateway.hop };
    drop(gateway);
    assert!(matches!(caller.connect(hop).await, Err(ConnectError::Refused)));
    let hop = NextHop { transport: Transport::Wss, ..hop };
    assert!(matches!(caller.connect(hop).await, Err(ConnectError::NotSpoken(Transport::Wss))));
}

#[tokio::test]
async fn an_address_that_swallows_everything_costs_no_more_than_the_limit() {
    let caller = Caller::plain(ConnectorConfig { connect_ms: 300, ..BOUNDS });
    // A queue that is full: what comes next is not answered at all.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let full = socket.local_addr().unwrap().as_socket().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) = timeout(Duration::from_millis(300), TcpStream::connect(full)).await {
        waiting.push(stream);
    }
    // And one that takes connections but never says hello.
    let silent = Gateway::listen(Transport::Tls).await;
    for hop in [NextHop { transport: Transport::Tcp, address: full }, silent.hop] {
        let begun = Instant::now();
        let (first, second) = tokio::join!(caller.connect(hop), caller.connect(hop));
        assert!(matches!(first, Err(ConnectError::TimedOut { limit_ms: 300 })), "{first:?}");
        assert!(matches!(second, Err(ConnectError::TimedOut { .. })), "one attempt serves both");
        assert!((300..5_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    }
    assert_eq!(caller.flows.own_connection_counts().of(Transport::Tls).failed_handshakes, 1);
}

#[tokio::test]
async fn there_are_no_more_than_allowed_and_phones_keep_theirs() {
    let caller = Caller::new(Authority::new().connector(), ConnectorConfig { max_connections: 2, ..BOUNDS }, QUICK);
    let gateways = [
        Gateway::listen(Transport::Tcp).await,
        Gateway::listen(Transport::Tcp).await,
        Gateway::listen(Transport::Tcp).await,
    ];
    let first = caller.connect(gateways[0].hop).await.unwrap();
    let second = caller.connect(gateways[1].hop).await.unwrap();
    assert!(matches!(caller.connect(gateways[2].hop).await, Err(ConnectError::NoRoom { most: 2 })));
    assert_eq!(caller.flows.own_connection_counts().of(Transport::Tcp).refused, 1);
    // Those that are open are still found, and one that ends makes room.
    assert_eq!(caller.connect(gateways[1].hop).await.unwrap(), second);
    drop(gateways[0].accept().await);
    caller.until(|recorder| *recorder.closed.lock() == [first]).await;
    let begun = Instant::now();
    while caller.connect(gateways[2].hop).await.is_err() {
        assert!(begun.elapsed() < PATIENCE);
    }
}

#[tokio::test]
async fn silence_ends_a_connection_only_after_the_idle_limit() {
    let connections = ConnectionConfig { idle_seconds: 2, message_seconds: 1, ..QUICK };
    let caller = Caller::new(Authority::new().connector(), BOUNDS, connections);
    let gateway = Gateway::listen(Transport::Tcp).await;
    let flow = caller.connect(gateway.hop).await.unwrap();
    let mut peer = gateway.accept().await;
    // We speak first, so that the peer's saying nothing in the beginning is no fault.
    let (took, _) = peer.expect_end().await;
    assert!((1_500..10_000).contains(&took.as_millis()), "{took:?}");
    caller.until(|recorder| *recorder.closed.lock() == [flow]).await;
}

#[tokio::test]
async fn stopping_ends_all_of_them_and_opens_no_more() {
    let (caller, gateway) = (Caller::plain(BOUNDS), Gateway::listen(Transport::Tcp).await);
    let silent = Gateway::listen(Transport::Tls).await;
    caller.connect(gateway.hop).await.unwrap();
    let mut peer = gateway.accept().await;
    let (opening, ()) = tokio::join!(caller.connect(silent.hop), async {
        silent.accept().await;
        caller.stop.send(true).unwrap();
    });
    assert!(matches!(opening, Err(ConnectError::Stopping | ConnectError::Handshake(_))), "{opening:?}");
    peer.expect_end().await;
    timeout(PATIENCE, caller.connector.all_ended()).await.unwrap();
    assert!(matches!(caller.connect(gateway.hop).await, Err(ConnectError::Stopping)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_datagram_of_ours_leaves_from_where_we_listen() {
    for bound in ["127.0.0.1:0", "0.0.0.0:0"] {
        let caller = Caller::plain(BOUNDS);
        let socket = bind_udp(bound.parse().unwrap(), 1).unwrap().remove(0);
        let port = socket.local_addr().unwrap().port();
        let worker = UdpWorker::new(socket, 0, Arc::clone(&caller.recorder), &caller.flows).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || worker.run(&stop)
        });
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        let hop = NextHop { transport: Transport::Udp, address: peer.local_addr().unwrap() };
        let flow = caller.connector.ready_flow(&hop, &name("localhost")).unwrap();
        assert_eq!((flow.local, flow.remote), (SocketAddr::from(([127, 0, 0, 1], port)), hop.address));
        assert_eq!(caller.connect(hop).await.unwrap(), flow);
        caller.send(&flow, b"OPTIONS");
        let mut octets = [0; 64];
        let (length, from) = peer.recv_from(&mut octets).unwrap();
        assert_eq!((&octets[..length], from), (&b"OPTIONS"[..], flow.local));
        peer.send_to(b"MUTE answer", from).unwrap();
        caller.until(|recorder| recorder.received.lock().first().is_some_and(|noted| noted.flow == flow)).await;
        let other_family = NextHop { address: "[2001:db8::1]:5060".parse().unwrap(), ..hop };
        assert!(matches!(caller.connect(other_family).await, Err(ConnectError::NoSocket)));
        stop.store(true, Ordering::Relaxed);
        thread.join().unwrap();
    }
}

#[test]
fn the_socket_of_the_way_goes_before_others() {
    let flows = Flows::new();
    let bind = |address: &str| {
        let socket = bind_udp(address.parse().unwrap(), 1).unwrap().remove(0);
        let local = socket.local_addr().unwrap();
        (UdpWorker::new(socket, 0, Arc::new(Recorder::default()), &flows).unwrap(), local)
    };
    let remote = "127.0.0.1:5060".parse().unwrap();
    assert_eq!(flows.udp_for(remote), None);
    let (_other, other) = bind("127.0.0.2:0");
    assert_eq!(flows.udp_for(remote).unwrap().local, other);
    let (_any, any) = bind("0.0.0.0:0");
    assert_eq!(flows.udp_for(remote).unwrap().local, SocketAddr::from(([127, 0, 0, 1], any.port())));
    let (_exact, exact) = bind("127.0.0.1:0");
    assert_eq!(flows.udp_for(remote).unwrap().local, exact);
}
