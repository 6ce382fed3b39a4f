//! The password before the present one.

use crate::{SealedHa1s, Timestamp};

/// The generation of a credential's password before the present one: while an overlap runs it authenticates, and after
/// that it is only known for what it is, so that whoever still uses it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousGeneration {
    /// Its number, below the present one.
    pub generation: u32,
    /// Its HA1s.
    pub ha1s: SealedHa1s,
    /// Until when it authenticates; `None` where it never did beside the present one, or its overlap was ended early.
    pub overlap_until: Option<Timestamp>,
    /// When it is forgotten; never before its overlap is over.
    pub kept_until: Timestamp,
}

impl PreviousGeneration {
    /// Whether it authenticates at that moment; the moment an overlap ends is outside it.
    #[must_use]
    pub fn overlaps_at(&self, now: Timestamp) -> bool {
        self.overlap_until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlap_ends_when_its_time_has_come() {
        let until = |overlap_until| PreviousGeneration {
            generation: 1,
            ha1s: SealedHa1s::default(),
            overlap_until,
            kept_until: Timestamp::from_seconds(20),
        };
        let overlapping = until(Some(Timestamp::from_seconds(10)));
        assert!(overlapping.overlaps_at(Timestamp::from_seconds(9)));
        assert!(!overlapping.overlaps_at(Timestamp::from_seconds(10)));
        assert!(!until(None).overlaps_at(Timestamp::from_seconds(0)));
    }
}
