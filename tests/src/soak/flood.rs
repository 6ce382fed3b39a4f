//! Twice what the server can answer, from thousands of sources, half of it with invented credentials; a phone goes on
//! registering all the while.

use super::{Generator, MEMORY_TOLERANCE, PASSWORD, kernel_drops, memory, register, server_with_users, total};
use crate::sip::{HandmadePhone, Transport};
use crate::{Account, Server};
use std::fmt;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Events are written in batches with a pause between them, whatever comes.
const MOST_EVENT_TRANSACTIONS_A_SECOND: f64 = 20.0;

/// How long, and from how many addresses.
#[derive(Clone, Copy, Debug)]
pub struct Flood {
    /// Seconds of it.
    pub seconds: u64,
    /// Loopback addresses it comes from.
    pub sources: usize,
}

/// What happened.
#[derive(Clone, Debug)]
pub struct FloodReport {
    /// Answers a second when nothing is sent that is not waited for.
    pub capacity: u64,
    sent: u64,
    seconds: f64,
    handled: f64,
    shed: f64,
    dropped_by_kernel: u64,
    refreshes: u64,
    slowest_refresh: Duration,
    memory: (f64, f64),
    transactions: f64,
}

/// Runs it.
///
/// # Panics
/// When the phone is refused once or late, when memory grows, when storage is asked, or when datagrams vanish unreported.
#[must_use]
pub fn run(flood: Flood) -> FloodReport {
    let (server, account) = server_with_users(&[], &["steady".to_owned()]);
    let udp = server.sip(Transport::Udp);
    let mut phone = HandmadePhone::new(Transport::Udp, udp, &account.sip_domain, "steady", PASSWORD);
    assert_eq!(phone.register(3_600).status, 200);
    let capacity = capacity(udp, &account, Duration::from_secs(flood.seconds.clamp(1, 3)));
    let drops_before = kernel_drops(udp);
    let before = [total(&server, "sipwarden_sip_requests_total"), total(&server, "sipwarden_sip_datagrams_shed_total")];
    let transactions_before = total(&server, "sipwarden_storage_transactions_total");
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let started = Instant::now();
    let (refreshes, slowest_refresh, memory) = thread::scope(|scope| {
        let _stop = crate::bounded::StopWhenDropped(&stop);
        for part in 0..2 {
            let (stop, sent, domain) = (&stop, &sent, &account.sip_domain);
            scope.spawn(move || {
                let sockets = sockets(flood.sources / 2, part);
                send_until(stop, sent, (udp, domain, capacity.max(1_000)), &sockets);
            });
        }
        let watched = scope.spawn(|| watch_memory(&server, &stop));
        let (refreshes, slowest) = refresh(&mut phone, started + Duration::from_secs(flood.seconds));
        stop.store(true, Ordering::Relaxed);
        (refreshes, slowest, watched.join().expect("memory that can be read"))
    });
    let seconds = started.elapsed().as_secs_f64();
    // What waits in the server and in the kernel is handled within a moment.
    let settled = crate::bounded::try_wait_for(Duration::from_secs(10), || {
        let handled = total(&server, "sipwarden_sip_requests_total");
        thread::sleep(Duration::from_millis(200));
        (total(&server, "sipwarden_sip_requests_total") - handled < 1.0).then_some(())
    });
    assert!(settled.is_some(), "the server is still busy ten seconds after the flood");
    let report = FloodReport {
        capacity,
        sent: sent.load(Ordering::Relaxed),
        seconds,
        handled: total(&server, "sipwarden_sip_requests_total") - before[0],
        shed: total(&server, "sipwarden_sip_datagrams_shed_total") - before[1],
        dropped_by_kernel: kernel_drops(udp) - drops_before,
        refreshes,
        slowest_refresh,
        memory,
        transactions: total(&server, "sipwarden_storage_transactions_total") - transactions_before,
    };
    report.judge();
    report
}

impl FloodReport {
    fn judge(&self) {
        let (least, most) = self.memory;
        assert!(most - least <= MEMORY_TOLERANCE, "memory grew: {self}");
        // The phone's refreshes are written behind, at most one transaction each. Of the flood's events a bounded number is
        // kept, in a few transactions a second however many there are; besides, it writes and asks nothing.
        let of_events = MOST_EVENT_TRANSACTIONS_A_SECOND * (self.seconds + 3.0);
        assert!(self.transactions <= self.refreshes as f64 + of_events + 1.0, "storage was asked: {self}");
        let accounted = self.handled + self.shed + self.dropped_by_kernel as f64;
        let expected = (self.sent + self.refreshes) as f64;
        assert!((accounted - expected).abs() <= expected / 1_000.0 + 100.0, "datagrams vanished: {self}");
    }
}

