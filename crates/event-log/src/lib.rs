//! Authentication events: recorded on the signalling path without waiting or allocating, read by people later.
//!
//! Each lane has a ring of fixed size; [`EventLog::record`] copies an event into it and overwrites nothing that was not
//! collected yet: what does not fit is counted as dropped. [`EventLog::collect`], called a few times a second, moves
//! events to the recent ones and logs refusals. An [`EventLog::keeping`] log also decides then which of them become
//! records, and which are added up (`sampler`); a task of its own looks for what nearly went right (`near_misses`), stores
//! them, and tells listeners. [`Retention`] deletes what is old.

mod keeper;
mod live;
mod names;
mod near_misses;
mod recent;
mod record;
mod retention;
mod sampler;
mod statistics;

pub use keeper::{KeeperTask, Keeping, Listener};
pub use live::LiveFeed;
pub use names::Names;
pub use retention::Retention;
pub use sampler::Sampling;
pub use statistics::KeepingStatistics;

use domain::{AuthEvent, AuthReason, AuthRecord, AuthRemark};
use keeper::Keeper;
use parking_lot::Mutex;
use recent::Recent;
use record::{Batch, Slot};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::EventSink;

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Signalling workers.
    pub lanes: usize,
    /// Events a lane may have between two collections.
    pub events_per_lane: usize,
    /// Recent events kept for people to ask about.
    pub recent_events: usize,
    /// Most log lines per collection; the rest are summed up in one line.
    pub log_lines_per_collection: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { lanes: 1, events_per_lane: 16_384, recent_events: 64, log_lines_per_collection: 20 }
    }
}

/// The log of authentication events.
pub struct EventLog {
    lanes: Box<[Lane]>,
    recent: Mutex<Recent>,
    /// Takes a lane's place while the lane's is read.
    spare: Mutex<Batch>,
    keeper: Option<Arc<Keeper>>,
    config: Config,
}

/// Aligned so that two lanes never share a cache line.
#[repr(align(128))]
struct Lane {
    pending: Mutex<Batch>,
    dropped: AtomicU64,
    /// In the order of [`AuthReason::ALL`]; counted whether or not the event found room.
    attempts: [AtomicU64; AuthReason::ALL.len()],
    /// In the order of [`AuthRemark::ALL`].
    remarks: [AtomicU64; AuthRemark::ALL.len()],
}

impl EventLog {
    /// An empty log.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let lane = |_| Lane {
            pending: Mutex::new(Batch::with_capacity(config.events_per_lane)),
            dropped: AtomicU64::new(0),
            attempts: Default::default(),
            remarks: Default::default(),
        };
        Self {
            lanes: (0..config.lanes.max(1)).map(lane).collect(),
            recent: Mutex::new(Recent::new(config.recent_events)),
            spare: Mutex::new(Batch::with_capacity(config.events_per_lane)),
            keeper: None,
            config,
        }
    }

    /// An empty log whose events are kept, and the task that stores them, on the present tokio runtime.
    #[must_use]
    pub fn keeping(config: Config, keeping: Keeping) -> (Self, KeeperTask) {
        let (keeper, task) = Keeper::start(keeping);
        (Self { keeper: Some(keeper), ..Self::new(config) }, task)
    }

    /// How keeping goes; `None` where nothing is kept.
    #[must_use]
    pub fn keeping_statistics(&self) -> Option<&Arc<KeepingStatistics>> {
        self.keeper.as_ref().map(|keeper| &keeper.statistics)
    }

    /// Moves what the lanes recorded to the recent events, and logs refusals and what is remarkable: the first few, the rest as a sum.
    pub fn collect(&self) {
        let mut spare = self.spare.lock();
        let mut lines = self.config.log_lines_per_collection;
        let mut unlogged = 0_u64;
        for lane in &self.lanes {
            std::mem::swap(&mut *lane.pending.lock(), &mut *spare);
            for slot in spare.slots() {
                if slot.is_remarkable() {
                    if lines > 0 {
                        lines -= 1;
                        record::log(&slot.to_record());
                    } else {
                        unlogged += 1;
                    }
                }
            }
            if let Some(keeper) = &self.keeper {
                keeper
                    .sample(|sampler, names, drafts| spare.slots().for_each(|slot| sampler.take(slot, names, drafts)));
            }
            self.recent.lock().push_all(&spare);
            spare.clear();
        }
        if unlogged > 0 {
            tracing::info!(target: "sipwarden::auth", refusals = unlogged, "further refusals, not logged one by one");
        }
    }

    /// The recent events, newest first, of those that `wanted` accepts, at most `limit`.
    #[must_use]
    pub fn recent(&self, limit: usize, wanted: impl Fn(&AuthRecord) -> bool) -> Vec<AuthRecord> {
        let recent = self.recent.lock();
        recent.newest_first().map(Slot::to_record).filter(wanted).take(limit).collect()
    }

    /// How many events found no room and are missing.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.dropped.load(Ordering::Relaxed)).sum()
    }

    /// How many attempts there were with each remark, those included whose event found no room.
    pub fn remarks(&self) -> impl Iterator<Item = (AuthRemark, u64)> {
        AuthRemark::ALL.into_iter().enumerate().map(|(place, remark)| {
            let counts = self.lanes.iter().filter_map(|lane| lane.remarks.get(place));
            (remark, counts.map(|count| count.load(Ordering::Relaxed)).sum())
        })
    }

    /// How many attempts there were for each reason, those included whose event found no room.
    pub fn attempts(&self) -> impl Iterator<Item = (AuthReason, u64)> {
        AuthReason::ALL.into_iter().enumerate().map(|(place, reason)| {
            let counts = self.lanes.iter().filter_map(|lane| lane.attempts.get(place));
            (reason, counts.map(|count| count.load(Ordering::Relaxed)).sum())
        })
    }
}

