//! UDP sockets and workers.

use crate::recorder::{Recorder, answer_to};
use parking_lot::Mutex;
use sip_transport::{
    ConnectionId, Crowding, Flow, Flows, Inbound, Outbox, Precedence, Received, SendError, Transport, UdpWorker,
    bind_udp,
};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

struct Workers {
    recorder: Arc<Recorder>,
    flows: Arc<Flows>,
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    fn start(address: &str, count: usize) -> Self {
        let sockets = bind_udp(address.parse().unwrap(), count).unwrap();
        assert_eq!(sockets.len(), count.max(1));
        let address = sockets[0].local_addr().unwrap();
        let (recorder, flows) = (Arc::new(Recorder::default()), Arc::new(Flows::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let spawn = |(lane, socket): (usize, UdpSocket)| {
            let worker = UdpWorker::new(socket, lane, Arc::clone(&recorder), &flows).unwrap();
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || worker.run(&stop))
        };
        let threads = sockets.into_iter().enumerate().map(spawn).collect();
        Self { recorder, flows, address, stop, threads }
    }

    fn stop(self) -> Arc<Recorder> {
        let begin = Instant::now();
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
        self.recorder
    }
}

fn peer(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket
}

fn receive(peer: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 65_536];
    let length = peer.recv(&mut buffer).unwrap();
    buffer.truncate(length);
    buffer
}

#[test]
fn mixed_datagrams_are_handled_one_by_one() {
    for (ours, theirs) in [("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:0", "[::1]:0")] {
        let workers = Workers::start(ours, 1);
        let peer = peer(theirs);
        // The largest datagram there is: 65,535 octets less the headers of IP and UDP.
        let largest = vec![b'L'; if ours.starts_with('[') { 65_527 } else { 65_507 }];
        let datagrams = [&b"AAA"[..], b"", &largest, b"MUTE", b"\r\n\r\n", &[b'D'; 1500]];
        for datagram in datagrams {
            peer.send_to(datagram, workers.address).unwrap();
        }
        for length in [3, 0, largest.len(), 4, 1500] {
            assert_eq!(receive(&peer), answer_to(length), "{ours}");
        }
        let recorder = workers.stop();
        let received = recorder.received.lock();
        let octets: Vec<_> = received.iter().map(|noted| &noted.octets[..]).collect();
        assert_eq!(octets, datagrams);
        for noted in &*received {
            assert_eq!(noted.flow.remote, peer.local_addr().unwrap());
            assert_eq!((noted.flow.transport, noted.flow.connection), (Transport::Udp, ConnectionId::NONE));
            assert_eq!(noted.lane, 0);
        }
    }
}

#[test]
fn a_flood_is_answered_in_batches_and_a_worker_stops_all_the_same() {
    let workers = Workers::start("127.0.0.1:0", 1);
    let (flooding, address) = (Arc::new(AtomicBool::new(true)), workers.address);
    let flood = {
        let flooding = Arc::clone(&flooding);
        std::thread::spawn(move || {
            let peer = peer("127.0.0.1:0");
            while flooding.load(Ordering::Relaxed) {
                let _ = peer.send_to(b"MUTE", address);
            }
        })
    };
    std::thread::sleep(Duration::from_millis(200));
    let recorder = workers.stop();
    flooding.store(false, Ordering::Relaxed);
    flood.join().unwrap();
    assert!(recorder.received.lock().len() > 64);
}

#[test]
fn a_panic_costs_one_message() {
    let workers = Workers::start("127.0.0.1:0", 1);
    let peer = peer("127.0.0.1:0");
    for datagram in [&b"AAA"[..], b"OOPS", b"BBB"] {
        peer.send_to(datagram, workers.address).unwrap();
    }
    assert_eq!(receive(&peer), answer_to(3));
    // What was already in the outbox may go out; what comes after must.
    let second = receive(&peer);
    if second != answer_to(3) {
        assert_eq!(receive(&peer), answer_to(3));
    }
    let recorder = workers.stop();
    let seen: Vec<_> = recorder.received.lock().iter().map(|noted| noted.scratch).collect();
    assert_eq!(seen, [0, 1, 0], "buffers are made anew after a panic");
}

#[test]
fn peers_stay_with_one_worker() {
    let workers = Workers::start("127.0.0.1:0", 3);
    let peers: Vec<_> = (0..12).map(|_| peer("127.0.0.1:0")).collect();
    for _ in 0..5 {
        for peer in &peers {
            peer.send_to(b"AAA", workers.address).unwrap();
            assert_eq!(receive(peer), answer_to(3));
        }
    }
    let recorder = workers.stop();
    let received = recorder.received.lock();
    for peer in peers {
        let mine = received.iter().filter(|noted| noted.flow.remote == peer.local_addr().unwrap());
        let lanes: std::collections::BTreeSet<_> = mine.map(|noted| noted.lane).collect();
        assert_eq!(lanes.len(), 1);
    }
}

#[test]
fn late_answers_leave_from_the_socket_the_request_came_on() {
    let workers = Workers::start("127.0.0.1:0", 2);
    let peer = peer("127.0.0.1:0");
    peer.send_to(b"MUTE", workers.address).unwrap();
    while workers.recorder.received.lock().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let flow = workers.recorder.received.lock()[0].flow;
    workers.flows.send(&flow, peer.local_addr().unwrap(), b"late").unwrap();
    let mut buffer = [0; 10];
    let (length, source) = peer.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..length], source), (&b"late"[..], workers.address));
    let other = Flow { local: "127.0.0.1:9".parse().unwrap(), ..flow };
    assert!(matches!(workers.flows.send(&other, flow.remote, b"x"), Err(SendError::FlowGone)));
    workers.stop();
}

