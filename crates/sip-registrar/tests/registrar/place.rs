//! An address-of-record whose phone proves itself with every REGISTER.

use domain::{BindingId, LiveBinding, SignallingTransport, Timestamp};
use sip_digest::{
    Afterwards, AlgorithmSet, Answer, Attempt, Candidate, Ha1, HashAlgorithm, Lane, NonceCounts, NonceIssuer, NonceKey,
    NonceScope, NonceSeed, QopPreference, QopRule, Secret, UriAgreement, Verdict, VerifiedIdentity, verify,
};
use sip_message::{CheckedRequest, DigestChallenge, HeaderName, HeaderSpans, Message, Uri, parse};
use sip_registrar::{
    AddressOfRecordOwner, Arrival, AuthorizedRegister, LocationAccess, NotTheirAddressOfRecord, Policy, Registered,
    Rejection, register,
};

pub const START: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// The owner of `sip:alice@example.test`.
#[derive(Clone, Copy, Debug)]
pub struct Alice;

impl AddressOfRecordOwner for Alice {
    fn owns(&self, address_of_record: &Uri<'_>) -> bool {
        address_of_record.decoded_user().eq(*b"alice") && address_of_record.host.eq_ignore_ascii_case(b"example.test")
    }
}

/// Alice's bindings and what their keeper was told.
pub struct Place {
    pub now: Timestamp,
    pub policy: Policy,
    pub bindings: Vec<LiveBinding>,
    /// Every binding that was noted as removed, in order.
    pub removed: Vec<BindingId>,
    pub next_id: i64,
    pub path: Vec<u8>,
    /// Octets that the answers have for Contact values.
    pub contact_room: usize,
    /// The connection that REGISTERs come over; by UDP without one.
    pub connection: u64,
}

/// What a step must lead to.
pub type Expected = Result<Registered, Rejection>;

/// Bindings were kept.
pub const KEPT: Expected = Ok(Registered::Kept);
/// A removal was asked for.
pub const REMOVED: Expected = Ok(Registered::Removed);

impl Place {
    pub fn new() -> Self {
        Self {
            now: START,
            policy: Policy {
                min_expires_seconds: 60,
                default_expires_seconds: 3600,
                max_expires_seconds: 7200,
                max_bindings: 3,
            },
            bindings: Vec::new(),
            removed: Vec::new(),
            next_id: 1,
            path: Vec::new(),
            contact_room: 65_000,
            connection: 0,
        }
    }

    /// One REGISTER with that Call-ID, CSeq and those further header lines.
    pub fn register(&mut self, call_id: &str, cseq: u32, lines: &[&str]) -> Expected {
        let text = register_text("sip:alice@example.test", (call_id, cseq), lines);
        with_identity(&text, |request, identity| {
            let command = AuthorizedRegister::new(request, identity).unwrap();
            let arrival = Arrival {
                now: self.now,
                transport: if self.connection == 0 { SignallingTransport::Udp } else { SignallingTransport::Tcp },
                source: "192.0.2.7:5062".parse().unwrap(),
                local: "198.51.100.1:5060".parse().unwrap(),
                connection: self.connection,
                generation: 4,
                contact_room: self.contact_room,
            };
            let (removed, next_id) = (&mut self.removed, &mut self.next_id);
            let mut location = LocationAccess {
                bindings: &mut self.bindings,
                removed: &mut |id| removed.push(id),
                next_id: &mut || {
                    *next_id += 1;
                    BindingId(*next_id - 1)
                },
                path: &mut self.path,
            };
            register(&command, &mut location, &arrival, &self.policy)
        })
    }

    /// Runs a step and holds its outcome and the bindings left against what they must be, each as `URI SECONDS`.
    #[track_caller]
    pub fn check(&mut self, (call_id, cseq): (&str, u32), lines: &[&str], expected: Expected, left: &[&str]) {
        let outcome = self.register(call_id, cseq, lines);
        assert_eq!(outcome, expected, "{lines:?}");
        assert_eq!(self.left(), left, "{lines:?}");
    }

