//! What fuzzing checks: one function a target, each for any octets whatever. A panic is a finding.

mod authorization;
mod message;
mod stream;
mod stun;
mod transactions;
mod uri;
mod websocket;

pub use authorization::authorization;
pub use message::message;
pub use stream::stream;
pub use stun::stun;
pub use transactions::transactions;
pub use uri::uri;
pub use websocket::websocket;

/// A target and the name of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 7] = [
    ("message", message),
    ("stream", stream),
    ("authorization", authorization),
    ("uri", uri),
    ("transactions", transactions),
    ("stun", stun),
    ("websocket", websocket),
];
