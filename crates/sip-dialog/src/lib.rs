//! One leg of a call as a user agent sees it (RFC 3261 sections 12 to 15, 3262, 3311, 4028): pure values that say what to
//! write and when to wake.
//!
//! * [`Opening`] is a request outside any dialog, [`Dialog`] what its answer makes: both write the requests of a leg.
//! * [`Repetition`] says when a 2xx to INVITE or a reliable provisional response is sent again, [`ReliableSequence`] which
//!   of a peer's is the next.
//! * [`SessionTimer`] says when a session is refreshed, when its peer is asked whether it lives, and when it is dead.
//! * [`Packer`] and [`Unpacker`] carry dialogs over a restart.
//!
//! This crate never does IO, never reads a clock and never draws randomness, and it knows nothing of other legs.

mod dialog;
mod octets;
mod opening;
mod path;
mod peer;
mod reliable;
mod repetition;
mod route_set;
mod session_policy;
mod session_timer;
mod time;

pub use dialog::{Dialog, NoDialog, OutOfOrder, names_contact};
pub use octets::{Damaged, Packer, Unpacker};
pub use opening::{Opening, Parties};
pub use path::Path;
pub use peer::PeerFeatures;
pub use reliable::{RAck, ReliableOrder, ReliableSequence, reliable_rseq};
pub use repetition::{Repeat, Repetition};
pub use route_set::RouteSet;
pub use session_policy::SessionPolicy;
pub use session_timer::{
    Duty, Grant, IntervalTooSmall, Refresher, SessionDue, SessionExpires, SessionTimer, agreed, min_se, write_request,
};
pub use time::{Millis, PATIENCE_MS, T1_MS, T2_MS};
