//! The echo service: a SIP user agent server that sends back what it hears, so that a person or a test can tell whether
//! audio goes both ways.
//!
//! It is fed with octets and answers through a callback, in the process, over a path that loses nothing; the callback is
//! never called from within. It places no calls, sends media to nobody but the source of the first packet, and never more than it has received.

mod answering;
mod reflection;
mod session;
mod timer_offer;

use crate::dialog::Sequence;
use crate::identifiers::Identifiers;
use answering::{Answering, Extra, Refusal};
use parking_lot::Mutex;
use reflection::EndReason;
use session::{Session, Sessions};
use sip_message::write::Status;
use sip_message::{CheckedRequest, HeaderSpans, Message, Method, Request, parse};
use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::{Arc, Weak};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// The methods it knows, as Allow has them.
const ALLOW: &[u8] = b"INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE";

/// Messages that wait for the callback; what comes on top is dropped, as a network would.
const MOST_WAITING: usize = 1024;

/// Where octets go that the echo service sends: requests and responses alike.
pub type Send = Arc<dyn Fn(Vec<u8>) + std::marker::Send + Sync>;

/// How an echo service is reached.
#[derive(Clone, Debug)]
pub struct EchoConfig {
    /// Where media is received, at most one of each family that counts.
    pub media_addresses: Vec<MediaAddress>,
    /// The UDP ports of media, of which the even ones are used, one for each call.
    pub ports: RangeInclusive<u16>,
    /// How many calls may be up at once; more are answered 486.
    pub most_calls: usize,
    /// The host of its Contact and Via, never looked up by the peer in this process.
    pub host: String,
}

/// One address for media.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MediaAddress {
    /// Where sockets are bound; unspecified for all interfaces.
    pub bound: IpAddr,
    /// What session descriptions say, which differs behind address translation.
    pub announced: IpAddr,
}

/// The echo service. Calls end when it is dropped.
pub struct EchoUserAgent {
    shared: Arc<Shared>,
}

/// What the tasks of calls share with the service.
struct Shared {
    config: EchoConfig,
    outbox: mpsc::Sender<Vec<u8>>,
    runtime: Handle,
    state: Mutex<State>,
}

struct State {
    identifiers: Identifiers,
    sessions: Sessions,
}

impl EchoUserAgent {
    /// A service whose media runs on the present tokio runtime. Every identifier follows from `entropy`, which must be
    /// unpredictable and never the same twice. `send` is called by one task, in the order of what was received.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn new(config: EchoConfig, entropy: [u8; 32], send: Send) -> Self {
        let state = Mutex::new(State { identifiers: Identifiers::new(entropy), sessions: Sessions::default() });
        let (outbox, mut waiting) = mpsc::channel::<Vec<u8>>(MOST_WAITING);
        let runtime = Handle::current();
        runtime.spawn(async move {
            while let Some(octets) = waiting.recv().await {
                send(octets);
            }
        });
        Self { shared: Arc::new(Shared { config, outbox, runtime, state }) }
    }

    /// How many calls are up.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.shared.state.lock().sessions.len()
    }

    /// A message came. A request takes effect before this returns, and its answer waits for the callback; a response is
    /// dropped, since only BYE is ever sent and a call is over with it whatever is answered.
    pub fn receive(&self, octets: &[u8]) {
        let mut spans = HeaderSpans::new();
        let Ok(Message::Request(request)) = parse(octets, &mut spans) else { return };
        if let Some(answer) = self.shared.answer(&request) {
            self.shared.send(answer);
        }
    }
}

impl fmt::Debug for EchoUserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EchoUserAgent").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

/// Sessions hold their end of the channels that keep their tasks alive.
impl Drop for EchoUserAgent {
    fn drop(&mut self) {
        self.shared.state.lock().sessions.clear();
    }
}

impl Shared {
    fn send(&self, octets: Vec<u8>) {
        // Full only if nobody takes what is sent, who then would not take this either.
        let _ = self.outbox.try_send(octets);
    }

