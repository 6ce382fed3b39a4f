//! A registrar on a loopback socket that judges credentials with sip-digest and otherwise does as the test says.

#![allow(dead_code, reason = "each test file uses a part")]

pub mod echo_bridge;

use sip_digest::{
    Afterwards, Algorithm, AlgorithmSet, Attempt, Candidate, Challenge, Ha1, HashAlgorithm, Lane, NonceCounts,
    NonceIssuer, NonceKey, NonceScope, NonceSeed, NonceText, QopOffer, QopRule, Staleness, UriAgreement, Verdict,
    verify,
};
use sip_message::framing::{Framed, StreamFramer};
use sip_message::write::{ResponseWriter, Status};
use sip_message::{DigestCredentials, HeaderName, HeaderSpans, Message, Method, Request, parse};
use sip_user_agent::{Account, Direction, Exchange, UaTransport, UserAgent};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

pub const DOMAIN: &str = "MA_X1.sip.localhost";
pub const USERNAME: &str = "alice";
pub const PASSWORD: &str = "correct horse battery";
pub const REALM: &[u8] = b"registrar.example";
const NOW: u64 = 1_800_000_000;
const SCOPE_OF_ALL: [u8; 4] = [127, 0, 0, 1];

/// What becomes of one request. When the script has ended, requests are judged.
pub enum Reaction {
    /// Good credentials are let in, others challenged.
    Judge,
    /// Nothing is heard of it.
    Lose,
    /// Challenged with `stale=true`, whatever it says.
    CallStale,
    /// Let in, with a proof that is wrong.
    ProveWrongly,
    /// Let in, with a nonce to use next.
    AnnounceNextNonce,
    /// Judged, with a 100 before the answer.
    TryFirst,
    /// Judged, but what this makes of the answer is sent before it.
    Precede(fn(&[u8]) -> Vec<Vec<u8>>),
    /// Answered with that status.
    Refuse(u16),
    /// Over TCP, the connection is closed instead of an answer; over UDP, lost.
    Close,
}

pub struct Registrar {
    pub script: VecDeque<Reaction>,
    /// What it challenges with, in this order.
    pub offers: Vec<HashAlgorithm>,
    /// Every request, retransmissions included.
    pub seen: Vec<String>,
    /// Every text that must never be shown: nonces, cnonces, responses, rspauths.
    pub secrets: Vec<String>,
    bindings: Vec<String>,
    issuer: NonceIssuer,
    counts: NonceCounts,
    serial: u32,
    /// Answers by branch, so that a request sent again is not judged again.
    answered: HashMap<Vec<u8>, Vec<Vec<u8>>>,
}

/// What one request is judged by.
struct Case<'m> {
    request: Request<'m>,
    source: SocketAddr,
    claim: Option<DigestCredentials<'m>>,
}

impl Registrar {
    pub fn new(offers: &[HashAlgorithm], script: impl IntoIterator<Item = Reaction>) -> Self {
        Self {
            script: script.into_iter().collect(),
            offers: offers.to_vec(),
            seen: Vec::new(),
            secrets: vec![PASSWORD.to_owned()],
            bindings: Vec::new(),
            issuer: NonceIssuer::new(NonceKey::new(&[7; 32]), 1, 3600),
            counts: NonceCounts::with_buckets(16),
            serial: 0,
            answered: HashMap::new(),
        }
    }

    /// The messages that answer one message; `None` if the connection is to be closed.
    pub fn react(&mut self, octets: &[u8], source: SocketAddr) -> Option<Vec<Vec<u8>>> {
        self.seen.push(String::from_utf8(octets.to_vec()).unwrap());
        let mut spans = HeaderSpans::new();
        let Ok(Message::Request(request)) = parse(octets, &mut spans) else { panic!("no request") };
        assert_eq!(request.check().map(drop), Ok(()), "{}", octets.escape_ascii());
        let branch = request.headers().top_via().unwrap().branch.unwrap().to_vec();
        if let Some(answers) = self.answered.get(&branch) {
            return Some(answers.clone());
        }
        let name = match request.method() {
            Method::Register => HeaderName::Authorization,
            _ => HeaderName::ProxyAuthorization,
        };
        let claim = request.headers().digest_credentials(name).next().transpose().unwrap();
        for secret in claim.iter().flat_map(|claim| [claim.nonce, claim.response, claim.cnonce]).flatten() {
            self.secrets.push(String::from_utf8(secret.to_vec()).unwrap());
        }
        let case = Case { request, source, claim };
        let answers = match self.script.pop_front().unwrap_or(Reaction::Judge) {
            Reaction::Judge => vec![self.judge(&case, |_| {}, None)],
            Reaction::Lose => return Some(Vec::new()),
            Reaction::Close => return None,
            Reaction::CallStale => vec![self.challenge(&case, Staleness::Stale)],
            Reaction::ProveWrongly => vec![self.judge(&case, falsify, None)],
            Reaction::AnnounceNextNonce => {
                let next = self.issue(self.offers[0]);
                vec![self.judge(&case, |_| {}, Some(&next))]
            }
            Reaction::TryFirst => vec![write(&case, 100, &[]), self.judge(&case, |_| {}, None)],
            Reaction::Precede(noise) => {
                let answer = self.judge(&case, |_| {}, None);
                let mut all = noise(&answer);
                all.push(answer);
                all
            }
            Reaction::Refuse(status) => vec![write(&case, status, &[])],
        };
        self.answered.insert(branch, answers.clone());
        Some(answers)
    }

