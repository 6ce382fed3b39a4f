//! The storage ports over a PostgreSQL database, which one node uses or many.
//!
//! * **One order of commits.** A transaction that commits change sets holds the row of the counter from its beginning, so
//!   revisions are without gaps and become visible in their order, whichever nodes they come from. Each node commits what
//!   waits in one transaction; each set still has its own outcome. A credential's creation is a row of a statement that
//!   creates thousands.
//! * **What is written behind** (registrations, uses, events) holds that row in common with its like, so what it looks at
//!   before it writes does not change under it.
//! * **One way to learn.** Followers are told what is true by a task that reads it from the database, on the node that
//!   committed it as on all others, and only then is a commit answered. A lost notification costs a quarter of a second.
//! * **Leases.** A node answers phones only while the database has heard from it and it has applied what was committed by
//!   then. A change is answered when every node has applied it or has no lease any more.
//! * **A runtime of its own.** What is done here waits for nothing else that the process does.
//! * Whatever happens to a connection, nothing hangs: every statement has an end, on the server and here.
//!
//! Not in here: decisions, the wall clock, randomness, and secrets that this crate could open.

mod account_changes;
mod accounts;
mod algorithm_uses;
mod answers;
mod audit_log;
mod auth_events;
mod bans;
mod boottime;
mod call_records;
mod changed;
mod coherence;
mod copying;
mod credential_creations;
mod credential_search;
mod credential_uses;
mod credentials;
mod devices;
mod facts;
mod failure;
mod feed;
mod lease;
mod migrate;
mod open;
mod peers;
mod provisioning_links;
mod registrations;
mod rows;
mod snapshot;
mod sql;
mod tokens;
mod transaction;
mod trunks;
mod webhook_outbox;
mod webhooks;
mod writer;

pub use copying::Copying;
pub use lease::{NodeLease, NodeOptions};
pub use open::{Look, OpenError, Options, PostgresStorage, look};
