//! What is seen of a run while it goes on, and the way to stop it.

use super::Tally;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Shared by whoever watches and what is watched.
#[derive(Debug, Default)]
pub struct LoadWatch {
    stop: AtomicBool,
    opened: AtomicUsize,
    tally: Mutex<Tally>,
}

impl LoadWatch {
    /// Begins nothing new from now on.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Lets things begin again after [`Self::stop`], for what is cleared away at the end.
    pub fn go_on(&self) {
        self.stop.store(false, Ordering::Relaxed);
    }

    /// Whether to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// How many connections were opened.
    #[must_use]
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    /// The present run so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally.lock().clone()
    }

    pub(super) fn note_opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn begin(&self) {
        *self.tally.lock() = Tally::default();
    }

    pub(super) fn show(&self, tally: &Tally) {
        self.tally.lock().clone_from(tally);
    }

    pub(super) fn with<T>(&self, note: impl FnOnce(&mut Tally) -> T) -> T {
        note(&mut self.tally.lock())
    }
}
