//! When the directory must look at a credential again although nobody changes it.

use domain::{CredentialId, Timestamp};
use parking_lot::Mutex;
use std::collections::BTreeSet;

/// Most credentials that are looked at in one go; the others wait for the next.
const MOST_AT_ONCE: usize = 4096;

/// Where a credential stands: its hash and its identifier.
type Place = (u64, CredentialId);

/// The ends of overlaps and the expiries of credentials, in their order. It has an end: a credential stands in it with
/// those dates alone that it has now.
///
/// Its lock is taken while a shard of the credentials is locked, never the other way round.
#[derive(Default)]
pub(crate) struct Deadlines(Mutex<BTreeSet<(Timestamp, Place)>>);

impl Deadlines {
    /// Notes that a credential has other dates than before. Costs nothing for the many that have none.
    pub(crate) fn replace(&self, place: Place, before: [Option<Timestamp>; 2], after: [Option<Timestamp>; 2]) {
        if before == after {
            return;
        }
        let mut dates = self.0.lock();
        for date in before.into_iter().flatten() {
            dates.remove(&(date, place));
        }
        dates.extend(after.into_iter().flatten().map(|date| (date, place)));
    }

    /// Takes out whose time has come.
    pub(crate) fn take_due(&self, now: Timestamp) -> Vec<Place> {
        let mut dates = self.0.lock();
        let mut due = Vec::new();
        while due.len() < MOST_AT_ONCE
            && let Some((_, place)) = dates.first().copied().filter(|(date, _)| *date <= now)
        {
            dates.pop_first();
            due.push(place);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_time_has_come_is_taken_out_once() {
        let deadlines = Deadlines::default();
        let at = |seconds| Some(Timestamp::from_seconds(seconds));
        let place = |number: u8| (u64::from(number), CredentialId::from_bytes([number; 16]));
        deadlines.replace(place(1), [None; 2], [at(10), at(30)]);
        deadlines.replace(place(2), [None; 2], [None, at(20)]);
        deadlines.replace(place(3), [None; 2], [at(15), None]);
        deadlines.replace(place(3), [at(15), None], [None, None]);
        let due = |seconds| deadlines.take_due(Timestamp::from_seconds(seconds));
        assert_eq!(due(9), []);
        assert_eq!(due(20), [place(1), place(2)]);
        assert_eq!(due(20), []);
        assert_eq!(due(40), [place(1)]);
    }

    #[test]
    fn what_is_due_at_once_is_taken_in_steps() {
        let deadlines = Deadlines::default();
        for number in 0..5000_u64 {
            let place = (number, CredentialId::from_bytes([0; 16]));
            deadlines.replace(place, [None; 2], [Some(Timestamp::default()), None]);
        }
        assert_eq!([0; 3].map(|_| deadlines.take_due(Timestamp::default()).len()), [4096, 904, 0]);
    }
}
