//! What happens to calls, written behind: signalling queues a change and goes on, one task writes what waits as one
//! transaction, and whoever asked is told when it is durable.
//!
//! * The queue is bounded. What finds no room is refused and counted; records of ended calls have room of their own, so
//!   that a storage that fails for minutes costs no record.
//! * Where a write fails, whoever waits for it is told at once, and the changes are written again until they succeed.
//!   Repeating them is harmless: [`storage::CallChange`] says so.
//! * [`todays_calls`] finds what counts at limits by the day after a restart.
//! * [`Retention`] deletes old records in steps small enough that nobody who writes waits for it.

mod journal;
mod queue;
mod retention;
mod statistics;
mod today;

pub use journal::{Config, Journal, JournalTask};
pub use retention::Retention;
pub use statistics::JournalStatistics;
pub use today::todays_calls;
