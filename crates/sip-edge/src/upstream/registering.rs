//! Keeps us registered with carriers: finds the way for each REGISTER, and takes what comes of it.

use super::roster::{Attempt, EntryNumber, Roster, Sent, Step};
use super::{Upstream, first_places};
use crate::calls::{Destination, NoWay};
use domain::OriginationUriId;
use sip_message::Response;
use sip_transaction::{ClientId, Outcome, Reliability, Told};
use sip_transport::resolve::NextHop;
use sip_transport::{ConnectionId, Flow};
use sip_upstream::{Failure, Millis, RegistrationEvent, Way};
use std::collections::VecDeque;

/// Longer than timer F, so that the transaction itself tells that nobody answers.
const LAST_PLACE_PATIENCE_MS: Millis = 35_000;
/// How long finding the places, or opening a connection to one, may take.
const SEARCH_PATIENCE_MS: Millis = 10_000;

impl Upstream {
    /// What time brings to registrations.
    pub(super) fn registration_time(&self, roster: &mut Roster, now: Millis) {
        for number in roster.due(now) {
            self.entry_time(roster, number, now);
        }
        while let Some(step) = roster.clients.on_time(now) {
            let (sent, told) = (step.user, step.tell);
            if let Some(octets) = step.send {
                // One that is lost is missed when the patience ends.
                let _ = self.send(&sent.destination, octets);
            }
            if let Some(Told::Ended(Outcome::TimedOut | Outcome::FlowFailed)) = told {
                self.unanswered(roster, sent.step, now);
            }
        }
    }

    /// Takes a response to a REGISTER of ours; it came over that flow.
    pub(super) fn registration_response(&self, response: &Response<'_>, flow: &Flow, now: Millis) {
        let mut roster = self.roster.lock();
        let Some(step) = roster.clients.on_response(response, now) else { return };
        let (sent, told) = (step.user, step.tell);
        let Some(Told::Ended(Outcome::Final(status))) = told else { return };
        let number = sent.step.entry;
        let Some(attempt) = roster.attempt(sent.step) else { return };
        attempt.sent = None;
        // Another place may have room or know more (RFC 3263 section 4.3).
        if matches!(status, 408 | 503) && !attempt.places.is_empty() {
            return self.try_next_place(&mut roster, number, now);
        }
        let Some(path) = self.registration_path(&sent.destination) else { return };
        let Some(entry) = roster.entry(number) else { return };
        let step = entry.machine.on_response(response, &path.way(), (now, &*self.random));
        if let Some(octets) = step.send {
            if self.send_register(&mut roster, number, (octets, sent.destination), now) {
                return roster.settle(number);
            }
            return self.try_next_place(&mut roster, number, now);
        }
        entry.attempt = None;
        if matches!(step.event, Some(RegistrationEvent::Registered { .. } | RegistrationEvent::Refreshed { .. })) {
            roster.confirmed_from(number, flow);
        }
        Self::after_event(&mut roster, number, step.event);
    }

    /// A connection is gone, and with it the way that calls of carriers come.
    pub(crate) fn connection_ended(&self, connection: ConnectionId) {
        let now = self.clock.now().as_unix_millis();
        let mut roster = self.roster.lock();
        for number in roster.of_connection(connection) {
            let is_source = roster.is_source(number, connection);
            if is_source {
                roster.leave_source(number);
            }
            let Some(entry) = roster.entry(number) else { continue };
            if is_source {
                entry.machine.on_flow_gone(now, &*self.random);
            }
            // A REGISTER that is under way over another connection goes on.
            let carries = |(_, destination): &mut (ClientId, Destination)| {
                destination.flow().is_some_and(|flow| flow.connection == connection)
            };
            match entry.attempt.as_mut().and_then(|attempt| attempt.sent.take_if(carries)) {
                Some((transaction, _)) => {
                    roster.clients.abandon(transaction);
                    self.try_next_place(&mut roster, number, now);
                }
                None => roster.settle(number),
            }
        }
    }

