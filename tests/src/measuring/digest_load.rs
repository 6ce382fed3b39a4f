//! Users that authenticate over UDP as fast as they are answered, so many at a time. Every answer is checked.

use super::batch::Batch;
use super::{password, user};
use md5::{Digest, Md5};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// When what was not answered is sent again.
const AGAIN: Duration = Duration::from_millis(500);

/// What a user does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// REGISTER, 401, REGISTER, 200.
    Register,
    /// REGISTER with the next use of a nonce, 200.
    Preemptive,
    /// INVITE, 401 or 407, ACK, INVITE, 404, ACK.
    Invite,
}

/// All users, at one server.
pub struct DigestLoad {
    batch: Batch,
    domain: String,
    realm: String,
    contact: SocketAddr,
    run: u32,
    users: Vec<User>,
    next: usize,
    under_way: usize,
    out: Vec<Vec<u8>>,
    done: u64,
    repeated: u64,
}

#[derive(Clone, Default)]
struct User {
    nonce: String,
    count: u32,
    sequence: u32,
    is_proxy: bool,
    pending: Option<Pending>,
}

#[derive(Clone)]
struct Pending {
    kind: Kind,
    with_credentials: bool,
    sent: Instant,
}

/// What a run came to.
#[derive(Clone, Copy, Debug)]
pub struct LoadReport {
    /// Authentications.
    pub done: u64,
    /// Requests sent again.
    pub repeated: u64,
    /// How long it took.
    pub took: Duration,
}

impl DigestLoad {
    /// So many users of that domain, and of that realm, which a challenge must name.
    #[must_use]
    pub fn new(server: SocketAddr, domain: &str, realm: &str, users: usize) -> Self {
        let batch = Batch::connect(server);
        let contact = batch.local();
        Self {
            batch,
            domain: domain.to_owned(),
            realm: realm.to_owned(),
            contact,
            run: 0,
            users: vec![User::default(); users],
            next: 0,
            under_way: 0,
            out: Vec::new(),
            done: 0,
            repeated: 0,
        }
    }

    /// Works so long, so many at a time, and ends what was begun.
    ///
    /// # Panics
    /// At the first answer that is not as it should be, and when there are no answers.
    pub fn work(&mut self, kind: Kind, at_a_time: usize, length: Duration) -> LoadReport {
        self.drive(kind, at_a_time, |_, elapsed| elapsed >= length)
    }

    /// Lets every user do it once.
    ///
    /// # Panics
    /// As [`Self::work`].
    pub fn once(&mut self, kind: Kind, at_a_time: usize) -> LoadReport {
        let all = self.users.len() as u64;
        self.next = 0;
        self.drive(kind, at_a_time, |begun, _| begun >= all)
    }

    fn drive(&mut self, kind: Kind, at_a_time: usize, is_over: impl Fn(u64, Duration) -> bool) -> LoadReport {
        let began = Instant::now();
        (self.done, self.repeated) = (0, 0);
        let (mut begun, mut looked, mut heard) = (0_u64, began, began);
        loop {
            let now = Instant::now();
            while self.under_way < at_a_time && !is_over(begun, now.duration_since(began)) {
                self.begin(kind, now);
                begun += 1;
            }
            if self.under_way == 0 {
                return LoadReport { done: self.done, repeated: self.repeated, took: began.elapsed() };
            }
            let mut out = std::mem::take(&mut self.out);
            self.batch.send(&mut out);
            self.out = out;
            let mut received: Vec<Vec<u8>> = Vec::new();
            self.batch.receive(Duration::from_millis(50), |octets| received.push(octets.to_vec()));
            let now = Instant::now();
            if !received.is_empty() {
                heard = now;
            }
            assert!(now.duration_since(heard) < Duration::from_secs(20), "no answer for 20 s, {} wait", self.under_way);
            received.iter().for_each(|octets| self.take(octets, now));
            if now.duration_since(looked) > AGAIN / 5 {
                looked = now;
                self.send_again(now);
            }
        }
    }