    /// The answer to a request; an ACK has none.
    fn answer(self: &Arc<Self>, request: &Request<'_>) -> Option<Vec<u8>> {
        let answering = Answering { host: &self.config.host };
        let checked = match request.check() {
            Ok(checked) => checked,
            Err(_) if request.method() == Method::Ack => return None,
            Err(defect) => return Some(answering.refuse(request, Status::from(defect), &[])),
        };
        let mut state = self.state.lock();
        if checked.method() == Method::Ack {
            if let Some(session) = state.sessions.of(&checked) {
                session.acknowledge(&checked);
            }
            return None;
        }
        let outcome = match answering::unsupported(&checked) {
            Some(refusal) if checked.method() != Method::Cancel => Err(refusal),
            _ if checked.to_header().address.tag().is_some() => self.inside(&mut state, &checked),
            _ => self.outside(&mut state, &checked),
        };
        Some(outcome.unwrap_or_else(|refusal| {
            let tag = state.identifiers.unique();
            answering.respond(&checked, &tag, &refusal.into_extra())
        }))
    }

    /// A request without a To tag.
    fn outside(self: &Arc<Self>, state: &mut State, request: &CheckedRequest<'_>) -> Result<Vec<u8>, Refusal> {
        let answering = Answering { host: &self.config.host };
        match request.method() {
            Method::Invite => self.begin(state, request),
            Method::Options => {
                let tag = state.identifiers.unique();
                Ok(answering.respond(request, &tag, &Extra::capabilities()))
            }
            // The INVITE has its final response already, so nothing is left to cancel (RFC 3261 section 9.2).
            Method::Cancel => match state.sessions.invited_by(request) {
                Some(session) => Ok(answering.respond(request, session.tag(), &Extra::status(200))),
                None => Err(Refusal::status(481)),
            },
            Method::Bye | Method::Update | Method::Info => Err(Refusal::status(481)),
            _ => Err(Refusal::not_allowed()),
        }
    }

    /// Answers an INVITE that begins a call, and begins to echo.
    fn begin(self: &Arc<Self>, state: &mut State, request: &CheckedRequest<'_>) -> Result<Vec<u8>, Refusal> {
        if let Some(session) = state.sessions.invited_by(request) {
            // The same INVITE again, by the same way or another (RFC 3261 sections 17.2.1 and 8.2.2.2).
            return session.repeated(request).ok_or(Refusal::status(482));
        }
        if state.sessions.len() >= self.config.most_calls {
            return Err(Refusal::busy());
        }
        let tag = state.identifiers.unique();
        let begun = Session::begin(self, request, (&tag, &mut state.identifiers))?;
        let answer = begun.session.last_answer().to_vec();
        state.sessions.insert(begun.session);
        self.runtime.spawn(reflection::run(begun.reflection, Self::ender(self, tag)));
        Ok(answer)
    }

    /// A request inside a dialog.
    fn inside(&self, state: &mut State, request: &CheckedRequest<'_>) -> Result<Vec<u8>, Refusal> {
        let answering = Answering { host: &self.config.host };
        let session = state.sessions.of(request).ok_or(Refusal::status(481))?;
        match (request.method(), session.dialog.advance(request.cseq_number())) {
            (Method::Invite, Sequence::Same) => return session.repeated(request).ok_or(Refusal::status(500)),
            (_, Sequence::Old | Sequence::Same) => return Err(Refusal::status(500)),
            (_, Sequence::Next) => {}
        }
        let tag = session.tag().to_owned();
        match request.method() {
            Method::Invite | Method::Update => session.renegotiate(request, &answering),
            Method::Bye => {
                state.sessions.remove(tag.as_bytes());
                Ok(answering.respond(request, &tag, &Extra::status(200)))
            }
            Method::Options => Ok(answering.respond(request, &tag, &Extra::capabilities())),
            Method::Info => Ok(answering.respond(request, &tag, &Extra::status(200))),
            _ => Err(Refusal::not_allowed()),
        }
    }

    /// What a call's task does when it ends the call itself: hangs up, if the peer has not.
    fn ender(shared: &Arc<Self>, tag: String) -> impl FnOnce(EndReason) + std::marker::Send + use<> {
        let shared: Weak<Self> = Arc::downgrade(shared);
        move |reason| {
            let Some(shared) = shared.upgrade() else { return };
            let bye = {
                let mut state = shared.state.lock();
                let branch = state.identifiers.unique();
                let session = state.sessions.remove(tag.as_bytes());
                session.map(|mut session| session.bye(&shared.config.host, &branch, reason))
            };
            if let Some(bye) = bye {
                shared.send(bye);
            }
        }
    }
}