    fn entry_time(&self, roster: &mut Roster, number: EntryNumber, now: Millis) {
        let Some(entry) = roster.entry(number) else { return };
        match &entry.attempt {
            Some(attempt) if attempt.until <= now => {
                let step = attempt.step;
                self.unanswered(roster, step, now);
            }
            Some(_) => {}
            None => {
                let event = entry.machine.on_time(now, &*self.random);
                if entry.machine.is_due(now) {
                    self.begin_attempt(roster, number, now);
                }
                Self::after_event(roster, number, event);
            }
        }
    }

    fn begin_attempt(&self, roster: &mut Roster, number: EntryNumber, now: Millis) {
        let step = roster.next_step(number);
        let random = self.number();
        let Some(entry) = roster.entry(number) else { return };
        let target = entry.registrar.target.clone();
        let known = self.next_hops.known(&target, random);
        let is_known = known.is_some();
        let (places, obstacle) = match known {
            Some(Ok(hops)) => (first_places(hops), None),
            Some(Err(error)) => (VecDeque::new(), Some(error.to_string().into())),
            None => (VecDeque::new(), None),
        };
        entry.attempt = Some(Attempt { step, places, until: now + SEARCH_PATIENCE_MS, sent: None, obstacle });
        if is_known {
            return self.try_next_place(roster, number, now);
        }
        let me = self.me.clone();
        let found = move |hops: Result<Vec<NextHop>, NoWay>| {
            if let Some(me) = me.upgrade() {
                me.registrar_found(step, hops);
            }
        };
        self.next_hops.find(target, random, Box::new(found));
    }

    /// A name was resolved.
    fn registrar_found(&self, step: Step, hops: Result<Vec<NextHop>, NoWay>) {
        let mut roster = self.roster.lock();
        let Some(attempt) = roster.attempt(step) else { return };
        match hops {
            Ok(hops) => attempt.places = first_places(hops),
            Err(error) => attempt.obstacle = Some(error.to_string().into()),
        }
        self.try_next_place(&mut roster, step.entry, self.clock.now().as_unix_millis());
    }

    /// Registers at the next place, or says that none is left.
    fn try_next_place(&self, roster: &mut Roster, number: EntryNumber, now: Millis) {
        loop {
            let step = roster.next_step(number);
            let Some(entry) = roster.entry(number) else { return };
            let host = entry.registrar.host.clone();
            let Some(attempt) = &mut entry.attempt else { return };
            let Some(place) = attempt.places.pop_front() else {
                return self.give_up(roster, number, Failure::Unreachable, now);
            };
            (attempt.step, attempt.until) = (step, now + SEARCH_PATIENCE_MS);
            if let Some(flow) = self.next_hops.flow_to(&place, &host) {
                if self.register(roster, number, (&flow, &place), now) {
                    return roster.settle(number);
                }
                continue;
            }
            let me = self.me.clone();
            let reached = move |flow: Result<Flow, NoWay>| {
                if let Some(me) = me.upgrade() {
                    me.registrar_reached(step, &place, flow);
                }
            };
            self.next_hops.reach(place, &host, Box::new(reached));
            return roster.settle(number);
        }
    }

    /// A flow to a place was opened, or was not.
    fn registrar_reached(&self, step: Step, place: &NextHop, flow: Result<Flow, NoWay>) {
        let now = self.clock.now().as_unix_millis();
        let (mut roster, number) = (self.roster.lock(), step.entry);
        let Some(attempt) = roster.attempt(step) else { return };
        match flow {
            Ok(flow) => {
                if self.register(&mut roster, number, (&flow, place), now) {
                    return roster.settle(number);
                }
            }
            Err(error) => attempt.obstacle = Some(format!("{}: {error}", place.address).into()),
        }
        self.try_next_place(&mut roster, number, now);
    }

    /// Sends the first REGISTER to a place; `false` if it could not be sent.
    fn register(
        &self,
        roster: &mut Roster,
        number: EntryNumber,
        (flow, place): (&Flow, &NextHop),
        now: Millis,
    ) -> bool {
        let destination = Destination::Network { flow: *flow, to: place.address };
        let (Some(path), Some(entry)) = (self.registration_path(&destination), roster.entry(number)) else {
            return false;
        };
        let machine = &mut entry.machine;
        let octets = if machine.is_due(now) {
            machine.begin(&path.way(), now, &*self.random)
        } else {
            machine.elsewhere(&path.way(), now, &*self.random)
        };
        octets.is_some_and(|octets| self.send_register(roster, number, (octets, destination), now))
    }

