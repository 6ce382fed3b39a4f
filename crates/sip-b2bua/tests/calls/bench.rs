//! A call on a bench: its owner, played by hand, in virtual time. Everything the call writes is parsed, checked and noted.

use sip_b2bua::*;
use sip_message::write::{ResponseWriter, Status};
use sip_message::{HeaderName, HeaderSpans, Message, parse};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

pub const OFFER: &str =
    "v=0\r\no=a 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
pub const ANSWER: &str =
    "v=0\r\no=b 1 1 IN IP4 198.51.100.9\r\ns=-\r\nc=IN IP4 198.51.100.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n";

/// Numbers that are the same in every run.
pub struct Seeded(pub u64);

impl Seeded {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

impl Randomness for Seeded {
    fn token(&mut self, out: &mut [u8]) {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        out.fill_with(|| DIGITS[usize::try_from(self.below(36)).unwrap()]);
    }
}

/// Answers every challenge while it has a secret.
pub struct Secret(pub bool);

impl Answerer for Secret {
    fn answer(&mut self, challenged: &Challenged<'_>) -> Option<ChallengeAnswer> {
        let (header, asked) = match challenged.response.status() {
            407 => (HeaderName::ProxyAuthorization, HeaderName::ProxyAuthenticate),
            _ => (HeaderName::Authorization, HeaderName::WwwAuthenticate),
        };
        let headers = challenged.response.headers();
        headers.digest_challenges(asked).next()?.ok()?;
        self.0.then(|| ChallengeAnswer { header, value: b"Digest username=\"trunk\", response=\"x\"".to_vec() })
    }
}

/// A request that the call sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub leg: LegId,
    pub ticket: Ticket,
    pub text: String,
}

/// A response that the call sent.
#[derive(Clone, Debug)]
pub struct Answered {
    pub ticket: ServerTicket,
    pub status: u16,
    pub text: String,
}

pub struct Bench {
    pub now: Millis,
    pub call: Option<Call>,
    pub random: Seeded,
    pub secret: Secret,
    pub requests: Vec<Sent>,
    pub responses: Vec<Answered>,
    pub acks: Vec<(LegId, String)>,
    pub cancels: Vec<(LegId, Ticket, Option<String>)>,
    pub located: Vec<(LegId, TargetRef, u8)>,
    pub bridges: Vec<(LegId, LegId, SdpKind, Vec<u8>)>,
    pub told: Vec<&'static str>,
    pub facts: Option<CallFacts>,
    /// Places per target; a path is given at once while there are some.
    pub places: u8,
    pub last_ticket: u32,
    pub unanswered: BTreeSet<u32>,
    /// By Call-ID and tags: the last CSeq used.
    sequences: BTreeMap<(String, String), u32>,
    branches: BTreeSet<String>,
}

pub fn target(uri: &str, trust: Trust) -> Target {
    Target { request_uri: uri.as_bytes().into(), to: format!("<{uri}>").into_bytes().into(), trust }
}

pub fn stage(uris: &[&str]) -> Stage {
    Stage {
        targets: uris.iter().map(|uri| target(uri, Trust::Untrusted)).collect(),
        ring_timeout_ms: 60_000,
        first_response_timeout_ms: 5_000,
        failover: FailoverOn::NextHopFailure,
    }
}

pub fn path(host: &str) -> Path {
    Path {
        via: format!("SIP/2.0/UDP {host}:5060").into_bytes().into(),
        contact: format!("<sip:{host}:5060>").into_bytes().into(),
        route: Box::default(),
    }
}

pub fn setup(stages: Vec<Stage>) -> Setup {
    Setup {
        caller: CallerSide { tag: b"ourtag"[..].into(), path: path("203.0.113.1") },
        identity: Identity {
            from: b"\"Alice\" <sip:+4930111@sip.example.com>"[..].into(),
            asserted: Some(b"<sip:+4930111@sip.example.com>"[..].into()),
        },
        stages,
        headers: HeaderPolicy::new(["X-*", "Diversion"]),
        refer: ReferPolicy::Refuse,
        session: SessionPolicy::default(),
        media: Media::Untouched,
        loop_token: b"loop0"[..].into(),
        product: Some(b"sipwarden"[..].into()),
    }
}

