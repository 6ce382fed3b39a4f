//! Taking turns by weight, exactly.
//!
//! Each member has a virtual time at which its next turn is due: one turn takes 1/weight of it, and each turn of anybody
//! advances the group's by 1/total. Among those whose turn has come, the one that must have had it soonest is next
//! (earliest eligible virtual deadline first, Stoica 1996): after any number of turns nobody has had more than one turn too
//! many or too few.

/// What one turn of the least weight takes, in units of virtual time. With weights below 2^33 and a trillion turns the
/// rounding of all turns together stays far below [`SLACK`].
const UNIT: u128 = 1 << 100;
/// How much a turn may come early, so that rounding does not make one late that is due at this very moment.
const SLACK: u128 = 1 << 50;
/// A weight of 0 counts for this little of a weight of 1: "a very small chance of being selected" (RFC 2782).
const LEAST: u64 = 1;
const ONE: u64 = 1 << 16;

/// Members of equal priority.
#[derive(Clone, Debug)]
pub(crate) struct Rotation<K> {
    members: Vec<Member<K>>,
    now: u128,
}

#[derive(Clone, Debug)]
struct Member<K> {
    key: K,
    weight: u64,
    /// When its next turn begins, in virtual time.
    due: u128,
}

impl<K: Copy + Eq> Rotation<K> {
    pub fn new() -> Self {
        // Room below, for members that are owed a turn.
        Self { members: Vec::new(), now: UNIT }
    }

    /// Takes a member in, at the end of no queue; what it is owed from an earlier rotation goes with it.
    pub fn join(&mut self, key: K, weight: u16, owed: Owed) {
        let weight = if weight == 0 { LEAST } else { u64::from(weight) * ONE };
        let mut member = Member { key, weight, due: self.now };
        // Never more than one turn: with another weight the same time would be many.
        let bound = member.takes();
        member.due = match owed {
            Owed::Later(time) => self.now.saturating_add(time.min(bound)),
            Owed::Sooner(time) => self.now.saturating_sub(time.min(bound)),
        };
        self.members.push(member);
    }

    /// What a member would lose by joining anew.
    pub fn owed(&self, key: K) -> Option<Owed> {
        let member = self.members.iter().find(|member| member.key == key)?;
        Some(match member.due.checked_sub(self.now) {
            Some(later) => Owed::Later(later),
            None => Owed::Sooner(self.now - member.due),
        })
    }

    /// Appends those that take part, the one whose turn it is before the others, and the others as they would follow; the
    /// turn is then taken. Who does not take part neither gains nor loses by it.
    pub fn turn(&mut self, takes_part: impl Fn(K) -> bool, out: &mut Vec<K>) {
        let mut order: Vec<(bool, u128, usize)> = Vec::with_capacity(self.members.len());
        let mut total = 0_u64;
        for (place, member) in self.members.iter().enumerate().filter(|(_, member)| takes_part(member.key)) {
            let is_early = member.due > self.now + SLACK;
            order.push((is_early, member.due + member.takes(), place));
            total += member.weight;
        }
        order.sort_unstable();
        out.extend(order.iter().filter_map(|(.., place)| Some(self.members.get(*place)?.key)));
        let Some((.., first)) = order.first().copied() else { return };
        let passed = UNIT / u128::from(total.max(1));
        self.now += passed;
        for (place, member) in self.members.iter_mut().enumerate() {
            if place == first {
                member.due += member.takes();
            } else if !order.iter().any(|(.., taking)| *taking == place) {
                member.due += passed;
            }
        }
    }

    /// The members that do not take part, in the order of their weights.
    pub fn rest(&self, takes_part: impl Fn(K) -> bool, out: &mut Vec<K>) {
        let mut rest: Vec<_> = self.members.iter().filter(|member| !takes_part(member.key)).collect();
        rest.sort_by_key(|member| std::cmp::Reverse(member.weight));
        out.extend(rest.iter().map(|member| member.key));
    }
}

/// How far from the present a member's next turn begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Owed {
    Later(u128),
    Sooner(u128),
}

impl Owed {
    pub const NOTHING: Self = Self::Later(0);
}

impl<K> Member<K> {
    fn takes(&self) -> u128 {
        UNIT / u128::from(self.weight.max(1))
    }
}
