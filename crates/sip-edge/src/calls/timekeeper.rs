//! Wakes calls when their time has come.

use crate::calls::{Calls, SHARDS, ShardIndex};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

/// How late a timer may be. The shortest of SIP's is 200 ms.
const TICK: Duration = Duration::from_millis(20);
/// After how many ticks idle gauges are forgotten.
const TICKS_PER_SWEEP: u64 = 3_000;

/// The thread that wakes calls. It ends when this is dropped.
#[derive(Debug)]
pub struct Timekeeper {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Timekeeper {
    /// Starts waking the calls of an edge.
    ///
    /// # Errors
    /// What the system says when no thread can be started.
    pub fn start(calls: &Arc<Calls>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, calls) = (Arc::clone(&stop), Arc::downgrade(calls));
        let thread = std::thread::Builder::new().name("call-timers".into()).spawn(move || run(&calls, &stopped))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

fn run(calls: &Weak<Calls>, stopped: &AtomicBool) {
    let mut ticks: u64 = 0;
    while !stopped.load(Ordering::Relaxed) {
        std::thread::sleep(TICK);
        let Some(calls) = calls.upgrade() else { return };
        calls.on_time();
        ticks += 1;
        if ticks.is_multiple_of(TICKS_PER_SWEEP) {
            calls.limits.forget_idle(calls.now_us());
        }
    }
}

impl Calls {
    /// Does whatever is due now.
    pub fn on_time(&self) {
        let now = self.now_ms();
        for index in 0..SHARDS {
            self.tick(ShardIndex(index), now);
        }
        self.upstream.on_time(now);
    }

    /// The time that limits per second go by, in microseconds.
    pub(crate) fn now_us(&self) -> u64 {
        self.parts.clock.now().as_micros().max(0).unsigned_abs()
    }
}

impl Drop for Timekeeper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in it has been reported already.
            let _ = thread.join();
        }
    }
}
