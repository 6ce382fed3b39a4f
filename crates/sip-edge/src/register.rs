//! REGISTER behind the gate.

use crate::answer::{Answer, MAX_DATAGRAM_OCTETS, SUPPORTED_VALUE};
use crate::edge::Edge;
use crate::failure::Failure;
use crate::gate::{Attributed, Passed};
use crate::incoming::Incoming;
use crate::late::LateAnswer;
use crate::scratch::Scratch;
use directory::Superseded;
use domain::{LiveBinding, Timestamp};
use sip_digest::Staleness;
use sip_message::write::{ResponseWriter, Status, push_number};
use sip_message::{HeaderName, Method};
use sip_registrar::{Arrival, AuthorizedRegister, LocationAccess, Registered, is_outbound, register};
use sip_transaction::Reliability;
use std::io::Write as _;

/// What we add to a 200 besides what it repeats of its request and the Contact values.
const OWN_OCTETS: usize = 1_024;
/// How often a phone shall show that its flow lives (RFC 5626 section 5.4): what it would do without being told over
/// UDP, and often enough for most NATs.
const FLOW_TIMER_SECONDS: u32 = 120;

/// Why a REGISTER changed nothing.
enum Refused {
    /// An error is answered.
    Failure(Failure),
    /// The credential was revoked after the digest was verified: a new challenge is answered.
    Superseded,
}

impl<F: Into<Failure>> From<F> for Refused {
    fn from(failure: F) -> Self {
        Self::Failure(failure.into())
    }
}

impl Edge {
    pub(crate) fn register(&self, scratch: &mut Scratch, passed: &Passed<'_>, mut answer: Answer<'_, '_>) {
        let incoming = answer.incoming();
        match self.update(scratch, passed, incoming) {
            Ok(Registered::Kept) => {
                let prepared = Prepared::new(self, scratch, passed, incoming);
                answer.respond(Status::of(200), |writer| prepared.write(writer));
                self.remember(scratch, &answer);
            }
            Ok(Registered::Removed) => {
                let Ok(place) = self.parts.writer.reserve() else {
                    answer.failure(Failure::Overloaded);
                    return self.remember(scratch, &answer);
                };
                let prepared = Prepared::new(self, scratch, passed, incoming);
                let octets = answer.compose(Status::of(200), |writer| prepared.write(writer));
                let failed = answer.compose(Failure::NotStored.status(), |writer| writer);
                let late = LateAnswer::new(self, incoming, std::mem::take(&mut scratch.key), (octets, failed));
                late.send_when_durable(place);
            }
            Err(Refused::Failure(failure)) => {
                answer.failure(failure);
                self.remember(scratch, &answer);
            }
            Err(Refused::Superseded) => {
                let subject = passed.identity.subject();
                let attributed = Attributed {
                    username: subject.username,
                    account: Some(subject.account),
                    credential: Some(subject.id),
                    ..Attributed::default()
                };
                let reason = self.superseded(subject, incoming.now);
                self.note(incoming, &passed.asked, reason, attributed);
                self.challenge(scratch, &passed.asked, Staleness::Fresh, &mut answer);
            }
        }
    }

    /// Changes the bindings as asked, and leaves the resulting ones in `scratch.contacts`.
    fn update(
        &self,
        scratch: &mut Scratch,
        passed: &Passed<'_>,
        incoming: &Incoming<'_>,
    ) -> Result<Registered, Refused> {
        let command = AuthorizedRegister::new(incoming.request, &passed.identity)?;
        let subject = passed.identity.subject();
        let arrival = Arrival {
            now: incoming.now,
            transport: incoming.transport(),
            source: incoming.flow.remote,
            local: incoming.flow.local,
            connection: incoming.flow.connection.0,
            generation: subject.generation,
            contact_room: MAX_DATAGRAM_OCTETS.saturating_sub(incoming.octets + OWN_OCTETS),
        };
        let policy = &self.parts.config.registrar;
        let (path, contacts) = (&mut scratch.path, &mut scratch.contacts);
        let outcome = self.parts.directory.update_bindings(&subject.key(), incoming.now, |bindings| {
            let (live, mut removed, mut next_id) = bindings.parts();
            let mut location = LocationAccess { bindings: live, removed: &mut removed, next_id: &mut next_id, path };
            let outcome = register(&command, &mut location, &arrival, policy)?;
            contacts.clear();
            write_contacts(location.bindings, incoming.now, contacts);
            Ok(outcome)
        });
        match outcome {
            Ok(outcome) => outcome,
            Err(Superseded) => Err(Refused::Superseded),
        }
    }

