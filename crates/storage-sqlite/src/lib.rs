//! The storage ports over one SQLite file.
//!
//! * **One writer.** A thread owns the only writing connection. It takes everything that waits and commits it as one
//!   transaction with one `fsync`; each change set in it still has its own outcome. Then it hands the facts to the
//!   followers, in order, and only then answers. So an answered commit is on disk and applied.
//! * **Readers.** A few read-only connections on blocking threads. In WAL mode neither side waits for the other, and a
//!   read that begins after a commit was answered sees it.
//! * **One process.** A lock file keeps every other process away from the data directory.
//! * A conflict never leaves a trace: preconditions are checked before anything is written, and sets of several
//!   changes run inside a savepoint.
//! * [`SqliteStorage::backup`] copies the database while it is used; [`verify`] judges such a copy.
//! * When the disk is full or fails, the transaction is rolled back, nobody is told anything, and the next one starts
//!   afresh. When the writer itself dies (a follower panicked), every later call fails; nothing hangs.
//!
//! Not in here: decisions, clocks, randomness, and secrets that this crate could open.

mod account_changes;
mod accounts;
mod algorithm_uses;
mod answers;
mod audit_log;
mod auth_events;
mod backup;
mod bans;
mod call_records;
mod coherence;
mod credential_search;
mod credential_uses;
mod credentials;
mod devices;
mod failure;
mod lock;
mod migrate;
mod open;
mod provisioning_links;
mod readers;
mod registrations;
mod rows;
mod snapshot;
mod tables;
mod tokens;
mod transaction;
mod trunks;
mod verify;
mod webhook_outbox;
mod webhooks;
mod writer;

pub use backup::BackupError;
pub use lock::DirectoryLock;
pub use open::{OpenError, Options, SqliteStorage};
pub use storage::{WriteEnd, WriteObserver, WriteOutcome};
pub use tables::{TABLES, read_tables};
pub use verify::{Summary, stored_settings, verify};
