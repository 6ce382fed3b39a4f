//! The edge as a whole, and its first step: what is done with any message.

use crate::answer::Answer;
use crate::call_requests::{ForCall, is_inside_dialog};
use crate::calls::{CallParts, Calls, Sender};
use crate::counts::Counters;
use crate::defence::Defence;
use crate::failure::Failure;
use crate::incoming::{Incoming, signalling_transport};
use crate::lane::Lane;
use crate::proven_sources::ProvenSources;
use crate::scratch::Scratch;
use crate::service_route::ServiceRoute;
use crate::source_rate::SourceRate;
use crate::stun::{answer_binding_request, is_stun};
use crate::throttle::{Bans, Throttle};
use directory::{Directory, RegistrationWriter};
use domain::{Clock, RealmName};
use foldhash::fast::RandomState;
use sip_digest::NonceIssuer;
use sip_message::framing::{Framed, datagram};
use sip_message::write::Status;
use sip_message::{CheckedRequest, Message, Method, Request, parse};
use sip_transaction::Absorbed;
use sip_transport::{Crowding, Flow, Flows, Inbound, Outbox, Precedence, Received};
use std::sync::Arc;
use storage::{EventSink, Lease};

/// What the operator may set about signalling.
#[derive(Debug, Clone)]
pub struct Config {
    /// Lanes: one per UDP worker and TCP lane. Beyond 64 they share, because a nonce names its lane in six bits.
    pub lanes: usize,
    /// Nonce-count windows of each lane, in buckets of four nonces and 64 octets.
    pub nonce_buckets_per_lane: usize,
    /// The memory of each lane for answers to retransmissions.
    pub transactions: sip_transaction::Limits,
    /// The registrar's bounds.
    pub registrar: sip_registrar::Policy,
    /// The host at which phones reach us from outside, in lower case, if not one that is bound or leads to a realm.
    pub public_host: Option<Box<str>>,
    /// The realm of challenges to requests that lead to none of ours; they never verify.
    pub realm_of_nobody: RealmName,
    /// What is held against strangers.
    pub defence: Defence,
    /// Whether phones are told by Service-Route which flow they registered over.
    pub service_route: bool,
}

/// What an edge is built from.
pub struct Parts {
    /// Names, secrets and locations.
    pub directory: Arc<Directory>,
    /// Takes authentication events.
    pub events: Arc<dyn EventSink>,
    /// Makes removals durable.
    pub writer: RegistrationWriter,
    /// Sends late answers.
    pub flows: Arc<Flows>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Issues and judges nonces.
    pub nonces: NonceIssuer,
    /// Whether what is known here may be answered by.
    pub lease: Arc<dyn Lease>,
    /// What the operator set.
    pub config: Config,
}

/// Handles SIP messages. Shared by all workers.
pub struct Edge {
    pub(crate) parts: Parts,
    pub(crate) calls: Arc<Calls>,
    pub(crate) lanes: Arc<[Lane]>,
    /// Makes To tags that are the same for a retransmission (RFC 3261 section 8.2.7).
    pub(crate) tags: RandomState,
    pub(crate) proven: ProvenSources,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) source_rate: SourceRate,
    pub(crate) service_route: Option<ServiceRoute>,
}

impl Edge {
    /// Builds an edge.
    #[must_use]
    pub fn new(parts: Parts, calls: CallParts) -> Self {
        let lanes: Arc<[Lane]> = Lane::all(&parts.config).collect();
        let throttle = Arc::new(Throttle::new(parts.config.defence.throttle));
        let source_rate = SourceRate::new(parts.config.defence.source_rate);
        Self {
            calls: Calls::new(calls, Arc::clone(&lanes), parts.nonces.contact_key()),
            lanes,
            tags: RandomState::default(),
            proven: ProvenSources::new(),
            throttle,
            source_rate,
            service_route: ServiceRoute::of(&parts.config, &parts.nonces),
            parts,
        }
    }

    /// The calls that are up.
    #[must_use]
    pub const fn calls(&self) -> &Arc<Calls> {
        &self.calls
    }

    /// Whose answers are not verified for now.
    #[must_use]
    pub fn bans(&self) -> Bans {
        let (throttle, directory) = (Arc::clone(&self.throttle), Arc::clone(&self.parts.directory));
        Bans { throttle, directory, clock: Arc::clone(&self.parts.clock) }
    }