    /// The bindings as `URI SECONDS`, in the order they are kept.
    pub fn left(&self) -> Vec<String> {
        let line = |binding: &LiveBinding| {
            let contact = String::from_utf8_lossy(binding.texts().contact).into_owned();
            let seconds = (binding.facts.expires_at.as_micros() - self.now.as_micros()) / 1_000_000;
            format!("{contact} {seconds}")
        };
        self.bindings.iter().map(line).collect()
    }

    pub fn wait(&mut self, seconds: i64) {
        self.now = self.now.plus_seconds(seconds);
    }
}

/// Whether Alice may register for that To.
pub fn authorize(to: &str) -> Result<(), NotTheirAddressOfRecord> {
    with_identity(&register_text(to, ("c", 1), &[]), |request, identity| {
        AuthorizedRegister::new(request, identity).map(|_| ())
    })
}

fn register_text(to: &str, (call_id, cseq): (&str, u32), lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    format!(
        "REGISTER sip:example.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK{cseq};rport\r\n\
         From: <sip:alice@example.test>;tag=1\r\nTo: <{to}>\r\nCall-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\n\
         User-Agent: phone/1\r\nAuthorization: {}\r\n{lines}Content-Length: 0\r\n\r\n",
        String::from_utf8(authorization()).unwrap()
    )
}

const NONCE_SCOPE: NonceScope =
    NonceScope { realm: 1, source: std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)) };

fn issuer() -> NonceIssuer {
    NonceIssuer::new(NonceKey::new(&[7; 32]), 1, 3600)
}

/// A right answer to a challenge of ours.
fn authorization() -> Vec<u8> {
    let seed = NonceSeed { hash: HashAlgorithm::Sha256, lane: Lane::new(0).unwrap(), serial: 0 };
    let nonce = issuer().issue(&seed, &NONCE_SCOPE, START.as_unix_seconds());
    let challenge = DigestChallenge {
        realm: Some(b"example.test"),
        nonce: Some(&nonce),
        algorithm: Some(b"SHA-256"),
        qop: Some(b"auth"),
        ..DigestChallenge::default()
    };
    let answer = Answer {
        challenge,
        username: b"alice",
        secret: Secret::Password(b"correct horse"),
        method: b"REGISTER",
        uri: b"sip:example.test",
        cnonce: b"cnonce",
        count: 1,
        body: b"",
        qop: QopPreference::Auth,
    };
    let mut out = Vec::new();
    answer.write(&mut out).unwrap();
    out
}

fn with_identity<R>(text: &str, then: impl FnOnce(&CheckedRequest<'_>, &VerifiedIdentity<Alice>) -> R) -> R {
    let mut spans = HeaderSpans::new();
    let Ok(Message::Request(request)) = parse(text.as_bytes(), &mut spans) else { panic!("{text}") };
    let claim = request.headers().digest_credentials(HeaderName::Authorization).next().unwrap().unwrap();
    let ha1 = Ha1::compute(HashAlgorithm::Sha256, b"alice", b"example.test", b"correct horse");
    let attempt = Attempt {
        claim: &claim,
        method: b"REGISTER",
        body: b"",
        realm: b"example.test",
        nonce: issuer().inspect(claim.nonce.unwrap(), &NONCE_SCOPE, START.as_unix_seconds()),
        accepted: AlgorithmSet::ALL,
        qop: QopRule::default(),
        uri: UriAgreement::Agrees,
        candidates: &[Candidate::Accepted { subject: Alice, ha1: &ha1 }],
        afterwards: Afterwards::Accepted,
    };
    match verify(&attempt, &mut NonceCounts::with_buckets(1)) {
        Verdict::Verified(identity) => then(&request.check().unwrap(), &identity),
        verdict => panic!("{verdict:?}"),
    }
}