    fn judge(&mut self, case: &Case<'_>, change: fn(&mut [u8]), next_nonce: Option<&NonceText>) -> Vec<u8> {
        let Some(claim) = &case.claim else { return self.challenge(case, Staleness::Fresh) };
        let Some(algorithm) = Algorithm::parse(claim.algorithm) else { panic!("unknown algorithm") };
        let ha1 = Ha1::compute(algorithm.hash, USERNAME.as_bytes(), REALM, PASSWORD.as_bytes());
        let agrees = claim.uri == Some(case.request.uri_octets());
        let attempt = Attempt {
            claim,
            method: case.request.method().as_bytes(),
            body: b"",
            realm: REALM,
            nonce: self.issuer.inspect(claim.nonce.unwrap_or_default(), &scope(), NOW),
            accepted: AlgorithmSet::ALL,
            qop: QopRule::default(),
            uri: if agrees { UriAgreement::Agrees } else { UriAgreement::Differs },
            candidates: &[Candidate::Accepted { subject: (), ha1: &ha1 }],
            afterwards: Afterwards::Accepted,
        };
        match verify(&attempt, &mut self.counts) {
            Verdict::Verified(identity) => {
                let mut info = Vec::new();
                identity.write_authentication_info(claim, b"", next_nonce, &mut info);
                change(&mut info);
                let text = str::from_utf8(&info).unwrap();
                self.secrets.push(text.split('"').nth(1).unwrap().to_owned());
                self.let_in(case, info)
            }
            Verdict::Stale(_) => self.challenge(case, Staleness::Stale),
            Verdict::Revoked(()) | Verdict::Refused(_) => self.challenge(case, Staleness::Fresh),
        }
    }

    fn let_in(&mut self, case: &Case<'_>, info: Vec<u8>) -> Vec<u8> {
        let headers = case.request.headers();
        if case.request.method() == Method::Register
            && let Some(contact) = headers.first(HeaderName::Contact)
        {
            let contact = str::from_utf8(contact).unwrap();
            self.bindings.retain(|binding| !binding.starts_with(contact));
            match headers.expires().unwrap().unwrap() {
                0 => {}
                seconds => self.bindings.push(format!("{contact};expires={seconds}")),
            }
        }
        let mut fields = vec![("Authentication-Info", info)];
        fields.extend(self.bindings.iter().map(|binding| ("Contact", binding.clone().into_bytes())));
        write(case, 200, &fields)
    }

    fn challenge(&mut self, case: &Case<'_>, staleness: Staleness) -> Vec<u8> {
        let (status, name) = match case.request.method() {
            Method::Register => (401, "WWW-Authenticate"),
            _ => (407, "Proxy-Authenticate"),
        };
        let mut fields = Vec::new();
        for hash in self.offers.clone() {
            let nonce = self.issue(hash);
            let mut value = Vec::new();
            let challenge =
                Challenge { realm: REALM, nonce: &nonce, hash, qop: QopOffer::Auth, staleness, opaque: Some(b"o") };
            challenge.write(&mut value);
            fields.push((name, value));
        }
        write(case, status, &fields)
    }

    fn issue(&mut self, hash: HashAlgorithm) -> NonceText {
        self.serial += 1;
        let seed = NonceSeed { hash, lane: Lane::new(0).unwrap(), serial: self.serial };
        let nonce = self.issuer.issue(&seed, &scope(), NOW);
        self.secrets.push(String::from_utf8(nonce.to_vec()).unwrap());
        nonce
    }
}