/// The caller's INVITE with extra header lines and a body.
pub fn invite(extra: &str, body: &str) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "INVITE sip:100@sip.example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKcaller1;rport\r\n\
         Max-Forwards: 70\r\nFrom: \"A\" <sip:alice@sip.example.com>;tag=fromA\r\nTo: <sip:100@sip.example.com>\r\n\
         Call-ID: caller-call\r\nCSeq: 10 INVITE\r\nContact: <sip:alice@192.0.2.9:5060>\r\n\
         Proxy-Authorization: Digest username=\"alice\", response=\"secret\"\r\nAuthorization: Digest username=\"alice\"\r\n\
         Record-Route: <sip:192.0.2.8;lr>\r\nP-Asserted-Identity: <sip:forged@evil.example>\r\n\
         P-Preferred-Identity: <sip:forged@evil.example>\r\nRemote-Party-ID: <sip:forged@evil.example>\r\n\
         Route: <sip:evil.example;lr>\r\nAllow: INVITE, ACK, CANCEL, BYE, UPDATE, REFER\r\nX-Tenant: 7\r\n{kind}{extra}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub fn source() -> SocketAddr {
    "192.0.2.9:5060".parse().unwrap()
}

impl Bench {
    pub fn begin(setup: Setup, invite: &str) -> Self {
        Self::begin_with(1, setup, invite)
    }

    /// Begins a call whose targets have that many places each.
    pub fn begin_with(places: u8, setup: Setup, invite: &str) -> Self {
        let mut bench = Self::idle(0x5eed);
        bench.places = places;
        bench.start(setup, invite);
        bench
    }

    pub fn start(&mut self, setup: Setup, invite: &str) {
        self.heard(invite, |bench, heard, out| {
            let Bench { now, random, secret, .. } = bench;
            let mut world = Surroundings { now: *now, randomness: random, answerer: secret };
            let call = Call::begin(setup, heard, &mut world, out);
            bench.call = Some(call);
        });
    }

    pub fn idle(seed: u64) -> Self {
        Self {
            now: 1_000_000,
            call: None,
            random: Seeded(seed | 1),
            secret: Secret(false),
            requests: Vec::new(),
            responses: Vec::new(),
            acks: Vec::new(),
            cancels: Vec::new(),
            located: Vec::new(),
            bridges: Vec::new(),
            told: Vec::new(),
            facts: None,
            places: 1,
            last_ticket: 0,
            unanswered: BTreeSet::new(),
            sequences: BTreeMap::new(),
            branches: BTreeSet::new(),
        }
    }

