//! A phone: writes requests and answers challenges with the client's half of `sip-digest`.

use crate::world::{DOMAIN, PASSWORD, Sent, World, udp};
use sip_digest::{Answer, HashAlgorithm, QopPreference, Secret, choose_challenge};
use sip_message::{DigestChallenge, HeaderName, HeaderSpans, Message, Response, parse};
use sip_transport::Flow;
use std::net::SocketAddr;

#[derive(Clone)]
pub struct Phone {
    pub username: &'static str,
    pub password: String,
    /// The host of Request-URI, From and To.
    pub host: String,
    pub source: SocketAddr,
    pub user_agent: String,
    pub call_id: String,
    pub cseq: u32,
    pub contact: String,
    /// Further header lines of every request.
    pub lines: Vec<String>,
    /// The challenge it holds, as it came.
    pub challenge: Option<Vec<u8>>,
    pub count: u32,
    pub flow: Flow,
    pub lane: usize,
    /// The body of every request.
    pub body: Vec<u8>,
    pub qop: QopPreference,
    /// How it understands a challenge before it answers.
    pub reading: for<'c> fn(DigestChallenge<'c>) -> DigestChallenge<'c>,
}

/// A request before its credentials.
#[derive(Clone)]
pub struct Draft {
    pub method: String,
    pub uri: String,
    pub to: String,
    pub cseq: u32,
    pub lines: Vec<String>,
}

impl Phone {
    pub fn new(username: &'static str) -> Self {
        let source: SocketAddr = "192.0.2.7:5062".parse().unwrap();
        Self {
            username,
            password: PASSWORD.into(),
            host: DOMAIN.into(),
            source,
            user_agent: "phone/1".into(),
            call_id: format!("call-of-{username}"),
            cseq: 0,
            contact: format!("<sip:{username}@192.0.2.7:5062>"),
            lines: Vec::new(),
            challenge: None,
            count: 0,
            flow: udp(source),
            lane: 0,
            body: Vec::new(),
            qop: QopPreference::Auth,
            reading: |challenge| challenge,
        }
    }

    pub fn at(self, source: &str) -> Self {
        let source = source.parse().unwrap();
        Self { source, flow: udp(source), ..self }
    }

    /// A REGISTER with its contact and those further lines.
    pub fn draft_register(&mut self, lines: &[&str]) -> Draft {
        let mut draft = self.draft("REGISTER", &format!("sip:{}", self.host));
        draft.to = format!("<sip:{}@{}>", self.username, self.host);
        draft.lines.extend(lines.iter().map(|line| (*line).to_owned()));
        if !lines.iter().any(|line| line.starts_with("Contact:")) {
            draft.lines.push(format!("Contact: {}", self.contact));
        }
        draft
    }

    pub fn draft(&mut self, method: &str, uri: &str) -> Draft {
        self.cseq += 1;
        let (method, uri, lines) = (method.to_owned(), uri.to_owned(), self.lines.clone());
        Draft { method, to: format!("<{uri}>"), uri, cseq: self.cseq, lines }
    }

