//! SIP transactions (RFC 3261 section 17, RFC 6026) without IO: inputs and the time go in, what to send and when to
//! wake comes out.
//!
//! * [`NonInviteServer`] is the state machine of one non-INVITE server transaction.
//! * [`ServerTransactions`] holds many of them in a fixed amount of memory and finds the one a message belongs to.
//! * [`NonInviteClient`] is the state machine of one non-INVITE client transaction.
//!
//! There are no INVITE machines yet: an INVITE is answered at once and statelessly (RFC 3261 section 8.2.7), its
//! retransmissions from the same table.

mod key;
mod non_invite_client;
mod non_invite_server;
mod response_ring;
mod table;
mod timer;

pub use key::{MessageSource, TransactionKey};
pub use non_invite_client::{ClientAction, NonInviteClient, Outcome};
pub use non_invite_server::{NonInviteServer, ServerAction};
pub use table::{Absorbed, Limits, ServerTransactions};
pub use timer::{Millis, Reliability, T1_MS, T2_MS, T4_MS, TIMER_F_MS, TIMER_J_MS};