impl fmt::Display for FloodReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = |octets: f64| octets / 1_048_576.0;
        writeln!(f, "capacity: {} answers a second", self.capacity)?;
        writeln!(f, "sent: {} in {:.1} s, {:.0} a second", self.sent, self.seconds, self.sent as f64 / self.seconds)?;
        writeln!(
            f,
            "handled: {:.0}, shed: {:.0}, dropped by the kernel: {}",
            self.handled, self.shed, self.dropped_by_kernel
        )?;
        writeln!(
            f,
            "refreshes of the phone: {}, all answered 200, the slowest after {:?}",
            self.refreshes, self.slowest_refresh
        )?;
        writeln!(f, "resident memory: {:.1} to {:.1} MiB", mebibytes(self.memory.0), mebibytes(self.memory.1))?;
        write!(f, "storage transactions: {:.0}, of the phone's refreshes and of events", self.transactions)
    }
}

/// Challenges a second with at most 64 of them asked for at a time.
fn capacity(udp: SocketAddr, account: &Account, duration: Duration) -> u64 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.connect(udp).expect("a server");
    socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a socket that takes a time limit");
    let (started, mut answers, mut buffer) = (Instant::now(), 0, [0; 4_096]);
    while started.elapsed() < duration {
        for number in 0..64 {
            let _ = socket.send(register(&account.sip_domain, "anybody", number, "").as_bytes());
        }
        answers += (0..64).take_while(|_| socket.recv(&mut buffer).is_ok()).count() as u64;
    }
    (answers as f64 / started.elapsed().as_secs_f64()) as u64
}

fn sockets(count: usize, part: usize) -> Vec<UdpSocket> {
    let bind = |number: usize| {
        let [_, _, high, low] = u32::try_from(number).unwrap_or(0).to_be_bytes();
        let address = Ipv4Addr::new(127, 10 + u8::try_from(part).unwrap_or(0), high, low.max(1));
        let socket = UdpSocket::bind((address, 0)).expect("a loopback address and a free port");
        socket.set_nonblocking(true).expect("a socket that need not wait");
        socket
    };
    (0..count).map(bind).collect()
}

/// Sends at that rate, whatever comes back; two do so, hence twice the rate.
fn send_until(
    stop: &AtomicBool,
    sent: &AtomicU64,
    (udp, domain, rate): (SocketAddr, &str, u64),
    sockets: &[UdpSocket],
) {
    let (started, mut number, mut generator, mut buffer) = (Instant::now(), 0_u64, Generator::new(7), [0; 4_096]);
    while !stop.load(Ordering::Relaxed) {
        let due = (started.elapsed().as_secs_f64() * rate as f64) as u64;
        if number >= due {
            thread::sleep(Duration::from_micros(200));
            continue;
        }
        for _ in 0..(due - number).min(64) {
            number += 1;
            let socket = &sockets[generator.below(sockets.len())];
            let text = if number % 2 == 0 {
                register(domain, "anybody", number, "")
            } else {
                invented(domain, &mut generator)
            };
            match socket.send_to(text.as_bytes(), udp) {
                Ok(_) => drop(sent.fetch_add(1, Ordering::Relaxed)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
            // What came back is thrown away, so that it fills no buffer.
            while socket.recv(&mut buffer).is_ok() {}
        }
    }
}

/// A REGISTER of a user that nobody has, with an Authorization header that nobody asked for.
fn invented(domain: &str, generator: &mut Generator) -> String {
    let (user, nonce) = (format!("u{:x}", generator.draw() >> 32), format!("{:024x}", u128::from(generator.draw())));
    let line = format!(
        "Authorization: Digest username=\"{user}\", realm=\"{domain}\", nonce=\"{nonce}\", uri=\"sip:{domain}\", \
         response=\"{:032x}\", algorithm=MD5, cnonce=\"c\", qop=auth, nc=00000001\r\n",
        generator.draw()
    );
    register(domain, &user, generator.draw() >> 24, &line)
}

/// Refreshes once a second. An answer must come within RFC 3261's 64*T1, here within less: retransmissions included.
fn refresh(phone: &mut HandmadePhone, end: Instant) -> (u64, Duration) {
    let (mut refreshes, mut slowest) = (0, Duration::ZERO);
    while Instant::now() < end {
        let begin = Instant::now();
        let contact = format!("Contact: {}\r\nExpires: 3600\r\n", phone.contact());
        let response = phone.reuse(&contact);
        assert_eq!(response.status, 200, "refresh {refreshes} during the flood: {}", response.text);
        slowest = slowest.max(begin.elapsed());
        refreshes += 1;
        thread::sleep(Duration::from_secs(1).saturating_sub(begin.elapsed()));
    }
    (refreshes, slowest)
}

/// The least and the most memory once queues and buffers have been touched.
fn watch_memory(server: &Server, stop: &AtomicBool) -> (f64, f64) {
    thread::sleep(Duration::from_secs(1));
    let first = memory(server);
    let mut range = (first, first);
    while !stop.load(Ordering::Relaxed) {
        let now = memory(server);
        range = (range.0.min(now), range.1.max(now));
        thread::sleep(Duration::from_millis(500));
    }
    range
}