    fn send_register(
        &self,
        roster: &mut Roster,
        number: EntryNumber,
        (octets, destination): (Vec<u8>, Destination),
        now: Millis,
    ) -> bool {
        let step = roster.next_step(number);
        let reliability = if destination.is_datagram() { Reliability::Unreliable } else { Reliability::Reliable };
        let sent = self.send(&destination, &octets);
        let begun = roster.clients.begin(octets.into_boxed_slice(), Sent { step, destination }, (now, reliability));
        let Some(attempt) = roster.entry(number).and_then(|entry| entry.attempt.as_mut()) else { return false };
        let is_last = attempt.places.is_empty();
        (attempt.step, attempt.until) = (step, now + if is_last { LAST_PLACE_PATIENCE_MS } else { self.patience_ms });
        match (sent, begun) {
            (Ok(()), Ok(transaction)) => {
                attempt.sent = Some((transaction, destination));
                true
            }
            (sent, begun) => {
                tracing::debug!(?sent, "a REGISTER could not be sent");
                if let Ok(transaction) = begun {
                    roster.clients.abandon(transaction);
                }
                false
            }
        }
    }

    /// Nobody has answered in time, or nothing has come of finding the way.
    fn unanswered(&self, roster: &mut Roster, step: Step, now: Millis) {
        let Some(attempt) = roster.attempt(step) else { return };
        let sent = attempt.sent.take();
        let is_last = attempt.places.is_empty();
        if let Some((transaction, _)) = sent {
            roster.clients.abandon(transaction);
        }
        match (is_last, sent) {
            (true, Some(_)) => self.give_up(roster, step.entry, Failure::TimedOut, now),
            _ => self.try_next_place(roster, step.entry, now),
        }
    }

    fn give_up(&self, roster: &mut Roster, number: EntryNumber, failure: Failure, now: Millis) {
        let Some(entry) = roster.entry(number) else { return };
        let obstacle = entry.attempt.take().and_then(|attempt| attempt.obstacle);
        let event = entry.machine.on_failure(failure, now, &*self.random);
        if let Some(obstacle) = obstacle.filter(|_| failure == Failure::Unreachable) {
            entry.machine.explain(&obstacle);
        }
        Self::after_event(roster, number, event);
    }

    pub(super) fn after_event(roster: &mut Roster, number: EntryNumber, event: Option<RegistrationEvent>) {
        if let Some(entry) = roster.entry(number) {
            tell(entry.registrar.uri, event);
        }
        roster.settle(number);
    }

    fn registration_path(&self, destination: &Destination) -> Option<OwnPath> {
        let path = self.addresses.path(destination.flow()?);
        // A REGISTER's Via asks for rport by itself.
        let via = path.via.strip_suffix(b";rport").unwrap_or(&path.via).into();
        Some(OwnPath { via, contact: path.contact })
    }
}

/// What a REGISTER says of us.
struct OwnPath {
    via: Box<[u8]>,
    contact: Box<[u8]>,
}

impl OwnPath {
    const fn way(&self) -> Way<'_> {
        Way { via: &self.via, contact: &self.contact }
    }
}

/// Tells the operator.
fn tell(uri: OriginationUriId, event: Option<RegistrationEvent>) {
    match event {
        None => {}
        Some(RegistrationEvent::Registered { seconds }) => tracing::info!(%uri, seconds, "registered with a carrier"),
        Some(RegistrationEvent::Refreshed { seconds }) => {
            tracing::debug!(%uri, seconds, "refreshed a registration with a carrier");
        }
        Some(RegistrationEvent::Rejected { status }) => {
            tracing::warn!(%uri, status, "a carrier refuses our registration; check username and password");
        }
        Some(RegistrationEvent::Failed { status }) => {
            tracing::warn!(%uri, ?status, "a registration with a carrier failed; it is tried again");
        }
        Some(RegistrationEvent::Unregistered) => tracing::info!(%uri, "unregistered from a carrier"),
    }
}
