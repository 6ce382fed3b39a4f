//! One leg of a call as a user agent sees it (RFC 3261 sections 12 to 15, 3262, 3311, 4028): pure values that say what to
//! write and when to wake.
//!
//! This crate never does IO, never reads a clock and never draws randomness, and it knows nothing of other legs.

mod path;
mod session_policy;
mod time;

pub use path::Path;
pub use session_policy::SessionPolicy;
pub use time::{Millis, PATIENCE_MS, T1_MS, T2_MS};
