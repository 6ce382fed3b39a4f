//! The next hops that are watched, and when each wants to be looked at.

use crate::calls::Destination;
use domain::OriginationUriId;
use foldhash::fast::RandomState;
use sip_transaction::{ClientId, ClientTransactions};
use sip_transport::resolve::{NextHop, Target};
use sip_upstream::{Evidence, Health, Millis, Standing};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// All of them.
pub(super) struct Watch {
    hops: HashMap<OriginationUriId, Watched, RandomState>,
    wakes: BTreeSet<(Millis, OriginationUriId)>,
    /// Of the OPTIONS under way.
    pub(super) clients: ClientTransactions<Asked>,
    /// When it was last found out which URIs are in use.
    pub(super) settled_at: Option<Millis>,
    steps: u64,
}

/// One next hop.
pub(super) struct Watched {
    pub(super) health: Health,
    /// How it is asked; none for one that only calls tell about.
    probed: Option<Arc<Probed>>,
    pub(super) probe: Option<Probe>,
    wakes_at: Option<Millis>,
}

/// How a next hop is asked.
pub(super) struct Probed {
    pub(super) request_uri: Box<[u8]>,
    pub(super) target: Target,
    /// As written, for the server's certificate.
    pub(super) host: Box<str>,
}

/// One round of asking: each place the URI leads to, until one shows life.
pub(super) struct Probe {
    pub(super) step: Step,
    /// Those that were not asked yet.
    pub(super) places: VecDeque<NextHop>,
    /// When the step at hand has taken too long.
    pub(super) until: Millis,
    pub(super) transaction: Option<ClientId>,
    /// What the last place said.
    pub(super) met: Evidence,
}

/// One step of a round, so that what comes too late is known for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub(super) uri: OriginationUriId,
    number: u64,
}

/// What an OPTIONS was sent for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) step: Step,
    pub(super) destination: Destination,
}

impl Watched {
    pub(super) fn new(health: Health, probed: Option<Arc<Probed>>) -> Self {
        Self { health, probed, probe: None, wakes_at: None }
    }

    pub(super) const fn is_probed(&self) -> bool {
        self.probed.is_some()
    }

    fn next_wake(&self) -> Option<Millis> {
        let probe = self.probe.as_ref().map(|probe| probe.until);
        [self.health.wakes_at(), probe].into_iter().flatten().min()
    }
}

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            hops: HashMap::default(),
            wakes: BTreeSet::new(),
            // Bounded by the next hops there are: each has one OPTIONS under way at most, and is asked again no sooner
            // than a second later.
            clients: ClientTransactions::new(usize::MAX),
            settled_at: None,
            steps: 0,
        }
    }

    pub(super) fn standing(&self, uri: OriginationUriId) -> Standing {
        self.hops.get(&uri).map_or(Standing::Up, |hop| hop.health.standing())
    }

    pub(super) fn down(&self) -> usize {
        self.hops.values().filter(|hop| hop.health.standing() == Standing::Down).count()
    }

    /// Those that want to be looked at.
    pub(super) fn due(&self, now: Millis) -> Vec<OriginationUriId> {
        self.wakes.iter().take_while(|(at, _)| *at <= now).map(|(_, uri)| *uri).collect()
    }

    /// Changes one that is watched, or begins to watch it.
    pub(super) fn change<R>(
        &mut self,
        uri: OriginationUriId,
        begin: impl FnOnce() -> Watched,
        change: impl FnOnce(&mut Watched) -> R,
    ) -> R {
        let result = change(self.hops.entry(uri).or_insert_with(begin));
        self.settle(uri);
        result
    }

    pub(super) fn hop(&mut self, uri: OriginationUriId) -> Option<&mut Watched> {
        self.hops.get_mut(&uri)
    }

    /// How one is asked.
    pub(super) fn probed(&self, uri: OriginationUriId) -> Option<Arc<Probed>> {
        self.hops.get(&uri)?.probed.clone()
    }

    /// The round that a step belongs to, if it is the one at hand.
    pub(super) fn probe(&mut self, step: Step) -> Option<&mut Probe> {
        self.hops.get_mut(&step.uri)?.probe.as_mut().filter(|probe| probe.step == step)
    }

    pub(super) fn next_step(&mut self, uri: OriginationUriId) -> Step {
        self.steps += 1;
        Step { uri, number: self.steps }
    }

    /// Has one asked from now on; one that led elsewhere before begins anew.
    pub(super) fn ask(&mut self, uri: OriginationUriId, probed: Probed, health: impl FnOnce() -> Health) {
        let asked = self.hops.get(&uri).and_then(|hop| hop.probed.as_ref());
        if asked.is_some_and(|before| before.request_uri == probed.request_uri) {
            return;
        }
        self.forget(uri);
        self.hops.insert(uri, Watched::new(health(), Some(Arc::new(probed))));
        self.settle(uri);
    }

    /// Forgets the others.
    pub(super) fn keep(&mut self, wanted: impl Fn(OriginationUriId, &Watched) -> bool) {
        let gone: Vec<_> = self.hops.iter().filter(|(id, hop)| !wanted(**id, hop)).map(|(id, _)| *id).collect();
        for uri in gone {
            self.forget(uri);
        }
    }

    fn forget(&mut self, uri: OriginationUriId) {
        let Some(hop) = self.hops.remove(&uri) else { return };
        if let Some(at) = hop.wakes_at {
            self.wakes.remove(&(at, uri));
        }
        if let Some(transaction) = hop.probe.and_then(|probe| probe.transaction) {
            self.clients.abandon(transaction);
        }
    }

    /// Brings the wake-up to what the next hop wants now.
    pub(super) fn settle(&mut self, uri: OriginationUriId) {
        let Some(hop) = self.hops.get_mut(&uri) else { return };
        let wakes_at = hop.next_wake();
        if let Some(at) = std::mem::replace(&mut hop.wakes_at, wakes_at) {
            self.wakes.remove(&(at, uri));
        }
        if let Some(at) = wakes_at {
            self.wakes.insert((at, uri));
        }
    }
}
