//! Messages with faults of every kind, as many as asked for, over UDP and TCP: the server must neither end, nor hang,
//! nor panic, nor grow.

use super::{Generator, MEMORY_TOLERANCE, PASSWORD, memory, register, server_with_users};
use crate::sip::{HandmadePhone, RawSip, Transport, message};
use crate::{Server, data};
use std::fmt;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How many messages, by how many senders.
#[derive(Clone, Copy, Debug)]
pub struct Mutate {
    /// Messages in all.
    pub messages: u64,
    /// Threads; the last one speaks TCP, the others UDP.
    pub senders: u64,
}

/// What happened.
#[derive(Clone, Debug)]
pub struct MutateReport {
    datagrams: u64,
    streamed: u64,
    connections: u64,
    took: Duration,
    memory: (f64, f64),
}

impl fmt::Display for MutateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { datagrams, streamed, connections, took, memory } = self;
        let mebibytes = |octets: f64| octets / 1_048_576.0;
        writeln!(
            f,
            "mutated messages: {datagrams} over UDP, {streamed} over {connections} TCP connections, in {took:.0?}"
        )?;
        write!(
            f,
            "resident memory after a tenth of them and at the end: {:.1} and {:.1} MiB; no panic, every probe answered",
            mebibytes(memory.0),
            mebibytes(memory.1)
        )
    }
}

/// Runs it.
///
/// # Panics
/// When the server does any of what it must not.
#[must_use]
pub fn run(mutate: Mutate) -> MutateReport {
    let (mut server, account) = server_with_users(&[], &["steady".to_owned()]);
    let seeds = seeds(&account.sip_domain);
    let (datagrams, streamed, connections) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let started = Instant::now();
    let each = mutate.messages / mutate.senders;
    let early = thread::scope(|scope| {
        for sender in 0..mutate.senders {
            let (seeds, domain) = (&seeds, &account.sip_domain);
            let generator = Generator::new(sender);
            let (udp, tcp) = (server.sip(Transport::Udp), server.sip(Transport::Tcp));
            let counts = (&datagrams, &streamed, &connections);
            scope.spawn(move || {
                if sender + 1 == mutate.senders {
                    stream(tcp, domain, (seeds, generator), (each, counts.1, counts.2));
                } else {
                    datagram(udp, domain, (seeds, generator), (each, counts.0));
                }
            });
        }
        while datagrams.load(Ordering::Relaxed) + streamed.load(Ordering::Relaxed) < mutate.messages / 10 {
            thread::sleep(Duration::from_millis(20));
        }
        memory(&server)
    });
    let took = started.elapsed();
    let late = memory(&server);
    let mut phone =
        HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, "steady", PASSWORD);
    assert_eq!(phone.register(600).status, 200);
    is_unharmed(&mut server);
    assert!(late - early <= MEMORY_TOLERANCE, "memory grew from {early} to {late}");
    MutateReport {
        datagrams: datagrams.into_inner(),
        streamed: streamed.into_inner(),
        connections: connections.into_inner(),
        took,
        memory: (early, late),
    }
}

fn is_unharmed(server: &mut Server) {
    assert!(server.is_alive());
    let said = server.stderr();
    assert!(!said.contains("panicked"), "{said}");
}

/// Well-formed requests and those of RFC 4475.
fn seeds(domain: &str) -> Vec<Vec<u8>> {
    let authorization = format!(
        "Authorization: Digest username=\"steady\", realm=\"{domain}\", nonce=\"AAAAbbbbCCCCddddEEEEffff\", \
         uri=\"sip:{domain}\", response=\"00000000000000000000000000000000\", algorithm=MD5, cnonce=\"c\", qop=auth, \
         nc=00000001, opaque=\"1\"\r\nPath: <sip:p.{domain};lr>\r\nRequire: path\r\nSupported: outbound, gruu\r\n"
    );
    let mut seeds = vec![
        register(domain, "steady", 1, "").into_bytes(),
        register(domain, "steady", 2, &authorization).into_bytes(),
    ];
    seeds.push(message::options(domain, "SIP/2.0/UDP 192.0.2.1").into_bytes());
    let torture = std::fs::read_dir(data("torture")).expect("the messages of RFC 4475").flatten();
    let mut files: Vec<_> = torture.map(|entry| entry.path()).collect();
    files.sort();
    seeds.extend(files.iter().map(|file| std::fs::read(file).expect("a message")));
    seeds
}