impl EventSink for EventLog {
    fn record(&self, lane: usize, event: &AuthEvent<'_>) {
        let Some(lane) = self.lanes.get(lane % self.lanes.len().max(1)) else { return };
        if let Some(count) = lane.attempts.get(event.reason as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(count) = event.remark.and_then(|remark| lane.remarks.get(remark as usize)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let mut pending = lane.pending.lock();
        if pending.len() < self.config.events_per_lane {
            pending.push(event);
        } else {
            lane.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{AuthReason, SignallingTransport, Timestamp};

    fn event(username: &[u8], reason: AuthReason) -> AuthEvent<'_> {
        AuthEvent {
            at: Timestamp::from_seconds(7),
            reason,
            realm: None,
            account: None,
            credential: None,
            device: b"",
            source: ([192, 0, 2, 1], 5060).into(),
            transport: SignallingTransport::Udp,
            method: b"REGISTER",
            username,
            host: b"example.test",
            user_agent: b"phone/1 \xff\n",
            call_id: b"call",
            algorithm: None,
            remark: None,
            near_miss: None,
            claimed_realm: b"",
            date: b"",
            cseq: 1,
        }
    }

    #[test]
    fn events_come_out_newest_first_and_the_ring_is_bounded() {
        let log = EventLog::new(Config { recent_events: 3, ..Config::default() });
        for name in ["a", "b", "c", "d"] {
            log.record(0, &event(name.as_bytes(), AuthReason::WrongPassword));
        }
        log.collect();
        let names: Vec<_> = log.recent(10, |_| true).into_iter().map(|record| record.username).collect();
        assert_eq!(names, ["d", "c", "b"].map(Box::from));
        assert_eq!(log.recent(10, |record| &*record.username == "c").len(), 1);
        assert_eq!(log.recent(1, |_| true).len(), 1);
    }

    #[test]
    fn texts_are_cut_and_harmless() {
        let log = EventLog::new(Config::default());
        log.record(0, &event(&[b'x'; 500], AuthReason::UnknownUser));
        log.collect();
        let records = log.recent(1, |_| true);
        assert_eq!(records[0].username.len(), 64);
        assert_eq!(&*records[0].user_agent, "phone/1 \u{fffd}\u{fffd}");
    }

    #[test]
    fn every_reason_has_a_count_of_its_own() {
        let log = EventLog::new(Config { lanes: 2, ..Config::default() });
        for (more, reason) in AuthReason::ALL.into_iter().enumerate() {
            for lane in 0..=more {
                log.record(lane, &event(b"a", reason));
            }
        }
        let expected: Vec<_> = AuthReason::ALL.into_iter().zip(1..).collect();
        assert_eq!(log.attempts().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn remarks_are_kept_and_counted() {
        let log = EventLog::new(Config { lanes: 2, ..Config::default() });
        let remark = Some(AuthRemark::AlgorithmDowngrade);
        for lane in 0..2 {
            log.record(lane, &AuthEvent { remark, ..event(b"a", AuthReason::Ok) });
            log.record(lane, &event(b"b", AuthReason::Ok));
        }
        log.collect();
        let remarks: Vec<_> = log.recent(10, |record| &*record.username == "a").iter().map(|r| r.remark).collect();
        assert_eq!(remarks, [remark, remark]);
        let counts: Vec<_> = log.remarks().collect();
        let none = [AuthRemark::InsecureTransport, AuthRemark::PreviousPassword, AuthRemark::RevokedDevice];
        let none = none.map(|remark| (remark, 0));
        assert_eq!(counts, [&[(AuthRemark::AlgorithmDowngrade, 2)], &none[..]].concat());
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let log = EventLog::new(Config { events_per_lane: 2, ..Config::default() });
        for _ in 0..5 {
            log.record(0, &event(b"a", AuthReason::Challenge));
        }
        assert_eq!(log.dropped(), 3);
        assert_eq!(log.attempts().find(|(_, count)| *count > 0), Some((AuthReason::Challenge, 5)));
        log.collect();
        log.record(0, &event(b"a", AuthReason::Challenge));
        log.collect();
        assert_eq!(log.recent(10, |_| true).len(), 3);
    }
}
