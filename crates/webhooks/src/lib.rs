//! Tells tenants' servers what happens to calls.
//!
//! * A message is queued without waiting, kept in storage until it is delivered, and repeated with growing pauses for a
//!   day. A restart loses none that was stored.
//! * Each is signed: [`signature`] says how, and how a receiver checks it.
//! * Each address has its own queue and pause, each account its share of what is done at a time. One that hangs or fails
//!   delays itself alone.
//! * A name is resolved once for each attempt, and the connection goes to an address of that answer, which must be public
//!   or among the [`Allowed`] ones. A redirect is an answer like any other that is not 2xx: it is not followed.
//! * Everything is bounded: what waits, what is under way, how long an attempt takes, how much of an answer is read.
//!
//! TLS is the caller's: [`Secure`] does the handshake.

mod address_task;
mod allowed;
mod attempt;
mod deliverer;
mod destination;
mod lookup;
mod message;
mod shared;
pub mod signature;
mod statistics;

pub use allowed::Allowed;
pub use attempt::{AttemptError, Secure, Stream};
pub use deliverer::{Config, Deliverer, DelivererTask, Parts, Subscribers};
pub use message::{AuthNews, TEST_EVENT, auth_message, call_message, message_id, test_message};
pub use statistics::WebhookStatistics;
