//! What goes well again and again.

use super::{Draft, Sampling};
use domain::{AuthRecordId, Timestamp};
use foldhash::fast::RandomState;
use std::collections::{HashMap, VecDeque};

/// How often attempts that were added up are written, in seconds.
const WRITE_SECONDS: i64 = 60;

/// Names a record that successes are added to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct WindowKey {
    /// Whose successes.
    pub(crate) owner: u64,
    /// In what they are alike.
    pub(crate) likeness: u64,
}

struct Window {
    likeness: u64,
    begun_at: Timestamp,
    /// Not known before the record was stored.
    id: Option<AuthRecordId>,
    unwritten: u32,
    last_at: Timestamp,
}

/// The records of each credential that may be added to. A refusal ends them, so that what came before it and what came
/// after it stay apart.
pub(super) struct Successes {
    config: Sampling,
    windows: HashMap<u64, Vec<Window>, RandomState>,
    count: usize,
    /// In the order in which they began, those included that have ended.
    order: VecDeque<(Timestamp, WindowKey)>,
    written_at: Timestamp,
    /// Attempts whose record was never stored, or ended before it was.
    unkept: u64,
}

impl Window {
    fn write(&mut self, drafts: &mut Vec<Draft>) {
        if let Some(id) = self.id.filter(|_| self.unwritten > 0) {
            drafts.push(Draft::More { id, attempts: self.unwritten, last_at: self.last_at });
            self.unwritten = 0;
        }
    }

    /// Writes for the last time; says how many attempts could not be.
    fn end(&mut self, drafts: &mut Vec<Draft>) -> u64 {
        self.write(drafts);
        self.unwritten.into()
    }
}

impl Successes {
    pub(super) fn new(config: Sampling) -> Self {
        Self {
            config,
            windows: HashMap::default(),
            count: 0,
            order: VecDeque::new(),
            written_at: Timestamp::from_micros(0),
            unkept: 0,
        }
    }

    /// Adds a success to the record of its like; false if there is none that is young enough.
    pub(super) fn add(&mut self, key: WindowKey, at: Timestamp, drafts: &mut Vec<Draft>) -> bool {
        let young = at.plus_seconds(-self.config.success_seconds);
        let windows = self.windows.get_mut(&key.owner);
        let found = windows.and_then(|windows| windows.iter_mut().find(|window| window.likeness == key.likeness));
        match found {
            Some(window) if window.begun_at > young => {
                window.unwritten = window.unwritten.saturating_add(1);
                window.last_at = window.last_at.max(at);
                true
            }
            Some(_) => {
                self.end(key, drafts);
                false
            }
            None => false,
        }
    }

    /// Begins a record; the oldest one is added to no more where there is no room.
    pub(super) fn begin(&mut self, key: WindowKey, at: Timestamp, drafts: &mut Vec<Draft>) {
        while self.count >= self.config.most_successes {
            let Some((begun_at, oldest)) = self.order.pop_front() else { break };
            self.end_if(oldest, begun_at, drafts);
        }
        let window = Window { likeness: key.likeness, begun_at: at, id: None, unwritten: 0, last_at: at };
        self.windows.entry(key.owner).or_default().push(window);
        self.order.push_back((at, key));
        self.count += 1;
    }

    /// Says which record a window began with.
    pub(super) fn numbered(&mut self, key: WindowKey, (begun_at, id): (Timestamp, AuthRecordId)) {
        let mut windows = self.windows.get_mut(&key.owner).into_iter().flatten();
        if let Some(window) = windows.find(|window| window.likeness == key.likeness && window.begun_at == begun_at) {
            window.id = Some(id);
        }
    }

    pub(super) const fn unkept(&self) -> u64 {
        self.unkept
    }

    /// Ends all records of an owner.
    pub(super) fn interrupted(&mut self, owner: u64, drafts: &mut Vec<Draft>) {
        for mut window in self.windows.remove(&owner).unwrap_or_default() {
            self.unkept += window.end(drafts);
            self.count = self.count.saturating_sub(1);
        }
    }

    pub(super) fn tick(&mut self, now: Timestamp, drafts: &mut Vec<Draft>) {
        while let Some((begun_at, key)) = self.order.front().copied() {
            if begun_at.plus_seconds(self.config.success_seconds) > now {
                break;
            }
            self.order.pop_front();
            self.end_if(key, begun_at, drafts);
        }
        if self.written_at.plus_seconds(WRITE_SECONDS) <= now {
            self.written_at = now;
            self.finish(drafts);
        }
    }

    /// Writes what was added up.
    pub(super) fn finish(&mut self, drafts: &mut Vec<Draft>) {
        self.windows.values_mut().flatten().for_each(|window| window.write(drafts));
    }

    /// Ends a record, unless another has taken its place.
    fn end_if(&mut self, key: WindowKey, begun_at: Timestamp, drafts: &mut Vec<Draft>) {
        let windows = self.windows.get(&key.owner).map(Vec::as_slice).unwrap_or_default();
        if windows.iter().any(|window| window.likeness == key.likeness && window.begun_at == begun_at) {
            self.end(key, drafts);
        }
    }

    fn end(&mut self, key: WindowKey, drafts: &mut Vec<Draft>) {
        let Some(windows) = self.windows.get_mut(&key.owner) else { return };
        for mut window in windows.extract_if(.., |window| window.likeness == key.likeness) {
            self.unkept += window.end(drafts);
            self.count = self.count.saturating_sub(1);
        }
        if windows.is_empty() {
            self.windows.remove(&key.owner);
        }
    }
}