    pub fn write(&self, draft: &Draft) -> String {
        let Self { username, host, user_agent, call_id, source, .. } = self;
        let Draft { method, uri, to, cseq, lines } = draft;
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {source};branch=z9hG4bK-{call_id}-{method}-{cseq};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{username}@{host}>;tag=from\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} {method}\r\nUser-Agent: {user_agent}\r\n{lines}Content-Length: {}\r\n\r\n{}",
            self.body.len(),
            str::from_utf8(&self.body).unwrap()
        )
    }

    /// The draft with an answer to the challenge held, with the next nonce-count.
    pub fn authorize(&mut self, draft: &Draft) -> Draft {
        self.count += 1;
        self.authorize_with(draft, self.count, |value| value)
    }

    /// The same with a nonce-count and a change of the header's value by choice.
    pub fn authorize_with(&self, draft: &Draft, count: u32, change: impl FnOnce(String) -> String) -> Draft {
        let held = self.challenge.clone().expect("a challenge");
        let value = with_response(&held, |response| {
            let mut value = Vec::new();
            self.answer(&challenge_of(response), draft, count).write(&mut value).unwrap();
            String::from_utf8(value).unwrap()
        });
        let name = if held.starts_with(b"SIP/2.0 401") { "Authorization" } else { "Proxy-Authorization" };
        let mut draft = draft.clone();
        draft.lines.insert(0, format!("{name}: {}", change(value)));
        draft
    }

    pub fn answer<'a>(&'a self, challenge: &DigestChallenge<'a>, draft: &'a Draft, count: u32) -> Answer<'a> {
        Answer {
            challenge: (self.reading)(*challenge),
            username: self.username.as_bytes(),
            secret: Secret::Password(self.password.as_bytes()),
            method: draft.method.as_bytes(),
            uri: draft.uri.as_bytes(),
            cnonce: b"0a4f113b",
            count,
            body: &self.body,
            qop: self.qop,
        }
    }

    /// Sends a draft and takes up a challenge in its answer.
    pub fn send(&mut self, world: &mut World, draft: &Draft) -> Sent {
        let sent = world.receive_on(self.lane, &self.flow, self.write(draft).as_bytes());
        let [sent] = &sent[..] else { panic!("{} answers to {}", sent.len(), self.write(draft)) };
        if matches!(status(sent), 401 | 407) {
            self.challenge = Some(sent.octets.clone());
            self.count = 0;
        }
        sent.clone()
    }

    /// Takes a challenge for a draft.
    pub fn be_challenged(&mut self, world: &mut World, draft: &Draft) {
        let code = status(&self.send(world, draft));
        assert!(matches!(code, 401 | 407), "{code}");
    }

    /// Registers in two steps; the final answer.
    pub fn register(&mut self, world: &mut World, lines: &[&str]) -> Sent {
        let draft = self.draft_register(lines);
        self.be_challenged(world, &draft);
        self.register_again(world, lines)
    }

    /// Registers with the challenge held.
    pub fn register_again(&mut self, world: &mut World, lines: &[&str]) -> Sent {
        let draft = self.draft_register(lines);
        let draft = self.authorize(&draft);
        self.send(world, &draft)
    }

    /// Another request in two steps; the final answer.
    pub fn request(&mut self, world: &mut World, method: &str, uri: &str) -> Sent {
        let draft = self.draft(method, uri);
        self.be_challenged(world, &draft);
        let draft = self.draft(method, uri);
        let draft = self.authorize(&draft);
        self.send(world, &draft)
    }
}

/// The challenge that a phone of ours takes up, of either header.
pub fn challenge_of<'m>(response: &Response<'m>) -> DigestChallenge<'m> {
    let challenges = challenges_of(response);
    let strongest = choose_challenge(&challenges, &HashAlgorithm::ALL).unwrap();
    challenges[strongest]
}

pub fn challenges_of<'m>(response: &Response<'m>) -> Vec<DigestChallenge<'m>> {
    let headers = response.headers();
    let of = |name| headers.digest_challenges(name);
    of(HeaderName::WwwAuthenticate).chain(of(HeaderName::ProxyAuthenticate)).map(Result::unwrap).collect()
}

pub fn with_response<R>(octets: &[u8], read: impl FnOnce(&Response<'_>) -> R) -> R {
    let mut spans = HeaderSpans::new();
    let Ok(Message::Response(response)) = parse(octets, &mut spans) else {
        panic!("{}", String::from_utf8_lossy(octets))
    };
    assert_eq!(response.check(), Ok(()), "{}", String::from_utf8_lossy(octets));
    read(&response)
}

pub fn status(sent: &Sent) -> u16 {
    with_response(&sent.octets, |response| response.status())
}

/// The value of a header, by name, if it is there once.
pub fn header(sent: &Sent, name: &str) -> Option<String> {
    let text = String::from_utf8(sent.octets.clone()).unwrap();
    let start = format!("{name}: ");
    let mut values = text.lines().filter_map(|line| line.strip_prefix(&start));
    let value = values.next().map(str::to_owned);
    assert_eq!(values.next(), None, "{name} stands twice");
    value
}

/// The text of an answer with nonces and To tag blotted out: what is left must not tell anything.
pub fn masked(sent: &Sent) -> String {
    let mut text = String::from_utf8(sent.octets.clone()).unwrap();
    for (start, end) in [("nonce=\"", '"'), (";tag=", '\r')] {
        let mut from = 0;
        while let Some(found) = text[from..].find(start) {
            let begin = from + found + start.len();
            let length = text[begin..].find(end).unwrap();
            text.replace_range(begin..begin + length, "*");
            from = begin;
        }
    }
    text
}

/// Whether every challenge in it says `stale=true`; none may if not all do.
pub fn is_stale(sent: &Sent) -> bool {
    with_response(&sent.octets, |response| {
        let stale: Vec<_> = challenges_of(response).iter().map(|challenge| challenge.stale).collect();
        assert!(!stale.is_empty());
        assert!(stale.iter().all(|value| *value == stale[0]));
        stale[0] == Some(b"true")
    })
}