/// One to eight changes: octets flipped, replaced, inserted, removed, repeated, taken from another message, numbers
/// made enormous.
fn mutated(seeds: &[Vec<u8>], generator: &mut Generator) -> Vec<u8> {
    const SYNTAX: &[u8] = b"\r\n\t ,;:=<>\"\\@%[]()?&\0\xff0";
    let mut text = seeds[generator.below(seeds.len())].clone();
    for _ in 0..=generator.below(8) {
        let at = generator.below(text.len() + 1);
        let end = (at + 1 + generator.below(40)).min(text.len());
        match generator.below(7) {
            0 if at < text.len() => text[at] ^= 1 << generator.below(8),
            1 if at < text.len() => text[at] = SYNTAX[generator.below(SYNTAX.len())],
            2 => text.insert(at, SYNTAX[generator.below(SYNTAX.len())]),
            3 => drop(text.drain(at.min(end)..end)),
            4 => {
                let part = text[at.min(end)..end].to_vec();
                let times = 1 + generator.below(20);
                (0..times).for_each(|_| drop(text.splice(at..at, part.iter().copied())));
            }
            5 => {
                let other = &seeds[generator.below(seeds.len())];
                let from = generator.below(other.len());
                let part = other[from..(from + generator.below(200)).min(other.len())].to_vec();
                drop(text.splice(at..at, part));
            }
            _ => drop(text.splice(at..at, format!("{}", generator.draw()).into_bytes())),
        }
        text.truncate(60_000);
    }
    text
}

/// After every 64 messages a probe must be answered: so nothing is lost in a full buffer, and a hang is noticed.
fn datagram(
    udp: SocketAddr,
    domain: &str,
    (seeds, mut generator): (&[Vec<u8>], Generator),
    (count, sent): (u64, &AtomicU64),
) {
    let mut peer = RawSip::connect(Transport::Udp, udp);
    for number in 1..=count {
        peer.send(&mutated(seeds, &mut generator));
        sent.fetch_add(1, Ordering::Relaxed);
        if number % 64 == 0 || number == count {
            let probe = message::options(domain, &peer.via());
            assert_eq!(peer.exchange(&probe).status, 407, "a probe after {number} messages");
        }
    }
}

/// Several messages to a connection, until the server closes it or sixteen are sent; then a new one.
fn stream(
    tcp: SocketAddr,
    domain: &str,
    (seeds, mut generator): (&[Vec<u8>], Generator),
    (count, sent, connections): (u64, &AtomicU64, &AtomicU64),
) {
    let (mut left, mut scrap) = (count, vec![0; 65_536]);
    while left > 0 {
        let mut stream = TcpStream::connect(tcp).expect("a server that takes connections");
        connections.fetch_add(1, Ordering::Relaxed);
        stream.set_read_timeout(Some(Duration::from_millis(1))).expect("a socket that takes a time limit");
        stream.set_write_timeout(Some(Duration::from_secs(20))).expect("a socket that takes a time limit");
        for _ in 0..left.min(64) {
            left -= 1;
            sent.fetch_add(1, Ordering::Relaxed);
            if stream.write_all(&mutated(seeds, &mut generator)).is_err() {
                break;
            }
        }
        // Answers are read so that the server need not wait for us.
        while stream.read(&mut scrap).is_ok_and(|length| length > 0) {}
        if left % 1024 < 64 {
            let mut probe = RawSip::connect(Transport::Tcp, tcp);
            let options = message::options(domain, &probe.via());
            assert_eq!(probe.exchange(&options).status, 407, "a probe over TCP");
        }
    }
}
