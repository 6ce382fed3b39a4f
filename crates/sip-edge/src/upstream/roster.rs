//! The registrations that are kept with carriers, and when each wants to be looked at.

use super::registrar::Registrar;
use crate::calls::Destination;
use directory::UriInUse;
use domain::{OriginationUriId, Timestamp, TrunkId};
use foldhash::fast::RandomState;
use sip_transaction::{ClientId, ClientTransactions};
use sip_transport::resolve::NextHop;
use sip_transport::{ConnectionId, Flow, Transport};
use sip_upstream::{Millis, UpstreamRegistration};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

/// For how long one that is ending holds up the one that takes its place: some carriers remove every contact when they are
/// asked to remove one.
const PRECEDENCE_MS: Millis = 3_000;

/// All of them: for each origination URI one that is wanted, and those that are ending.
pub(super) struct Roster {
    entries: HashMap<EntryNumber, Entry, RandomState>,
    wanted: HashMap<OriginationUriId, EntryNumber, RandomState>,
    /// Those that are live, by where the carrier's confirmation came from.
    sources: HashMap<Source, Vec<EntryNumber>, RandomState>,
    wakes: BTreeSet<(Millis, EntryNumber)>,
    /// Of the REGISTERs under way.
    pub(super) clients: ClientTransactions<Sent>,
    last: u64,
    /// None begins any more.
    is_closed: bool,
}

/// Names a registration for the life of the process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct EntryNumber(u64);

/// One registration.
pub(super) struct Entry {
    pub(super) registrar: Arc<Registrar>,
    pub(super) machine: UpstreamRegistration,
    pub(super) attempt: Option<Attempt>,
    /// The trunks that use the URI.
    pub(super) trunks: Vec<TrunkId>,
    /// When anything about the URI last changed by somebody's will.
    pub(super) uri_changed_at: Timestamp,
    source: Option<Source>,
    /// Since when it is not wanted any more.
    retired_at: Option<Millis>,
    wakes_at: Option<Millis>,
}

/// One REGISTER, with whatever challenges it meets: each place the URI leads to, until one answers.
pub(super) struct Attempt {
    pub(super) step: Step,
    /// Those that were not asked yet.
    pub(super) places: VecDeque<NextHop>,
    /// When the step at hand has taken too long.
    pub(super) until: Millis,
    pub(super) sent: Option<(ClientId, Destination)>,
    /// Why there was no way to the last place.
    pub(super) obstacle: Option<Box<str>>,
}

/// One step of an attempt, so that what comes too late is known for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub(super) entry: EntryNumber,
    number: u64,
}

/// What a REGISTER was sent for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) step: Step,
    pub(super) destination: Destination,
}

/// Where a carrier's messages come from: over UDP its address and port, else the connection that we have opened to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Source {
    Datagrams(SocketAddr),
    Connection(ConnectionId),
}

impl Source {
    pub(super) fn of(flow: &Flow) -> Self {
        match flow.transport {
            Transport::Udp => Self::Datagrams(SocketAddr::new(flow.remote.ip().to_canonical(), flow.remote.port())),
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => Self::Connection(flow.connection),
        }
    }
}

impl Entry {
    /// Whether its REGISTER went out over that connection and is not answered yet.
    fn is_carried_by(&self, connection: ConnectionId) -> bool {
        let sent = self.attempt.as_ref().and_then(|attempt| attempt.sent.as_ref());
        sent.and_then(|(_, destination)| destination.flow()).is_some_and(|flow| flow.connection == connection)
    }

    fn next_wake(&self) -> Option<Millis> {
        // While an attempt looks for its way, the machine still waits for it to begin.
        self.attempt.as_ref().map(|attempt| attempt.until).or_else(|| self.machine.wakes_at())
    }
}

impl Roster {
    pub(super) fn new() -> Self {
        Self {
            entries: HashMap::default(),
            wanted: HashMap::default(),
            sources: HashMap::default(),
            wakes: BTreeSet::new(),
            // Bounded by the registrations there are: each has one REGISTER under way at most.
            clients: ClientTransactions::new(usize::MAX),
            last: 0,
            is_closed: false,
        }
    }

    pub(super) fn entry(&mut self, number: EntryNumber) -> Option<&mut Entry> {
        self.entries.get_mut(&number)
    }

