//! Requests that belong to calls, between the gate and the calls themselves.

use crate::answer::Answer;
use crate::calls::{Arrived, Asking, Caller, Destination, InDialog, Outlet, Sender, gateways};
use crate::edge::Edge;
use crate::failure::Failure;
use crate::gate::{Attributed, Passed};
use crate::incoming::Incoming;
use crate::scratch::Scratch;
use crate::upstream::SourceProof;
use directory::Realms;
use domain::{AccountId, AuthReason};
use sip_message::{CheckedRequest, HeaderSpans, Message, Method, Request, Response, parse};
use sip_transaction::{MessageSource, Reliability};
use sip_transport::{Flow, Outbox, Received};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What became of a request that may belong to a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ForCall {
    /// Done with.
    Done,
    /// None of a call's, or not yet known to be its peer's.
    Not,
}

impl<'m> Arrived<'m> {
    fn of(incoming: &Incoming<'m>) -> Self {
        let there = |to| Destination::Network { flow: *incoming.flow, to };
        Self {
            request: incoming.request,
            source: incoming.flow.remote,
            answers_to: there(incoming.response_destination()),
            sender_at: there(incoming.flow.remote),
            lane: incoming.lane,
            reliability: incoming.reliability(),
        }
    }

    fn from_local(request: &'m CheckedRequest<'m>) -> Self {
        Self {
            request,
            source: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            answers_to: Destination::Local,
            sender_at: Destination::Local,
            lane: 0,
            reliability: Reliability::Reliable,
        }
    }
}

