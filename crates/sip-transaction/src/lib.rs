//! SIP transactions (RFC 3261 section 17, RFC 6026) without IO: inputs and the time go in, what to send and when to
//! wake comes out.
//!
//! * [`InviteClient`], [`NonInviteClient`], [`InviteServer`] and [`NonInviteServer`] are the four state machines, one
//!   transaction each. They know nothing of octets.
//! * [`ClientTransactions`] holds many client transactions with one queue of timers, finds the one a response belongs
//!   to, and writes the ACKs and CANCELs that INVITE brings with it.
//! * [`InviteServerTransactions`] holds many INVITEs whose users take their time, with one queue of timers.
//! * [`ServerTransactions`] holds the answers to requests in a fixed amount of memory and finds the one a
//!   retransmission belongs to. It serves requests that are answered at once: an INVITE that is refused statelessly
//!   (RFC 3261 section 8.2.7) is among them.

mod client_action;
mod client_transactions;
mod derived;
mod invite_client;
mod invite_server;
mod invite_server_transactions;
mod key;
mod non_invite_client;
mod non_invite_server;
mod response_ring;
mod table;
mod timer;
mod timer_queue;

pub use client_action::{ClientAction, Outcome};
pub use client_transactions::{ClientId, ClientStep, ClientTransactions, NotBegun, Told};
pub use derived::{write_ack, write_cancel};
pub use invite_client::InviteClient;
pub use invite_server::{InviteServer, InviteServerAction};
pub use invite_server_transactions::{
    Acknowledged, InviteServerId, InviteServerStep, InviteServerTransactions, NotTaken,
};
pub use key::{MessageSource, TransactionKey};
pub use non_invite_client::NonInviteClient;
pub use non_invite_server::{NonInviteServer, ServerAction};
pub use table::{Absorbed, Limits, ServerTransactions};
pub use timer::{
    Millis, Reliability, T1_MS, T2_MS, T4_MS, TIMER_B_MS, TIMER_D_MS, TIMER_F_MS, TIMER_H_MS, TIMER_J_MS, TIMER_L_MS,
    TIMER_M_MS, TRYING_AFTER_MS,
};