/// The fake has one account and no use for telling sources apart.
fn scope() -> NonceScope {
    NonceScope { realm: 1, source: SCOPE_OF_ALL.into() }
}

/// Changes the first digit of the rspauth.
fn falsify(info: &mut [u8]) {
    let digit = info.iter().position(|octet| *octet == b'"').unwrap() + 1;
    info[digit] = if info[digit] == b'0' { b'1' } else { b'0' };
}

fn write(case: &Case<'_>, status: u16, fields: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = ResponseWriter::start(&mut out, &case.request, Status::of(status), case.source, b"registrar");
    for (name, value) in fields {
        writer = writer.header(name, value);
    }
    writer.finish(b"");
    out
}

/// A registrar with its socket.
pub struct Peer {
    pub registrar: Registrar,
    socket: Socket,
}

enum Socket {
    Udp(UdpSocket),
    Tcp(TcpListener),
}

impl Peer {
    pub async fn open(transport: UaTransport, registrar: Registrar) -> Self {
        let socket = match transport {
            UaTransport::Udp => Socket::Udp(UdpSocket::bind("127.0.0.1:0").await.unwrap()),
            UaTransport::Tcp => Socket::Tcp(TcpListener::bind("127.0.0.1:0").await.unwrap()),
            UaTransport::Tls(_) => unreachable!("the registrar here does not encrypt"),
        };
        Self { registrar, socket }
    }

    /// An account there that answers those challenges.
    pub fn account(&self, hashes: &[HashAlgorithm]) -> Account {
        let (server, transport) = match &self.socket {
            Socket::Udp(socket) => (socket.local_addr().unwrap(), UaTransport::Udp),
            Socket::Tcp(listener) => (listener.local_addr().unwrap(), UaTransport::Tcp),
        };
        Account {
            server,
            transport,
            domain: DOMAIN.to_owned(),
            username: USERNAME.to_owned(),
            password: PASSWORD.to_owned().into(),
            user_agent: "Scripted/1.0".to_owned(),
            hashes: hashes.to_vec(),
        }
    }

    /// A user agent of that account.
    pub async fn user_agent(&self, hashes: &[HashAlgorithm]) -> UserAgent {
        UserAgent::open(self.account(hashes), [9; 32]).await.unwrap()
    }

    /// Serves until the exchange is over, and checks what holds for every exchange.
    pub async fn during(&mut self, exchange: impl Future<Output = Exchange>) -> Exchange {
        let exchange = tokio::select! {
            exchange = exchange => exchange,
            () = serve(&self.socket, &mut self.registrar) => unreachable!("serves for ever"),
        };
        assert!(exchange.ladder.iter().all(|step| step.at <= exchange.elapsed));
        let shown = format!("{exchange:?}");
        for secret in &self.registrar.secrets {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        exchange
    }
}

async fn serve(socket: &Socket, registrar: &mut Registrar) {
    match socket {
        Socket::Udp(socket) => loop {
            let mut datagram = vec![0; 65_535];
            let (length, source) = socket.recv_from(&mut datagram).await.unwrap();
            for answer in registrar.react(&datagram[..length], source).unwrap_or_default() {
                socket.send_to(&answer, source).await.unwrap();
            }
        },
        Socket::Tcp(listener) => loop {
            serve_connection(listener, registrar).await;
        },
    }
}

/// Serves one connection until either side closes it. Answers come in pieces, with keep-alives between them.
async fn serve_connection(listener: &TcpListener, registrar: &mut Registrar) {
    let (mut stream, source) = listener.accept().await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut framer, mut received) = (StreamFramer::new(), Vec::new());
    loop {
        match framer.frame(&received) {
            Framed::Message(length) => {
                let message: Vec<u8> = received.drain(..length).collect();
                let Some(answers) = registrar.react(&message, source) else { return };
                for answer in answers {
                    for piece in [b"\r\n", &answer[..1], &answer[1..40], &answer[40..]] {
                        stream.write_all(piece).await.unwrap();
                        tokio::task::yield_now().await;
                    }
                }
            }
            Framed::Incomplete => {
                if stream.read_buf(&mut received).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The ladder in one line per message, arrows in front. A request that a slow machine sent again counts once.
pub fn lines(exchange: &Exchange) -> Vec<String> {
    let arrow = |direction| if direction == Direction::Sent { "->" } else { "<-" };
    let mut lines: Vec<_> =
        exchange.ladder.iter().map(|step| format!("{} {}", arrow(step.direction), step.summary)).collect();
    lines.dedup();
    lines
}