    /// Keeps an answer for retransmissions of its request.
    pub(crate) fn remember(&self, scratch: &Scratch, answer: &Answer<'_, '_>) {
        let incoming = answer.incoming();
        if let Some(lane) = self.lane(incoming.lane) {
            // An INVITE's transaction waits for its ACK over any transport (RFC 3261 section 17.2.1).
            let is_invite = incoming.request.method() == Method::Invite;
            let reliability = if is_invite { Reliability::Unreliable } else { incoming.reliability() };
            let when = (incoming.now.as_unix_millis(), reliability);
            lane.transactions.lock().complete(&scratch.key, answer.last(), when);
        }
    }
}

/// What a 200 to REGISTER says, in buffers.
struct Prepared<'a> {
    contacts: &'a [u8],
    date: &'a [u8],
    authentication_info: &'a [u8],
    service_route: &'a [u8],
    incoming: &'a Incoming<'a>,
}

impl<'a> Prepared<'a> {
    fn new(edge: &Edge, scratch: &'a mut Scratch, passed: &Passed<'_>, incoming: &'a Incoming<'a>) -> Self {
        edge.write_authentication_info(passed, incoming, &mut scratch.value);
        scratch.renew_date(incoming.now);
        scratch.service_route.clear();
        if let Some(route) = &edge.service_route {
            route.write(incoming, &mut scratch.service_route);
        }
        Self {
            contacts: &scratch.contacts,
            date: scratch.date(),
            authentication_info: &scratch.value,
            service_route: &scratch.service_route,
            incoming,
        }
    }

    fn write<'o>(&self, mut writer: ResponseWriter<'o>) -> ResponseWriter<'o> {
        if !self.contacts.is_empty() {
            writer = writer.header("Contact", self.contacts);
        }
        // RFC 3327 section 5.3: the phone sees which path it registered over.
        for path in self.incoming.request.headers().all(HeaderName::Path) {
            writer = writer.header("Path", path);
        }
        if !self.service_route.is_empty() {
            writer = writer.header("Service-Route", self.service_route);
        }
        if !self.authentication_info.is_empty() {
            writer = writer.header("Authentication-Info", self.authentication_info);
        }
        if is_outbound(self.incoming.request) {
            writer = writer.header("Require", b"outbound").header_u32("Flow-Timer", FLOW_TIMER_SECONDS);
        }
        writer.header("Supported", SUPPORTED_VALUE).header("Date", self.date)
    }
}

/// The bindings as one Contact value each, with the seconds they have left (RFC 3261 section 10.3 step 8).
fn write_contacts(bindings: &[LiveBinding], now: Timestamp, out: &mut Vec<u8>) {
    for binding in bindings {
        let (facts, texts) = (&binding.facts, binding.texts());
        let left = facts.expires_at.as_unix_seconds().saturating_sub(now.as_unix_seconds());
        if !out.is_empty() {
            out.extend_from_slice(b", ");
        }
        out.push(b'<');
        out.extend_from_slice(texts.contact);
        out.extend_from_slice(b">;expires=");
        push_number(out, left);
        if facts.q_thousandths < 1000 {
            // Writing to a Vec cannot fail.
            let _ = write!(out, ";q=0.{:03}", facts.q_thousandths);
        }
        if !texts.instance.is_empty() {
            out.extend_from_slice(b";+sip.instance=\"");
            out.extend_from_slice(texts.instance);
            out.push(b'"');
        }
        if facts.reg_id != 0 {
            let _ = write!(out, ";reg-id={}", facts.reg_id);
        }
    }
}
