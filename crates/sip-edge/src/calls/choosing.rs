//! Which next hops a call tries, in which order.

use crate::calls::Calls;
use domain::{OriginationUri, OriginationUriId, Trunk, TrunkId};
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use sip_upstream::{
    Candidate, Evidence, Health, HealthConfig, HealthEvent, Millis, Probing, Rank, Selection, Standing,
};
use std::collections::HashMap;
use std::sync::Arc;

/// The turns of each trunk's next hops, and what calls have met with at each.
#[derive(Default)]
pub(crate) struct NextHopChoice {
    turns: Mutex<HashMap<TrunkId, Turns, RandomState>>,
    health: Mutex<HashMap<OriginationUriId, Health, RandomState>>,
}

struct Turns {
    candidates: Vec<Candidate<OriginationUriId>>,
    selection: Selection<OriginationUriId>,
}

impl NextHopChoice {
    fn order(&self, trunk: TrunkId, candidates: Vec<Candidate<OriginationUriId>>) -> Vec<OriginationUriId> {
        let mut turns = self.turns.lock();
        let turns = turns
            .entry(trunk)
            .or_insert_with(|| Turns { selection: Selection::new(&candidates), candidates: candidates.clone() });
        if turns.candidates != candidates {
            turns.selection.replace(&candidates);
            turns.candidates = candidates;
        }
        let health = self.health.lock();
        turns.selection.attempts(|uri| health.get(&uri).map_or(Standing::Up, Health::standing))
    }
}

impl Calls {
    /// The enabled next hops of a trunk in the order in which one call tries them.
    pub(super) fn next_hops_of(&self, trunk: &Trunk) -> Vec<Arc<OriginationUri>> {
        let trunks = self.parts.directory.trunks();
        let attached = trunk.attachments.uris().filter_map(|id| trunks.origination_uri(id));
        let uris: HashMap<_, _> = attached.filter(|uri| uri.enabled).map(|uri| (uri.id, uri)).collect();
        let rank = |id: OriginationUriId| {
            if trunk.attachments.primary_uri == Some(id) {
                Rank::Primary
            } else if trunk.attachments.fallback_uri == Some(id) {
                Rank::Fallback
            } else {
                Rank::Ordinary
            }
        };
        let candidate = |id| {
            let uri = uris.get(&id)?;
            Some(Candidate { key: id, rank: rank(id), priority: uri.priority, weight: uri.weight })
        };
        let candidates = trunk.attachments.uris().filter_map(candidate).collect();
        self.choice.order(trunk.id, candidates).into_iter().filter_map(|id| uris.get(&id).cloned()).collect()
    }

    /// Notes what a call has met with at a next hop.
    pub(super) fn learn(&self, uri: OriginationUriId, evidence: Evidence) {
        let now = self.now_ms();
        let mut health = self.choice.health.lock();
        let health = health.entry(uri).or_insert_with(|| Health::new(by_calls_alone(), now, &*self.parts.random));
        log(uri, health.on_call(evidence, now, &*self.parts.random));
    }

    /// Gives next hops that are down another chance when their time has come.
    pub(super) fn look_after_next_hops(&self, now: Millis) {
        for (uri, health) in &mut *self.choice.health.lock() {
            if health.wakes_at().is_some_and(|at| at <= now) {
                log(*uri, health.on_time(now, &*self.parts.random).1);
            }
        }
    }
}

fn by_calls_alone() -> HealthConfig {
    HealthConfig { probing: Probing::ByCallsAlone, ..HealthConfig::default() }
}

fn log(uri: OriginationUriId, event: Option<HealthEvent>) {
    match event {
        None => {}
        Some(HealthEvent::WentDown(evidence)) => {
            tracing::warn!(%uri, ?evidence, "a next hop counts as down; calls try it last");
        }
        Some(HealthEvent::CameUp) => tracing::info!(%uri, "a next hop counts as up again"),
    }
}
