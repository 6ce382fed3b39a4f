//! Why a session description was not rewritten.

use std::io;

/// What a caller of [`RtpEngine`](crate::RtpEngine) can act on.
#[derive(Debug, thiserror::Error)]
pub enum RtpEngineError {
    /// No instance was configured.
    #[error("no rtpengine is configured")]
    NoInstance,
    /// No socket could be had.
    #[error("no socket for rtpengine could be had ({0})")]
    Socket(#[source] io::Error),
    /// No instance answered, though each was asked several times.
    #[error("no rtpengine answers")]
    NoAnswer,
    /// The instance that has the call does not answer.
    #[error("the rtpengine that has the call does not answer")]
    CallLost,
    /// An instance refused; its own words.
    #[error("rtpengine refused: {0}")]
    Refused(String),
    /// An instance answered what is no ng answer, or left the description out.
    #[error("rtpengine sent an answer that cannot be read")]
    BadAnswer,
    /// The description is longer than any that rtpengine is asked to rewrite.
    #[error("the session description is longer than 32 KiB")]
    TooLong,
    /// As many calls as allowed go through rtpengine already.
    #[error("as many calls as allowed go through rtpengine already")]
    TooManyCalls,
}
