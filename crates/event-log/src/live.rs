//! Who watches what is kept, as it is kept.

use crate::Listener;
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use storage::{
    AuthEventFilter, AuthEventWatch, KeptAuthRecord, LiveAuthEvents, Pending, RecordsOf, TooManyWatchers, Watched,
};
use tokio::sync::mpsc;

/// Records that wait for somebody who watches; what comes beyond is told as missed.
const ROOM: usize = 256;
/// Most that watch an account.
const MOST_OF_ACCOUNT: usize = 10;
/// Most that watch everybody's.
const MOST_OF_EVERYBODY: usize = 20;

/// Tells watchers; a slow one costs nobody else anything.
#[derive(Default)]
pub struct LiveFeed {
    watchers: Mutex<Vec<Watcher>>,
    is_closed: AtomicBool,
}

struct Watcher {
    filter: AuthEventFilter,
    records: mpsc::Sender<Arc<KeptAuthRecord>>,
    missed: Arc<AtomicU64>,
}

struct Watch {
    records: mpsc::Receiver<Arc<KeptAuthRecord>>,
    missed: Arc<AtomicU64>,
}

impl LiveFeed {
    /// Ends every watch, and lets none begin: the server stops.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.watchers.lock().clear();
    }
}

impl Listener for LiveFeed {
    fn kept(&self, record: &Arc<KeptAuthRecord>) {
        self.watchers.lock().retain(|watcher| {
            if watcher.filter.admits(&record.record) {
                match watcher.records.try_send(Arc::clone(record)) {
                    Ok(()) => {}
                    Err(mpsc::error::TrySendError::Full(_)) => {
                        watcher.missed.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(mpsc::error::TrySendError::Closed(_)) => return false,
                }
            }
            true
        });
    }
}

impl LiveAuthEvents for LiveFeed {
    fn watch(&self, filter: AuthEventFilter) -> Result<Box<dyn AuthEventWatch>, TooManyWatchers> {
        let most = if matches!(filter.of, RecordsOf::Everybody) { MOST_OF_EVERYBODY } else { MOST_OF_ACCOUNT };
        let (sender, records) = mpsc::channel(ROOM);
        let missed = Arc::new(AtomicU64::new(0));
        let mut watchers = self.watchers.lock();
        watchers.retain(|watcher| !watcher.records.is_closed());
        if watchers.iter().filter(|watcher| watcher.filter.of == filter.of).count() >= most {
            return Err(TooManyWatchers);
        }
        // Asked under the lock, so that none is added after the last was ended.
        if !self.is_closed.load(Ordering::Acquire) {
            watchers.push(Watcher { filter, records: sender, missed: Arc::clone(&missed) });
        }
        Ok(Box::new(Watch { records, missed }))
    }
}

impl AuthEventWatch for Watch {
    fn next(&mut self) -> Pending<'_, Option<Watched>> {
        Box::pin(async move {
            if let Ok(record) = self.records.try_recv() {
                return Some(Watched::Record(record));
            }
            let missed = self.missed.swap(0, Ordering::Relaxed);
            if missed > 0 {
                return Some(Watched::Missed(missed));
            }
            self.records.recv().await.map(Watched::Record)
        })
    }
}

impl fmt::Debug for LiveFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveFeed").field("watchers", &self.watchers.lock().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{AccountId, AuthRecordId};
    use testkit::samples;

    fn record(account: i64, number: i64) -> Arc<KeptAuthRecord> {
        let record = samples::auth_record(Some(AccountId(account)), number);
        Arc::new(KeptAuthRecord { id: AuthRecordId(number), record })
    }

    fn of(account: i64) -> AuthEventFilter {
        AuthEventFilter::all(RecordsOf::Account(AccountId(account)))
    }

    #[tokio::test]
    async fn watchers_are_told_what_is_theirs_and_what_they_missed() {
        let feed = LiveFeed::default();
        let mut watch = feed.watch(of(1)).unwrap();
        feed.kept(&record(2, 1));
        for number in 0..300 {
            feed.kept(&record(1, number));
        }
        for number in 0..256 {
            let Some(Watched::Record(kept)) = watch.next().await else { panic!("record {number}") };
            assert_eq!(kept.id, AuthRecordId(number));
        }
        assert!(matches!(watch.next().await, Some(Watched::Missed(44))));
        feed.kept(&record(1, 301));
        assert!(matches!(watch.next().await, Some(Watched::Record(_))));
        feed.close();
        assert!(watch.next().await.is_none());
        assert!(feed.watch(of(1)).unwrap().next().await.is_none());
    }

    #[test]
    fn watchers_of_an_account_are_bounded_and_those_that_left_do_not_count() {
        let feed = LiveFeed::default();
        let mut watches: Vec<_> = (0..MOST_OF_ACCOUNT).map(|_| feed.watch(of(1)).unwrap()).collect();
        assert_eq!(feed.watch(of(1)).map(|_| ()), Err(TooManyWatchers));
        assert!(feed.watch(of(2)).is_ok());
        watches.pop();
        assert!(feed.watch(of(1)).is_ok());
    }
}