    /// Those that are wanted.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Entry> {
        self.wanted.values().filter_map(|number| self.entries.get(number))
    }

    pub(super) fn wanted_of(&self, uri: OriginationUriId) -> Option<EntryNumber> {
        self.wanted.get(&uri).copied()
    }

    /// How many there are, those that are ending included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The attempt that a step belongs to, if it is the one at hand.
    pub(super) fn attempt(&mut self, step: Step) -> Option<&mut Attempt> {
        self.entries.get_mut(&step.entry)?.attempt.as_mut().filter(|attempt| attempt.step == step)
    }

    pub(super) fn next_step(&mut self, entry: EntryNumber) -> Step {
        self.last += 1;
        Step { entry, number: self.last }
    }

    /// Those that want to be looked at.
    pub(super) fn due(&self, now: Millis) -> Vec<EntryNumber> {
        self.wakes.iter().take_while(|(at, _)| *at <= now).map(|(_, number)| *number).collect()
    }

    /// Lets none begin any more.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Begins one for a URI that has none.
    pub(super) fn begin(&mut self, registrar: Arc<Registrar>, machine: UpstreamRegistration, used: &UriInUse) {
        if self.is_closed {
            return;
        }
        self.last += 1;
        let (number, uri) = (EntryNumber(self.last), registrar.uri);
        let entry = Entry {
            registrar,
            machine,
            attempt: None,
            trunks: used.trunks.clone(),
            uri_changed_at: used.uri.updated_at,
            source: None,
            retired_at: None,
            wakes_at: None,
        };
        self.entries.insert(number, entry);
        self.wanted.insert(uri, number);
        self.settle(number);
    }

    /// Notes that a URI's is not wanted any more; whoever calls ends it.
    pub(super) fn retire(&mut self, uri: OriginationUriId, now: Millis) -> Option<EntryNumber> {
        let number = self.wanted.remove(&uri)?;
        self.leave_source(number);
        self.entry(number)?.retired_at = Some(now);
        Some(number)
    }

    /// Whether one of that URI is ending that a new one should wait for.
    pub(super) fn is_held_up(&self, uri: OriginationUriId, now: Millis) -> bool {
        let holds = |at: Millis| now < at + PRECEDENCE_MS;
        self.entries.values().any(|entry| entry.registrar.uri == uri && entry.retired_at.is_some_and(holds))
    }

    /// Notes where a carrier's confirmation came from; calls from there are let in while it holds.
    pub(super) fn confirmed_from(&mut self, number: EntryNumber, flow: &Flow) {
        self.leave_source(number);
        let Some(entry) = self.entries.get_mut(&number).filter(|entry| entry.retired_at.is_none()) else { return };
        let source = Source::of(flow);
        entry.source = Some(source);
        self.sources.entry(source).or_default().push(number);
    }

    /// Those whose confirmation came from there.
    pub(super) fn of_source(&self, source: Source) -> impl Iterator<Item = &Entry> {
        let numbers = self.sources.get(&source).map(Vec::as_slice).unwrap_or_default();
        numbers.iter().filter_map(|number| self.entries.get(number))
    }

    /// Those that a connection concerns: calls would come over it, or it carries a REGISTER. Asked whenever any phone's
    /// connection ends, so it looks at all of them only while there are REGISTERs under way.
    pub(super) fn of_connection(&self, connection: ConnectionId) -> Vec<EntryNumber> {
        let mut numbers = self.sources.get(&Source::Connection(connection)).cloned().unwrap_or_default();
        if !self.clients.is_empty() {
            let carrying = self.entries.iter().filter(|(_, entry)| entry.is_carried_by(connection));
            numbers.extend(carrying.map(|(number, _)| *number));
            numbers.sort_unstable();
            numbers.dedup();
        }
        numbers
    }

    /// Whether calls would come over that connection.
    pub(super) fn is_source(&self, number: EntryNumber, connection: ConnectionId) -> bool {
        self.entries.get(&number).is_some_and(|entry| entry.source == Some(Source::Connection(connection)))
    }

    /// Nothing comes from there any more.
    pub(super) fn leave_source(&mut self, number: EntryNumber) {
        let Some(source) = self.entries.get_mut(&number).and_then(|entry| entry.source.take()) else { return };
        if let Some(numbers) = self.sources.get_mut(&source) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.sources.remove(&source);
            }
        }
    }

    /// Brings the wake-up to what the registration wants now; forgets one that is over.
    pub(super) fn settle(&mut self, number: EntryNumber) {
        let Some(entry) = self.entries.get_mut(&number) else { return };
        let wakes_at = entry.next_wake();
        if let Some(at) = std::mem::replace(&mut entry.wakes_at, wakes_at) {
            self.wakes.remove(&(at, number));
        }
        if let Some(at) = wakes_at {
            self.wakes.insert((at, number));
        }
        if entry.machine.is_over() {
            self.leave_source(number);
            self.entries.remove(&number);
        }
    }
}
