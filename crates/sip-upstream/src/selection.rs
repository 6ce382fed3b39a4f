//! In which order a call tries a trunk's URIs.

use crate::health::Standing;
use crate::rotation::{Owed, Rotation};

/// A URI that calls of a trunk may go to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate<K> {
    /// What the caller calls it; a second candidate of the same key is left out.
    pub key: K,
    /// Whether the trunk names it before the others.
    pub rank: Rank,
    /// Lower ones are tried before higher ones.
    pub priority: u16,
    /// Its share among those of its priority; 0 for a very small one (RFC 2782).
    pub weight: u16,
}

/// Which place a trunk gives a URI.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rank {
    /// Before all others.
    Primary,
    /// When the primary one fails.
    Fallback,
    /// By priority and weight.
    Ordinary,
}

/// The turns of one trunk's URIs. Deterministic: the same calls give the same order on every node that starts alike.
#[derive(Clone, Debug)]
pub struct Selection<K> {
    /// In the order of use.
    groups: Vec<Group<K>>,
}

#[derive(Clone, Debug)]
struct Group<K> {
    rank: Rank,
    priority: u16,
    rotation: Rotation<K>,
}

impl<K: Copy + Eq> Selection<K> {
    /// Nobody has had a turn yet.
    #[must_use]
    pub fn new(candidates: &[Candidate<K>]) -> Self {
        let mut selection = Self { groups: Vec::new() };
        selection.replace(candidates);
        selection
    }

    /// Goes on with another set. Who stays in its group keeps its place in the turns, so that changes, however often they
    /// come, put nobody off.
    pub fn replace(&mut self, candidates: &[Candidate<K>]) {
        let mut groups: Vec<Group<K>> = Vec::new();
        for (place, candidate) in candidates.iter().enumerate() {
            let Candidate { key, rank, priority, weight } = *candidate;
            if candidates.iter().take(place).any(|earlier| earlier.key == key) {
                continue;
            }
            let owed = self.group(rank, priority).and_then(|group| group.rotation.owed(key)).unwrap_or(Owed::NOTHING);
            match groups.iter_mut().find(|group| (group.rank, group.priority) == (rank, priority)) {
                Some(group) => group.rotation.join(key, weight, owed),
                None => {
                    let mut rotation = Rotation::new();
                    rotation.join(key, weight, owed);
                    groups.push(Group { rank, priority, rotation });
                }
            }
        }
        groups.sort_by_key(|group| (group.rank, group.priority));
        self.groups = groups;
    }

    /// The URIs for one call, first choice first, each once. Those that are down come last, in the same order: a call is
    /// never refused because of what was true a moment ago. Where all are down, all take their turns as if they were up.
    pub fn attempts(&mut self, standing: impl Fn(K) -> Standing) -> Vec<K> {
        let is_up = |key| standing(key) == Standing::Up;
        let mut attempts = Vec::new();
        for group in &mut self.groups {
            group.rotation.turn(is_up, &mut attempts);
        }
        if attempts.is_empty() {
            for group in &mut self.groups {
                group.rotation.turn(|_| true, &mut attempts);
            }
            return attempts;
        }
        for group in &self.groups {
            group.rotation.rest(is_up, &mut attempts);
        }
        attempts
    }

    fn group(&self, rank: Rank, priority: u16) -> Option<&Group<K>> {
        self.groups.iter().find(|group| (group.rank, group.priority) == (rank, priority))
    }
}