    fn begin(&mut self, kind: Kind, now: Instant) {
        while self.users[self.next].pending.is_some() {
            self.next = (self.next + 1) % self.users.len();
        }
        let number = self.next;
        self.next = (self.next + 1) % self.users.len();
        self.under_way += 1;
        let with_credentials = kind == Kind::Preemptive && !self.users[number].nonce.is_empty();
        self.ask(number, Pending { kind, with_credentials, sent: now });
    }

    fn ask(&mut self, number: usize, pending: Pending) {
        let user = &mut self.users[number];
        user.sequence += 1;
        if pending.with_credentials {
            user.count += 1;
        }
        user.pending = Some(pending);
        let message = self.write(number);
        self.out.push(message);
    }

    /// The present request of a user; the same again for the same state.
    fn write(&self, number: usize) -> Vec<u8> {
        let Self { domain, contact, run, .. } = self;
        let state = &self.users[number];
        let pending = state.pending.as_ref().expect("something under way");
        let (name, sequence) = (user(number), state.sequence);
        let (method, uri) = match pending.kind {
            Kind::Invite => ("INVITE", format!("sip:nobody@{domain}")),
            Kind::Register | Kind::Preemptive => ("REGISTER", format!("sip:{domain}")),
        };
        let to = if method == "INVITE" { uri.clone() } else { format!("sip:{name}@{domain}") };
        let mut text = String::with_capacity(800);
        let _ = write!(
            text,
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {contact};rport;branch=z9hG4bK{number:07}.{run}.{sequence}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{name}@{domain}>;tag={number:x}t{run}\r\nTo: <{to}>\r\n\
             Call-ID: {name}-{run}{}@load\r\nCSeq: {sequence} {method}\r\nContact: <sip:{name}@{contact}>\r\n",
            if method == "INVITE" { sequence.saturating_sub(u32::from(pending.with_credentials)) } else { 0 },
        );
        if pending.with_credentials {
            self.write_credentials(&mut text, number, (method, &uri));
        }
        text.push_str(if method == "REGISTER" { "Expires: 3600\r\n" } else { "" });
        text.push_str("User-Agent: load/1\r\nContent-Length: 0\r\n\r\n");
        text.into_bytes()
    }

    fn write_credentials(&self, text: &mut String, number: usize, (method, uri): (&str, &str)) {
        let (state, realm, name) = (&self.users[number], &self.realm, user(number));
        let User { nonce, count, is_proxy, .. } = state;
        let client_nonce = format!("{number:08x}");
        let ha1 = hex(&format!("{name}:{realm}:{}", password(&name)));
        let ha2 = hex(&format!("{method}:{uri}"));
        let response = hex(&format!("{ha1}:{nonce}:{count:08x}:{client_nonce}:auth:{ha2}"));
        let header = if *is_proxy { "Proxy-Authorization" } else { "Authorization" };
        let _ = write!(
            text,
            "{header}: Digest username=\"{name}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm=MD5, cnonce=\"{client_nonce}\", qop=auth, nc={count:08x}\r\n"
        );
    }

