//! What is told on standard error while it goes on.

use super::report::milliseconds;
use crate::bench_cli::BenchOptions;
use sip_user_agent::load::{LoadWatch, Tally};
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::interval;

const EVERY: Duration = Duration::from_secs(1);

/// A line that stays.
pub(super) fn say(line: &str) {
    clear();
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Takes a line away that is written over.
pub(super) fn clear() {
    let mut stderr = std::io::stderr().lock();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r{:100}\r", "");
    }
}

/// A line that the next one replaces, where somebody looks on.
pub(super) fn show(line: &str) {
    let mut stderr = std::io::stderr().lock();
    let end = if stderr.is_terminal() { "\r" } else { "\n" };
    let _ = write!(stderr, "{line:<100}{end}");
}

/// Tells how many connections are open.
pub(super) fn opening(watch: &Arc<LoadWatch>, phones: usize, options: &BenchOptions) -> JoinHandle<()> {
    let (watch, transport) = (Arc::clone(watch), options.transport.as_str());
    every_second(move || match watch.opened() {
        0 => {}
        opened => show(&format!("{opened} of {phones} phones connected over {transport}")),
    })
}

/// Tells how the present run goes.
pub(super) fn working(watch: &Arc<LoadWatch>) -> JoinHandle<()> {
    let watch = Arc::clone(watch);
    let mut before = Tally::default();
    every_second(move || {
        let tally = watch.tally();
        show(&line(&tally, &before));
        before = tally;
    })
}

fn every_second(mut tell: impl FnMut() + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut beat = interval(EVERY);
        // The first beat comes at once.
        beat.tick().await;
        loop {
            beat.tick().await;
            tell();
        }
    })
}

fn line(tally: &Tally, before: &Tally) -> String {
    let now = tally.good.saturating_sub(before.good);
    let slowest = tally.latencies.percentile(0.99).map_or_else(|| "-".to_owned(), milliseconds);
    let (faults, again) = (tally.faults(), tally.retransmissions);
    format!("{now:>7}/s now, {:>7} good, 99 of 100 within {slowest}, {again} sent again, {faults} faulty", tally.good)
}
