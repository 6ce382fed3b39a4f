//! What fuzzing checks: one function a target, each for any octets whatever. A panic is a finding.

mod authorization;
mod message;
mod stream;
mod transactions;
mod uri;

pub use authorization::authorization;
pub use message::message;
pub use stream::stream;
pub use transactions::transactions;
pub use uri::uri;

/// Every target by the name of its corpus.
pub const TARGETS: [(&str, fn(&[u8])); 5] = [
    ("message", message),
    ("stream", stream),
    ("authorization", authorization),
    ("uri", uri),
    ("transactions", transactions),
];