impl Edge {
    /// Messages of calls leave by `sent`, in the batch of the worker at hand where the way is the same.
    fn outlet<'o>(&'o self, flow: &'o Flow, sent: &'o mut Outbox) -> Outlet<'o> {
        self.calls.outlet().beside(flow, sent)
    }

    /// An ACK is never answered (RFC 3261 section 17): it belongs to a call, or to nobody.
    pub(crate) fn acknowledge(&self, scratch: &mut Scratch, request: &Request<'_>, received: &Received<'_>) {
        let Ok(request) = request.check() else { return };
        let incoming = Incoming::of(&request, received, self.parts.clock.now());
        let arrived = Arrived::of(&incoming);
        scratch.key.read(&request, incoming.source());
        let mut outlet = self.outlet(received.flow, &mut scratch.sent);
        if !self.calls.acknowledge(&arrived, &scratch.key, &mut outlet) {
            self.calls.in_dialog(&arrived, (&mut scratch.key, Sender::Unproven), &mut outlet);
        }
    }

    /// A request inside a dialog, whose retransmissions are absorbed already.
    pub(crate) fn in_call(&self, scratch: &mut Scratch, sender: Sender, answer: &mut Answer<'_, '_>) -> ForCall {
        let incoming = answer.incoming();
        let arrived = Arrived::of(incoming);
        let mut outlet = self.outlet(incoming.flow, &mut scratch.sent);
        match self.calls.in_dialog(&arrived, (&mut scratch.key, sender), &mut outlet) {
            InDialog::Taken => ForCall::Done,
            InDialog::Refused(refusal) => {
                answer.failure(Failure::Call(refusal));
                self.remember(scratch, answer);
                ForCall::Done
            }
            InDialog::None | InDialog::Stranger => ForCall::Not,
        }
    }

    /// A CANCEL of an INVITE that a call has.
    pub(crate) fn cancel_call(&self, scratch: &mut Scratch, incoming: &Incoming<'_>) -> ForCall {
        let arrived = Arrived::of(incoming);
        scratch.cancelled.read_cancelled(incoming.request, incoming.source());
        let mut outlet = self.outlet(incoming.flow, &mut scratch.sent);
        if self.calls.cancel(&arrived, (&scratch.cancelled, &mut scratch.key), &mut outlet) {
            ForCall::Done
        } else {
            ForCall::Not
        }
    }

    /// An INVITE outside any dialog before the gate: a copy of one that a call has, or one from where a trunk's gateway
    /// or a carrier that we have registered with is known to be.
    pub(crate) fn invite_before_gate(
        &self,
        scratch: &mut Scratch,
        realms: &Realms,
        answer: &mut Answer<'_, '_>,
    ) -> ForCall {
        let incoming = answer.incoming();
        scratch.key.read(incoming.request, incoming.source());
        let mut outlet = self.outlet(incoming.flow, &mut scratch.sent);
        if self.calls.repeat_invite(incoming.request.call_id(), &scratch.key, &mut outlet) {
            return ForCall::Done;
        }
        if incoming.has_credentials() {
            return ForCall::Not;
        }
        let Some((caller, account)) = self.caller_by_source(incoming) else { return ForCall::Not };
        let asked = self.asked_realm(realms, incoming);
        let attributed = Attributed { account: Some(account), ..Attributed::default() };
        self.note(incoming, &asked, AuthReason::Ok, attributed);
        self.call(scratch, realms, &caller, answer);
        ForCall::Done
    }

    /// Who calls without credentials, and whose trunks it is: a carrier over a registration of ours, or a gateway in an
    /// access list. Over UDP sources can be forged, so there a list counts only if the operator says so.
    fn caller_by_source(&self, incoming: &Incoming<'_>) -> Option<(Caller<'static>, AccountId)> {
        let is_forgeable = incoming.flow.transport.is_datagram() && !self.calls.parts.config.acl_over_udp;
        let proof = if is_forgeable { SourceProof::TooLittle } else { SourceProof::Enough };
        let carrier = self.calls.upstream.carrier(incoming.request.uri(), (incoming.flow, proof));
        if let Some(first) = carrier.first() {
            let account = first.account;
            return Some((Caller::Carrier(carrier), account));
        }
        if is_forgeable {
            return None;
        }
        let known = gateways(self.parts.directory.trunks(), incoming.flow);
        let account = known.first()?.account;
        Some((Caller::Gateway(known), account))
    }

    /// An INVITE outside any dialog, behind the gate.
    pub(crate) fn invite(&self, scratch: &mut Scratch, passed: &Passed<'_>, answer: &mut Answer<'_, '_>) {
        let subject = passed.identity.subject();
        let refused = self.call(scratch, subject.realms, &Caller::Credential(subject), answer);
        let reason = match refused {
            Some(Failure::Call(crate::CallRefusal::TooManyPerSecond)) => AuthReason::CpsExceeded,
            Some(Failure::Call(crate::CallRefusal::TooManyCalls)) => AuthReason::CallsExceeded,
            Some(Failure::Call(crate::CallRefusal::SourceNotInAcl)) => AuthReason::SourceNotInAcl,
            _ => return,
        };
        let attributed = Attributed {
            username: subject.username,
            account: Some(subject.account),
            credential: Some(subject.id),
            ..Attributed::default()
        };
        self.note(answer.incoming(), &passed.asked, reason, attributed);
    }

    /// A request outside any dialog that makes none and is for somebody else, behind the gate.
    pub(crate) fn carry(&self, scratch: &mut Scratch, passed: &Passed<'_>, answer: &mut Answer<'_, '_>) {
        let incoming = answer.incoming();
        let subject = passed.identity.subject();
        let caller = Caller::Credential(subject);
        let (request, flow, now) = (incoming.request, incoming.flow, incoming.now);
        let asking = Asking { realms: subject.realms, caller: &caller, request, flow, now };
        let outcome = self.calls.plan(&asking).map_err(Failure::Call).and_then(|plan| {
            let mut outlet = self.outlet(incoming.flow, &mut scratch.sent);
            self.calls.carry(&plan, (&asking, &Arrived::of(incoming)), &mut scratch.key, &mut outlet)
        });
        if let Err(failure) = outcome {
            answer.failure(failure);
            self.remember(scratch, answer);
        }
    }

    fn call(
        &self,
        scratch: &mut Scratch,
        realms: &Realms,
        caller: &Caller<'_>,
        answer: &mut Answer<'_, '_>,
    ) -> Option<Failure> {
        let incoming = answer.incoming();
        let asking = Asking { realms, caller, request: incoming.request, flow: incoming.flow, now: incoming.now };
        let arrived = Arrived::of(incoming);
        let outcome = self.calls.plan(&asking).map_err(Failure::Call).and_then(|plan| {
            let places = self.calls.admit(&plan)?;
            let mut outlet = self.outlet(incoming.flow, &mut scratch.sent);
            self.calls.begin((plan, places), (&asking, &arrived), &scratch.key, &mut outlet)
        });
        let failure = outcome.err()?;
        if let Failure::Call(refusal) = failure {
            self.calls.note_refused(&asking, refusal);
        }
        answer.failure(failure);
        self.remember(scratch, answer);
        Some(failure)
    }

    /// A response: to a request of ours, or to nobody's.
    pub(crate) fn response(&self, response: &Response<'_>, flow: &Flow, outbox: &mut Outbox) {
        self.calls.response(response, Some(flow), &mut self.outlet(flow, outbox));
    }

    /// Takes what the user agent inside this process has to say.
    pub fn receive_from_local(&self, octets: &[u8]) {
        let mut spans = Box::<HeaderSpans>::default();
        let mut outlet = self.calls.outlet();
        match parse(octets, &mut spans) {
            Ok(Message::Response(response)) => self.calls.response(&response, None, &mut outlet),
            Ok(Message::Request(request)) => {
                let Ok(request) = request.check() else { return };
                let mut key = sip_transaction::TransactionKey::new();
                let source = MessageSource { remote: SocketAddr::from(([127, 0, 0, 1], 0)), discriminator: 0 };
                key.read(&request, source);
                self.calls.in_dialog(&Arrived::from_local(&request), (&mut key, Sender::Unproven), &mut outlet);
            }
            Err(_) => tracing::error!("the local user agent said what is no SIP message"),
        }
    }
}

/// Whether a request is one that may lie inside a call.
pub(crate) fn is_inside_dialog(request: &CheckedRequest<'_>) -> bool {
    request.to_header().address.tag().is_some() && request.method() != Method::Register
}
