//! Says what happens again and again, but not once for each time: whoever brings it about in a loop would fill the disk.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// How often the log tells at most.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// How often something has happened since the log last said so.
#[derive(Debug, Default)]
pub(crate) struct Unreported(Mutex<Count>);

#[derive(Debug, Default)]
struct Count {
    since: u64,
    reported: Option<Instant>,
}

impl Unreported {
    /// Notes one more; the number to tell, if it is time to.
    pub fn note(&self) -> Option<u64> {
        let mut count = self.0.lock();
        count.since += 1;
        let is_due = count.reported.is_none_or(|reported| reported.elapsed() >= REPORT_INTERVAL);
        is_due.then(|| {
            count.reported = Some(Instant::now());
            std::mem::take(&mut count.since)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_next_later() {
        let unreported = Unreported::default();
        assert_eq!([unreported.note(), unreported.note(), unreported.note()], [Some(1), None, None]);
        unreported.0.lock().reported = None;
        assert_eq!(unreported.note(), Some(3));
    }
}
