//! Requests outside dialogs, carried across once.

use crate::bench::*;
use sip_b2bua::*;
use sip_message::{HeaderSpans, Message, parse};

struct Carried {
    exchange: Exchange,
    random: Seeded,
    secret: Secret,
    places: u8,
    sent: Vec<Sent>,
    answers: Vec<(u16, String)>,
}

fn message(extra: &str) -> String {
    format!(
        "MESSAGE sip:100@sip.example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKm1\r\nMax-Forwards: 70\r\n\
         From: <sip:alice@sip.example.com>;tag=fromA\r\nTo: <sip:100@sip.example.com>\r\nCall-ID: m\r\nCSeq: 1 MESSAGE\r\n\
         Proxy-Authorization: Digest username=\"alice\"\r\nP-Asserted-Identity: <sip:forged@evil.example>\r\n\
         Content-Type: text/plain\r\n{extra}Content-Length: 5\r\n\r\nhello"
    )
}

impl Carried {
    fn begin(extra: &str, targets: &[(&str, Trust)], (places, secret): (u8, bool)) -> Self {
        let setup = ExchangeSetup {
            tag: b"ourtag"[..].into(),
            identity: setup(Vec::new()).identity,
            targets: targets.iter().map(|(uri, trust)| target(uri, *trust)).collect(),
            headers: HeaderPolicy::default(),
            loop_token: b"loop0"[..].into(),
            product: None,
        };
        let text = message(extra);
        let mut spans = HeaderSpans::new();
        let Ok(Message::Request(request)) = parse(text.as_bytes(), &mut spans) else { panic!("{text}") };
        let request = request.check().unwrap();
        let (mut random, mut secret, mut out) = (Seeded(3), Secret(secret), Vec::new());
        let mut world = Surroundings { now: 0, randomness: &mut random, answerer: &mut secret };
        let heard = Heard { request: &request, source: source(), ticket: ServerTicket(1) };
        let exchange = Exchange::begin(setup, heard, &mut world, &mut out);
        let (sent, answers) = (Vec::new(), Vec::new());
        let mut carried = Self { exchange, random, secret, places, sent, answers };
        carried.take(out);
        carried
    }

    fn tell(&mut self, tell: impl FnOnce(&mut Exchange, &mut Surroundings<'_>, &mut Vec<Action>)) {
        let mut out = Vec::new();
        let mut world = Surroundings { now: 0, randomness: &mut self.random, answerer: &mut self.secret };
        tell(&mut self.exchange, &mut world, &mut out);
        self.take(out);
    }

    fn take(&mut self, out: Vec<Action>) {
        for action in out {
            match action {
                Action::Locate { leg, attempt, .. } => {
                    let path =
                        if attempt < self.places { Ok(path("203.0.113.5")) } else { Err(Unroutable::NoPlaceLeft) };
                    self.tell(|exchange, world, out| exchange.on_path(leg, path, world, out));
                }
                Action::Request { leg, ticket, octets } => {
                    let text = String::from_utf8(octets).unwrap();
                    assert!(!text.contains("alice\"") && !text.contains("forged"), "{text}");
                    self.sent.push(Sent { leg, ticket, text });
                }
                Action::Respond { status, octets, .. } => {
                    self.answers.push((status, String::from_utf8(octets).unwrap()));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn respond(&mut self, status: u16, extra: &str) {
        let sent = self.sent.last().unwrap().clone();
        let text = response_to(&sent.text, status, "t", extra, "");
        let mut spans = HeaderSpans::new();
        let Ok(Message::Response(response)) = parse(text.as_bytes(), &mut spans) else { panic!("{text}") };
        self.tell(|exchange, world, out| exchange.on_response(sent.ticket, &response, world, out));
    }

    fn statuses(&self) -> Vec<u16> {
        self.answers.iter().map(|(status, _)| *status).collect()
    }
}

const ONE: &[(&str, Trust)] = &[("sip:bob@h1", Trust::Untrusted)];
const TWO: &[(&str, Trust)] = &[("sip:bob@h1", Trust::Untrusted), ("sip:bob@h2", Trust::Trusted)];

#[test]
fn a_message_and_its_answer_cross() {
    let mut carried = Carried::begin("", ONE, (1, false));
    let text = &carried.sent[0].text;
    assert!(text.starts_with("MESSAGE sip:bob@h1 SIP/2.0\r\n") && body_of(text) == "hello", "{text}");
    assert_eq!((header(text, "Contact"), header(text, "Max-Forwards").as_deref()), (None, Some("69")));
    carried.respond(200, "");
    assert_eq!((carried.statuses(), carried.exchange.is_over()), (vec![200], true));
    assert_eq!(tag_of(&carried.answers[0].1, "To").as_deref(), Some("ourtag"));
    carried.respond(200, "");
    assert_eq!(carried.answers.len(), 1);
}

#[test]
fn the_next_target_follows_a_failure_of_the_next_hop_only() {
    let mut carried = Carried::begin("Privacy: id\r\n", TWO, (2, false));
    carried.respond(503, "");
    carried.respond(500, "");
    let text = &carried.sent[2].text;
    assert!(text.starts_with("MESSAGE sip:bob@h2") && header(text, "Privacy").as_deref() == Some("id"), "{text}");
    assert!(
        header(text, "P-Asserted-Identity").is_some() && header(text, "From").unwrap().contains("anonymous.invalid")
    );
    carried.respond(404, "");
    assert_eq!(carried.statuses(), [404]);
    let mut carried = Carried::begin("", TWO, (1, false));
    carried.respond(486, "");
    assert_eq!((carried.statuses(), carried.sent.len()), (vec![486], 1));
}

#[test]
fn silence_stays_silence_and_nothing_to_try_is_500() {
    let mut carried = Carried::begin("", ONE, (1, false));
    let ticket = carried.sent[0].ticket;
    carried.tell(|exchange, world, out| exchange.on_failure(ticket, Failure::TimedOut, world, out));
    assert!(carried.statuses().is_empty() && carried.exchange.is_over(), "RFC 4320 section 4.2");
    let mut carried = Carried::begin("", ONE, (1, false));
    carried.respond(408, "");
    assert!(carried.statuses().is_empty() && carried.exchange.is_over());
    assert_eq!(Carried::begin("", ONE, (0, false)).statuses(), [500]);
    assert_eq!(Carried::begin("", &[], (1, false)).statuses(), [500]);
}

#[test]
fn challenges_are_answered_and_never_cross() {
    let challenge = "WWW-Authenticate: Digest realm=\"c\", nonce=\"n\"\r\n";
    let mut carried = Carried::begin("", ONE, (1, true));
    carried.respond(401, challenge);
    assert_eq!(header(&carried.sent[1].text, "CSeq").as_deref(), Some("2 MESSAGE"));
    assert!(header(&carried.sent[1].text, "Authorization").is_some());
    carried.respond(401, challenge);
    assert_eq!((carried.statuses(), carried.sent.len()), (vec![500], 2));
    assert_eq!(header(&carried.answers[0].1, "WWW-Authenticate"), None);
}

#[test]
fn impossible_requests() {
    assert_eq!(Carried::begin("Require: x\r\n", ONE, (1, false)).statuses(), [420]);
    let loops = "Via: SIP/2.0/UDP h;branch=z9hG4bKloop0123\r\n";
    assert_eq!(Carried::begin(loops, ONE, (1, false)).statuses(), [482]);
}