#[test]
fn a_taken_port_is_refused_even_by_those_who_would_share_it() {
    for (first, second) in [(1, 1), (1, 3), (3, 1), (3, 3)] {
        let taken = bind_udp("127.0.0.1:0".parse().unwrap(), first).unwrap();
        let address = taken[0].local_addr().unwrap();
        assert!(taken.iter().all(|socket| socket.local_addr().unwrap() == address));
        assert!(bind_udp(address, second).is_err(), "{first} workers, then {second}");
        drop(taken);
        assert!(bind_udp(address, second).is_ok());
    }
}

/// A server on all addresses answers from the one it was asked at, at once and late; a phone that asked another would
/// not take the answer.
fn answers_from_where_it_was_asked(wildcard: &str, asked: &[&str]) {
    let workers = Workers::start(wildcard, 1);
    for ip in asked {
        let server = SocketAddr::new(ip.parse().unwrap(), workers.address.port());
        let phone = peer(&SocketAddr::new(server.ip(), 0).to_string());
        // A connected socket takes datagrams from that very address only.
        phone.connect(server).unwrap();
        phone.send(b"asked").unwrap();
        assert_eq!(receive(&phone), answer_to(5), "{ip}");
        let flow = Flow {
            transport: Transport::Udp,
            local: server,
            remote: phone.local_addr().unwrap(),
            connection: ConnectionId::NONE,
        };
        workers.flows.send(&flow, flow.remote, b"late").unwrap();
        assert_eq!(receive(&phone), b"late", "{ip}");
    }
    workers.stop();
}

#[test]
fn a_wildcard_socket_answers_from_the_address_that_was_asked() {
    answers_from_where_it_was_asked("0.0.0.0:0", &["127.0.0.1", "127.0.0.2", "127.9.8.7"]);
    answers_from_where_it_was_asked("[::]:0", &["::1"]);
}

/// Lets the handling of `HOLD` last until the others have come, and tells those that begin with `VIP` to go first.
#[derive(Default)]
struct Crowd {
    handled: Mutex<Vec<Vec<u8>>>,
    shed: AtomicU64,
    released: AtomicBool,
    is_slow: AtomicBool,
}

impl Inbound for Crowd {
    type Scratch = ();

    fn scratch(&self) {}

    fn receive(&self, (): &mut (), received: Received<'_>, _outbox: &mut Outbox) {
        while received.octets == b"HOLD" && !self.released.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.is_slow.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.handled.lock().push(received.octets.to_vec());
    }

    fn precedence(&self, (): &mut (), received: Received<'_>, _crowding: Crowding) -> Precedence {
        if received.octets.starts_with(b"VIP") { Precedence::First } else { Precedence::Ordinary }
    }

    fn shed(&self, (): &mut (), received: Received<'_>, outbox: &mut Outbox) {
        if self.shed.fetch_add(1, Ordering::Relaxed) == 0 {
            outbox.push(received.flow.remote, |out| out.extend_from_slice(b"later"));
        }
    }
}

#[test]
fn who_goes_first_goes_first_and_what_finds_no_room_is_shed() {
    let [socket] = bind_udp("127.0.0.1:0".parse().unwrap(), 1).unwrap().try_into().unwrap();
    let address = socket.local_addr().unwrap();
    let (crowd, stop) = (Arc::new(Crowd::default()), Arc::new(AtomicBool::new(false)));
    let worker = UdpWorker::new(socket, 0, Arc::clone(&crowd), &Flows::new()).unwrap();
    let thread = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || worker.run(&stop)
    });
    let peer = peer("127.0.0.1:0");
    peer.send_to(b"HOLD", address).unwrap();
    // Each a datagram of its own; the kernel holds some hundred of them while the worker is held up. Fewer than two full
    // batches are no crowd.
    let ordinary = vec![b'o'; 100];
    (0..300).for_each(|_| assert_eq!(peer.send_to(&ordinary, address).unwrap(), 100));
    (0..10).for_each(|_| assert_eq!(peer.send_to(b"VIP", address).unwrap(), 3));
    crowd.released.store(true, Ordering::Relaxed);
    let deadline = Instant::now() + Duration::from_secs(10);
    while crowd.handled.lock().len() < 311 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    let handled = crowd.handled.lock().clone();
    assert_eq!(handled.len(), 311);
    // Those taken with the first batches may have gone before; the last ordinary ones must not.
    let last_first = handled.iter().rposition(|octets| octets.starts_with(b"VIP")).unwrap();
    assert!(last_first < 310, "{last_first}");
    // Handled slowly, more comes than fits: it is turned away, and told so.
    crowd.is_slow.store(true, Ordering::Relaxed);
    let deadline = Instant::now() + Duration::from_secs(20);
    while crowd.shed.load(Ordering::Relaxed) == 0 {
        assert!(Instant::now() < deadline, "nothing was shed");
        let _ = peer.send_to(&ordinary, address);
    }
    crowd.is_slow.store(false, Ordering::Relaxed);
    assert_eq!(receive(&peer), b"later");
    stop.store(true, Ordering::Relaxed);
    thread.join().unwrap();
}