    /// Reads a request and hands it to `tell` under a ticket of its own, which must be answered unless it is an ACK.
    fn heard(&mut self, text: &str, tell: impl FnOnce(&mut Self, Heard<'_>, &mut Vec<Action>)) -> ServerTicket {
        self.last_ticket += 1;
        let ticket = ServerTicket(self.last_ticket);
        let mut spans = HeaderSpans::new();
        let Ok(Message::Request(request)) = parse(text.as_bytes(), &mut spans) else { panic!("no request: {text}") };
        let request = request.check().unwrap_or_else(|defect| panic!("{defect:?}: {text}"));
        if request.method() != sip_message::Method::Ack {
            self.unanswered.insert(ticket.0);
        }
        let mut out = Vec::new();
        tell(self, Heard { request: &request, source: source(), ticket }, &mut out);
        self.take(out);
        ticket
    }

    pub fn tell(&mut self, tell: impl FnOnce(&mut Call, &mut Surroundings<'_>, &mut Vec<Action>)) {
        let mut out = Vec::new();
        let Self { now, call, random, secret, .. } = self;
        let mut world = Surroundings { now: *now, randomness: random, answerer: secret };
        tell(call.as_mut().expect("a call"), &mut world, &mut out);
        self.take(out);
    }

    pub fn request(&mut self, leg: u8, text: &str) -> ServerTicket {
        self.heard(text, |bench, heard, out| {
            let Bench { now, random, secret, call, .. } = bench;
            let mut world = Surroundings { now: *now, randomness: random, answerer: secret };
            call.as_mut().expect("a call").on_request(LegId(leg), heard, &mut world, out);
        })
    }

    /// The peer answers a request of ours.
    pub fn respond(&mut self, sent: &Sent, status: u16, tag: &str, extra: &str, body: &str) {
        let text = response_to(&sent.text, status, tag, extra, body);
        let ticket = sent.ticket;
        self.respond_with(ticket, &text);
    }

    pub fn respond_with(&mut self, ticket: Ticket, text: &str) {
        let mut spans = HeaderSpans::new();
        let Ok(Message::Response(response)) = parse(text.as_bytes(), &mut spans) else { panic!("no response: {text}") };
        response.check().unwrap_or_else(|defect| panic!("{defect:?}: {text}"));
        self.tell(|call, world, out| call.on_response(ticket, &response, world, out));
    }

    pub fn fail(&mut self, sent: &Sent, failure: Failure) {
        let ticket = sent.ticket;
        self.tell(|call, world, out| call.on_failure(ticket, failure, world, out));
    }

    /// Steps to that time, waking the call whenever it wants.
    pub fn wait_until(&mut self, at: Millis) {
        while let Some(wake) = self.call.as_ref().and_then(Call::wakes_at).filter(|wake| *wake <= at) {
            self.now = self.now.max(wake);
            self.tell(|call, world, out| call.on_time(world, out));
            let again = self.call.as_ref().and_then(Call::wakes_at);
            assert!(again != Some(wake), "the call wakes at {wake} again and again");
        }
        self.now = self.now.max(at);
    }

    pub fn wait(&mut self, span: Millis) {
        self.wait_until(self.now + span);
    }

    fn take(&mut self, out: Vec<Action>) {
        let mut locate = Vec::new();
        for action in out {
            assert!(self.facts.is_none(), "{action:?} after the end");
            match action {
                Action::Locate { leg, target, attempt } => {
                    self.located.push((leg, target, attempt));
                    locate.push((leg, attempt));
                }
                Action::Request { leg, ticket, octets } => self.note_request(leg, ticket, &octets),
                Action::Ack { leg, octets } => {
                    let text = checked_request(&octets);
                    assert!(text.starts_with("ACK "), "{text}");
                    self.acks.push((leg, text));
                }
                Action::Cancel { leg, ticket, reason } => {
                    let reason = reason.map(|reason| String::from_utf8(reason.into_vec()).unwrap());
                    self.cancels.push((leg, ticket, reason));
                }
                Action::Respond { ticket, status, octets } => self.note_response(ticket, status, octets),
                Action::Bridge { from, to, kind, sdp } => self.bridges.push((from, to, kind, sdp)),
                Action::Ringing(_) => self.told.push("ringing"),
                Action::Answered(_) => self.told.push("answered"),
                Action::Confirmed => self.told.push("confirmed"),
                Action::Changed | Action::DialogsChanged => {}
                Action::Ended(facts) => {
                    self.told.push("ended");
                    self.facts = Some(*facts);
                }
            }
        }
        if self.facts.is_some() {
            assert!(self.unanswered.is_empty(), "unanswered at the end: {:?}", self.unanswered);
            let call = self.call.as_ref();
            assert_eq!(call.and_then(Call::wakes_at), None);
            assert_eq!(call.map_or(0, |call| call.dialogs().count()), 0);
        }
        for (leg, attempt) in locate {
            self.give_path(leg, attempt);
        }
    }

    pub fn give_path(&mut self, leg: LegId, attempt: u8) {
        let found = (attempt < self.places).then(|| path(&format!("203.0.113.{}", 10 + leg.0)));
        let path = found.ok_or(Unroutable::NoPlaceLeft);
        self.tell(|call, world, out| call.on_path(leg, path, world, out));
    }

    fn note_request(&mut self, leg: LegId, ticket: Ticket, octets: &[u8]) {
        let text = checked_request(octets);
        assert_never_crosses(&text, true);
        let dialog = [tag_of(&text, "From"), tag_of(&text, "To")].map(Option::unwrap_or_default).join(" ");
        let key = (header(&text, "Call-ID").unwrap(), dialog);
        let cseq: u32 = header(&text, "CSeq").unwrap().split(' ').next().unwrap().parse().unwrap();
        let last = self.sequences.insert(key, cseq);
        assert!(last.is_none_or(|last| cseq > last), "CSeq does not grow: {text}");
        let branch = text.split("branch=").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
        assert!(branch.starts_with("z9hG4bK") && self.branches.insert(branch), "{text}");
        self.requests.push(Sent { leg, ticket, text });
    }

    fn note_response(&mut self, ticket: ServerTicket, status: u16, octets: Vec<u8>) {
        let mut spans = HeaderSpans::new();
        let Ok(Message::Response(response)) = parse(&octets, &mut spans) else { panic!("no response") };
        response.check().unwrap();
        assert_eq!(response.status(), status);
        let text = String::from_utf8(octets).unwrap();
        assert_never_crosses(&text, false);
        if status >= 200 {
            // Repeated 2xx come again under the same ticket.
            let first = self.unanswered.remove(&ticket.0);
            assert!(first || status < 300, "a second final answer: {text}");
        }
        self.responses.push(Answered { ticket, status, text });
    }

    pub fn last(&self) -> &Sent {
        self.requests.last().expect("a request")
    }

    pub fn sent(&self, method: &str) -> Vec<Sent> {
        self.requests.iter().filter(|sent| sent.text.starts_with(&format!("{method} "))).cloned().collect()
    }

    pub fn statuses(&self, ticket: u32) -> Vec<u16> {
        self.responses.iter().filter(|answered| answered.ticket.0 == ticket).map(|answered| answered.status).collect()
    }

    pub fn response(&self, ticket: u32, status: u16) -> &str {
        let found = self.responses.iter().rfind(|answered| answered.ticket.0 == ticket && answered.status == status);
        &found.unwrap_or_else(|| panic!("no {status}: {:?}", self.responses)).text
    }

    pub fn facts(&self) -> &CallFacts {
        self.facts.as_ref().expect("the call is over")
    }

    /// A request of the caller's in the dialog that an answer of ours made.
    pub fn caller_sends(&self, method: &str, cseq: u32, extra: &str, body: &str) -> String {
        let made = self.responses.iter().rfind(|answered| answered.ticket.0 == 1 && answered.status > 100).unwrap();
        let tag = tag_of(&made.text, "To").unwrap();
        in_dialog(
            (method, cseq),
            ("\"A\" <sip:alice@sip.example.com>;tag=fromA", &format!("<sip:100@sip.example.com>;tag={tag}")),
            ("caller-call", "alice@192.0.2.9"),
            (extra, body),
        )
    }

    /// A request of the called in the dialog of that INVITE.
    pub fn callee_sends(
        &self,
        invite: &Sent,
        tag: &str,
        (method, cseq): (&str, u32),
        extra: &str,
        body: &str,
    ) -> String {
        let from = format!("{};tag={tag}", header(&invite.text, "To").unwrap());
        let to = header(&invite.text, "From").unwrap();
        let call_id = header(&invite.text, "Call-ID").unwrap();
        in_dialog((method, cseq), (&from, &to), (&call_id, "bob@198.51.100.9"), (extra, body))
    }

    /// A call between the caller and one called, answered and acknowledged.
    pub fn up() -> (Self, Sent) {
        Self::up_with(setup(vec![stage(&["sip:bob@198.51.100.9"])]), "", "Allow: INVITE, BYE, UPDATE\r\n")
    }

    pub fn up_with(setup: Setup, caller: &str, callee: &str) -> (Self, Sent) {
        let mut bench = Self::begin(setup, &invite(caller, OFFER));
        let out = bench.last().clone();
        let extra = format!("Contact: <sip:bob@198.51.100.9:5080>\r\n{callee}");
        bench.respond(&out, 200, "tagB", &extra, ANSWER);
        let ack = bench.caller_sends("ACK", 10, "", "");
        bench.request(0, &ack);
        assert!(bench.call.as_ref().is_some_and(Call::is_up));
        (bench, out)
    }
}

fn in_dialog(
    (method, cseq): (&str, u32),
    (from, to): (&str, &str),
    (call_id, contact): (&str, &str),
    (extra, body): (&str, &str),
) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:203.0.113.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK{method}{cseq};rport\r\n\
         Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
         Contact: <sip:{contact}>\r\nAuthorization: Digest username=\"x\"\r\n{kind}{extra}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub fn response_to(request: &str, status: u16, tag: &str, extra: &str, body: &str) -> String {
    let mut spans = HeaderSpans::new();
    let Ok(Message::Request(request)) = parse(request.as_bytes(), &mut spans) else { panic!("{request}") };
    let mut out = Vec::new();
    let mut writer = ResponseWriter::start(&mut out, &request, Status::of(status), source(), tag.as_bytes());
    for line in extra.split("\r\n").filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap();
        writer = writer.header(name, value.as_bytes());
    }
    if !body.is_empty() {
        writer = writer.header("Content-Type", b"application/sdp");
    }
    writer.header("Record-Route", b"<sip:198.51.100.1;lr>").finish(body.as_bytes());
    String::from_utf8(out).unwrap()
}