    fn take(&mut self, octets: &[u8], now: Instant) {
        let status = status_of(octets);
        if status < 200 {
            return;
        }
        let branch = between(octets, b"branch=z9hG4bK", b";\r").unwrap_or_default();
        let mut parts = branch.split('.');
        let number: usize = parts.next().and_then(|part| part.parse().ok()).unwrap_or(usize::MAX);
        let run_and_sequence =
            (parts.next().and_then(|part| part.parse().ok()), parts.next().and_then(|part| part.parse().ok()));
        let Some(state) = self.users.get_mut(number) else { panic!("an answer to nobody: {}", shown(octets)) };
        // An answer that comes again, to what was sent again.
        if run_and_sequence != (Some(self.run), Some(state.sequence)) {
            return;
        }
        let Some(pending) = state.pending.take() else { return };
        if pending.kind == Kind::Invite {
            self.acknowledge(number, octets);
        }
        match (pending.kind, status, pending.with_credentials) {
            (kind, 401 | 407, false) => {
                let nonce = between(octets, b"nonce=\"", b"\"").unwrap_or_default().to_owned();
                assert!(!nonce.is_empty(), "no nonce: {}", shown(octets));
                let realm = between(octets, b"realm=\"", b"\"").unwrap_or_default();
                assert_eq!(realm, self.realm, "{}", shown(octets));
                let state = &mut self.users[number];
                (state.nonce, state.count, state.is_proxy) = (nonce, 0, status == 407);
                self.ask(number, Pending { kind, with_credentials: true, sent: now });
            }
            (Kind::Register | Kind::Preemptive, 200, true) => {
                let listed = format!("<sip:{}@{}>", user(number), self.contact);
                assert!(memchr::memmem::find(octets, listed.as_bytes()).is_some(), "no {listed}: {}", shown(octets));
                self.end();
            }
            (Kind::Invite, 404, true) => self.end(),
            (Kind::Preemptive, 401, true) if self.nonce_is_used_up(number, octets) => {
                let state = &mut self.users[number];
                state.nonce = between(octets, b"nonce=\"", b"\"").unwrap_or_default().to_owned();
                state.count = 0;
                self.ask(number, Pending { kind: Kind::Preemptive, with_credentials: true, sent: now });
            }
            (kind, _, with) => panic!("{kind:?}, with credentials {with}: {}", shown(octets)),
        }
    }

    /// Servers that count uses count to some end, and not all say that only the nonce is at fault.
    fn nonce_is_used_up(&self, number: usize, response: &[u8]) -> bool {
        self.users[number].count > 100 || memchr::memmem::find(response, b"stale=true").is_some()
    }

    fn end(&mut self) {
        self.done += 1;
        self.under_way -= 1;
    }

    fn acknowledge(&mut self, number: usize, response: &[u8]) {
        let (domain, contact, run, name) = (&self.domain, self.contact, self.run, user(number));
        let sequence = self.users[number].sequence;
        let to = between(response, b"\nTo: ", b"\r").unwrap_or_default();
        let call_id = between(response, b"\nCall-ID: ", b"\r").unwrap_or_default();
        let text = format!(
            "ACK sip:nobody@{domain} SIP/2.0\r\nVia: SIP/2.0/UDP {contact};rport;branch=z9hG4bK{number:07}.{run}.{sequence}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{name}@{domain}>;tag={number:x}t{run}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
             CSeq: {sequence} ACK\r\nContent-Length: 0\r\n\r\n"
        );
        self.out.push(text.into_bytes());
    }

    fn send_again(&mut self, now: Instant) {
        for number in 0..self.users.len() {
            let Some(pending) = &mut self.users[number].pending else { continue };
            if now.duration_since(pending.sent) > AGAIN {
                pending.sent = now;
                self.repeated += 1;
                let message = self.write(number);
                self.out.push(message);
            }
        }
    }
}

fn status_of(octets: &[u8]) -> u16 {
    let status =
        octets.strip_prefix(b"SIP/2.0 ").and_then(|rest| std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok());
    status.unwrap_or_else(|| panic!("no response: {}", shown(octets)))
}

/// What stands between a text and the first octet of some others.
fn between<'m>(octets: &'m [u8], before: &[u8], after: &[u8]) -> Option<&'m str> {
    let rest = &octets[memchr::memmem::find(octets, before)? + before.len()..];
    let length = rest.iter().position(|octet| after.contains(octet))?;
    std::str::from_utf8(&rest[..length]).ok()
}

fn hex(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Md5::digest(text);
    digest
        .iter()
        .flat_map(|octet| [DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 15)]])
        .map(char::from)
        .collect()
}

fn shown(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
