//! Which next hops a call tries, in which order.

use crate::calls::Calls;
use domain::{OriginationUri, OriginationUriId, Trunk, TrunkId};
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use sip_upstream::{Candidate, Evidence, Rank, Selection, Standing};
use std::collections::HashMap;
use std::sync::Arc;

/// The turns of each trunk's next hops.
#[derive(Default)]
pub(crate) struct NextHopChoice {
    turns: Mutex<HashMap<TrunkId, Turns, RandomState>>,
}

struct Turns {
    candidates: Vec<Candidate<OriginationUriId>>,
    selection: Selection<OriginationUriId>,
}

impl NextHopChoice {
    fn order(
        &self,
        trunk: TrunkId,
        candidates: Vec<Candidate<OriginationUriId>>,
        standing: impl Fn(OriginationUriId) -> Standing,
    ) -> Vec<OriginationUriId> {
        let mut turns = self.turns.lock();
        let turns = turns
            .entry(trunk)
            .or_insert_with(|| Turns { selection: Selection::new(&candidates), candidates: candidates.clone() });
        if turns.candidates != candidates {
            turns.selection.replace(&candidates);
            turns.candidates = candidates;
        }
        turns.selection.attempts(standing)
    }
}

impl Calls {
    /// The enabled next hops of a trunk in the order in which one call tries them.
    pub(super) fn next_hops_of(&self, trunk: &Trunk) -> Vec<Arc<OriginationUri>> {
        let trunks = self.parts.directory.trunks();
        let attached = trunk.attachments.uris().filter_map(|id| trunks.origination_uri(id));
        let uris: Vec<_> = attached.filter(|uri| uri.enabled).collect();
        let find = |id: OriginationUriId| uris.iter().find(|uri| uri.id == id);
        let rank = |id: OriginationUriId| {
            if trunk.attachments.primary_uri == Some(id) {
                Rank::Primary
            } else if trunk.attachments.fallback_uri == Some(id) {
                Rank::Fallback
            } else {
                Rank::Ordinary
            }
        };
        let candidate = |uri: &Arc<OriginationUri>| Candidate {
            key: uri.id,
            rank: rank(uri.id),
            priority: uri.priority,
            weight: uri.weight,
        };
        let candidates = uris.iter().map(candidate).collect();
        let order = self.choice.order(trunk.id, candidates, |uri| self.upstream.standing(uri));
        order.into_iter().filter_map(|id| find(id).cloned()).collect()
    }

    /// Notes what a call has met with at a next hop.
    pub(super) fn learn(&self, uri: OriginationUriId, evidence: Evidence) {
        self.upstream.learn(uri, evidence);
    }
}