fn checked_request(octets: &[u8]) -> String {
    let mut spans = HeaderSpans::new();
    let text = String::from_utf8(octets.to_vec()).unwrap();
    let Ok(Message::Request(request)) = parse(octets, &mut spans) else { panic!("no request: {text}") };
    request.check().unwrap_or_else(|defect| panic!("{defect:?}: {text}"));
    assert_eq!(request.headers().vias().count(), 1, "{text}");
    text
}

/// What belongs to one leg alone.
fn assert_never_crosses(text: &str, is_request: bool) {
    for secret in ["alice\", response", "username=\"alice\"", "username=\"x\"", "forged@", "evil.example", "nonce="] {
        assert!(!text.contains(secret), "{secret} crossed: {text}");
    }
    for name in ["P-Preferred-Identity", "Remote-Party-ID", "WWW-Authenticate", "Proxy-Authenticate", "Path"] {
        assert!(header(text, name).is_none(), "{name} crossed: {text}");
    }
    assert!(!is_request || header(text, "Record-Route").is_none(), "{text}");
}

pub fn header(text: &str, name: &str) -> Option<String> {
    let head = text.split("\r\n\r\n").next()?;
    let mut lines = head.split("\r\n").skip(1).filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
}

pub fn body_of(text: &str) -> &str {
    text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

pub fn tag_of(text: &str, name: &str) -> Option<String> {
    Some(header(text, name)?.split(";tag=").nth(1)?.to_owned())
}