    /// What has been handled so far, for as long as anybody asks.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters { lanes: Arc::clone(&self.lanes), throttle: Arc::clone(&self.throttle) }
    }

    fn counted(&self, scratch: &mut Scratch, request: &Request<'_>, received: &Received<'_>, outbox: &mut Outbox) {
        let first_answer = outbox.messages().len();
        self.parsed(scratch, request, received, outbox);
        self.withhold(received, first_answer, outbox);
        self.withhold_without_lease(request, first_answer, outbox);
        if let Some(lane) = self.lane(received.lane) {
            let transport = signalling_transport(received.flow.transport);
            lane.handled.exchange((request.method(), transport), outbox, first_answer);
        }
        // Whoever has a call has proven who they are, so none of this is ever withheld.
        for message in scratch.sent.messages() {
            let octets = scratch.sent.octets_of(message);
            outbox.push(message.destination, |out| out.extend_from_slice(octets));
        }
        scratch.sent.clear();
    }

    fn parsed(&self, scratch: &mut Scratch, request: &Request<'_>, received: &Received<'_>, outbox: &mut Outbox) {
        if request.method() == Method::Ack {
            return self.acknowledge(scratch, request, received);
        }
        match request.check() {
            Ok(request) => {
                let incoming = Incoming::of(&request, received, self.parts.clock.now());
                self.request(scratch, &incoming, outbox);
            }
            Err(defect) => self.refuse(request, defect, received.flow, outbox),
        }
    }

    /// The order is that of what an unauthenticated peer may learn: everything before the gate follows from the
    /// request alone.
    fn request(&self, scratch: &mut Scratch, incoming: &Incoming<'_>, outbox: &mut Outbox) {
        let mut answer = Answer::new(self, incoming, outbox);
        if let Err(failure) = admit(incoming.request) {
            return answer.failure(failure);
        }
        if incoming.request.method() == Method::Cancel {
            return self.cancel(scratch, answer);
        }
        let is_inside = is_inside_dialog(incoming.request);
        // Before whatever is remembered: that was answered by what was known then.
        if !is_inside && !self.parts.lease.is_in_force() {
            return answer.failure(Failure::NoLease);
        }
        if (is_inside || incoming.has_credentials()) && self.absorb(scratch, &mut answer) {
            return;
        }
        if is_inside && self.in_call(scratch, Sender::Unproven, &mut answer) == ForCall::Done {
            return;
        }
        let realms = self.parts.directory.realms();
        if incoming.request.method() == Method::Invite
            && !is_inside
            && self.invite_before_gate(scratch, &realms, &mut answer) == ForCall::Done
        {
            return;
        }
        let Some(passed) = self.gate(scratch, &realms, &mut answer) else { return };
        if self.is_merged(scratch, incoming) {
            return answer.failure(Failure::Merged);
        }
        match incoming.request.method() {
            Method::Register => self.register(scratch, &passed, answer),
            _ => self.other_method(scratch, &passed, answer),
        }
    }

    /// Answers a retransmission as before; `true` if it was one. Only requests with credentials are remembered, so only
    /// they are looked for.
    fn absorb(&self, scratch: &mut Scratch, answer: &mut Answer<'_, '_>) -> bool {
        let incoming = answer.incoming();
        scratch.key.read(incoming.request, incoming.source());
        let Some(lane) = self.lane(incoming.lane) else { return false };
        let mut transactions = lane.transactions.lock();
        match transactions.absorb(&scratch.key, incoming.now.as_unix_millis()) {
            None => false,
            Some(Absorbed::Waiting) => true,
            Some(Absorbed::Answer(octets)) => {
                answer.repeat(octets);
                true
            }
        }
    }

    /// CANCEL is never challenged (RFC 3261 section 22.1). One of an INVITE that was answered finally changes nothing, and
    /// only whether we know the INVITE is told (section 9.2).
    fn cancel(&self, scratch: &mut Scratch, mut answer: Answer<'_, '_>) {
        let incoming = answer.incoming();
        if self.absorb(scratch, &mut answer) || self.cancel_call(scratch, incoming) == ForCall::Done {
            return;
        }
        scratch.key.read_cancelled(incoming.request, incoming.source());
        let now = incoming.now.as_unix_millis();
        if self.lane(incoming.lane).is_some_and(|lane| lane.transactions.lock().remembers(&scratch.key, now)) {
            answer.respond(Status::of(200), |writer| writer);
        } else {
            answer.failure(Failure::NoSuchTransaction);
        }
    }

    /// Whether an authenticated request is a copy of another. What is remembered is, so no stranger can ask.
    fn is_merged(&self, scratch: &Scratch, incoming: &Incoming<'_>) -> bool {
        let now = incoming.now.as_unix_millis();
        self.lane(incoming.lane).is_some_and(|lane| lane.transactions.lock().is_merged(&scratch.key, now))
    }

    pub(crate) fn lane(&self, index: usize) -> Option<&Lane> {
        self.lanes.get(index % self.lanes.len().max(1))
    }
}

/// The checks of a grammatical request before authentication, in order.
fn admit(request: &CheckedRequest<'_>) -> Result<(), Failure> {
    if !request.uri().is_sip() {
        return Err(Failure::UnsupportedScheme);
    }
    if request.max_forwards() == Some(0) {
        return Err(Failure::TooManyHops);
    }
    if request.method() != Method::Cancel && crate::answer::unsupported_options(request).next().is_some() {
        return Err(Failure::BadExtension);
    }
    Ok(())
}

impl Inbound for Edge {
    type Scratch = Scratch;

    fn scratch(&self) -> Scratch {
        Scratch::new()
    }

    fn receive(&self, scratch: &mut Scratch, received: Received<'_>, outbox: &mut Outbox) {
        if received.flow.transport.is_datagram() && matches!(datagram(received.octets), Framed::KeepAlive(_)) {
            return;
        }
        if !self.is_within_rate(&received) {
            return;
        }
        if received.flow.transport.is_datagram() && is_stun(received.octets) {
            let source = received.flow.remote;
            return outbox.push(source, |out| answer_binding_request(received.octets, source, out));
        }
        let mut spans = scratch.spans.take().unwrap_or_default();
        match parse(received.octets, &mut spans) {
            Ok(Message::Request(request)) => self.counted(scratch, &request, &received, outbox),
            Ok(Message::Response(response)) => self.response(&response, received.flow, outbox),
            Err(unparseable) => {
                tracing::debug!(remote = %received.flow.remote, reason = unparseable.describe(), "dropped");
            }
        }
        scratch.spans = Some(spans);
    }

    fn closed(&self, flow: &Flow) {
        self.parts.directory.connection_ended(flow.connection.0);
        self.calls.upstream.connection_ended(flow.connection);
    }

    fn precedence(&self, scratch: &mut Scratch, received: Received<'_>, crowding: Crowding) -> Precedence {
        self.precedence_of(scratch, &received, crowding)
    }

    fn shed(&self, scratch: &mut Scratch, received: Received<'_>, outbox: &mut Outbox) {
        self.turn_away(scratch, &received, outbox);
    }
}
