//! A phone of a few lines: registers over one socket with handmade messages.

use super::digest::{Challenge, Credentials, Subject};
use super::message::{Response, unique};
use super::peer::{RawSip, Transport};
use std::net::SocketAddr;

/// One address-of-record on one socket.
#[derive(Debug)]
pub struct HandmadePhone {
    /// Who it authenticates as; change it to change the password.
    pub credentials: Credentials,
    /// The socket, for tests that send something of their own in between.
    pub peer: RawSip,
    domain: String,
    /// In From, To and Contact.
    user: String,
    user_agent: String,
    call_id: String,
    sequence: u32,
    held: Option<(Challenge, u32)>,
}

impl HandmadePhone {
    /// A phone towards that server.
    #[must_use]
    pub fn new(transport: Transport, server: SocketAddr, domain: &str, username: &str, password: &str) -> Self {
        Self::on(RawSip::connect(transport, server), domain, username, password)
    }

    /// A phone on a socket that is there already.
    #[must_use]
    pub fn on(peer: RawSip, domain: &str, username: &str, password: &str) -> Self {
        Self {
            credentials: Credentials { username: username.to_owned(), password: password.to_owned() },
            peer,
            domain: domain.to_owned(),
            user: username.to_owned(),
            user_agent: "handmade".to_owned(),
            call_id: unique(),
            sequence: 0,
            held: None,
        }
    }

    /// The same phone under another name in its digest alone.
    #[must_use]
    pub fn with_digest_username(mut self, username: &str) -> Self {
        username.clone_into(&mut self.credentials.username);
        self
    }

    /// The same phone, saying that it is another.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: &str) -> Self {
        user_agent.clone_into(&mut self.user_agent);
        self
    }

    /// Registers this phone's contact for that many seconds: a fresh challenge, then its answer. The status is final.
    pub fn register(&mut self, expires: u32) -> Response {
        let contact = format!("Contact: {}\r\nExpires: {expires}\r\n", self.contact());
        self.authenticated(&contact)
    }

    /// Asks for the bindings without changing any (RFC 3261 section 10.2.3).
    pub fn query(&mut self) -> Response {
        self.authenticated("")
    }

    /// The contact this phone registers, in angle brackets.
    #[must_use]
    pub fn contact(&self) -> String {
        let transport = self.peer.transport().name();
        format!("<sip:{}@{};transport={transport}>", self.user, self.peer.local())
    }

    /// Sends REGISTER without credentials, and holds the first challenge for `reuse`.
    ///
    /// # Panics
    /// When it is not challenged.
    pub fn challenge(&mut self, headers: &str) -> Challenge {
        let challenge = self.challenges(headers).remove(0);
        self.hold(challenge.clone());
        challenge
    }

    /// Sends REGISTER without credentials: every challenge of the answer, in order.
    ///
    /// # Panics
    /// When there is none.
    pub fn challenges(&mut self, headers: &str) -> Vec<Challenge> {
        let response = self.exchange(|phone| phone.request(headers));
        assert_eq!(response.status, 401, "{}", response.text);
        let challenges: Vec<_> = response.headers("www-authenticate").map(Challenge::parse).collect();
        assert!(!challenges.is_empty(), "{}", response.text);
        challenges
    }

    /// Holds a challenge for `reuse`, as one that was not answered yet.
    pub fn hold(&mut self, challenge: Challenge) {
        self.held = Some((challenge, 0));
    }

    /// Sends REGISTER with these headers, answering a fresh challenge.
    pub fn authenticated(&mut self, headers: &str) -> Response {
        self.challenge(headers);
        self.reuse(headers)
    }

    /// Sends REGISTER with these headers, answering the challenge it holds, the nonce count raised by one.
    pub fn reuse(&mut self, headers: &str) -> Response {
        self.exchange(|phone| phone.reusing_request(headers))
    }

    /// Sends a request and waits for its final response; over a new connection if the server has closed the one before,
    /// as it does with those of a revoked credential.
    fn exchange(&mut self, write: impl Fn(&mut Self) -> String) -> Response {
        let request = write(self);
        if let Some(response) = self.peer.try_exchange(&request) {
            return response;
        }
        assert!(self.peer.is_closed(), "no response to\n{request}");
        self.peer.reconnect();
        let request = write(self);
        self.peer.exchange(&request)
    }

    /// The request that `reuse` would send, so that a test can send it in its own way.
    ///
    /// # Panics
    /// When no challenge is held.
    pub fn reusing_request(&mut self, headers: &str) -> String {
        let uri = format!("sip:{}", self.domain);
        let (challenge, count) = self.held.as_mut().expect("a held challenge");
        *count += 1;
        let subject = Subject { method: "REGISTER", uri: &uri, nonce_count: *count };
        let authorization = challenge.answer(&self.credentials, subject);
        self.request(&format!("{headers}Authorization: {authorization}\r\n"))
    }

    /// A REGISTER with these headers beside the mandatory ones.
    #[must_use]
    pub fn request(&mut self, headers: &str) -> String {
        self.sequence += 1;
        let (domain, username, unique) = (&self.domain, &self.user, unique());
        format!(
            "REGISTER sip:{domain} SIP/2.0\r\nVia: {via};branch=z9hG4bK{unique};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{username}@{domain}>;tag={unique}\r\nTo: <sip:{username}@{domain}>\r\nCall-ID: {call_id}\r\n\
             CSeq: {sequence} REGISTER\r\nUser-Agent: {user_agent}\r\n{headers}Content-Length: 0\r\n\r\n",
            via = self.peer.via(),
            user_agent = self.user_agent,
            call_id = self.call_id,
            sequence = self.sequence,
        )
    }
}
