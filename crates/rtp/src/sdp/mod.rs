//! Session descriptions (RFC 8866, once RFC 4566): as much of them as offering and answering one audio stream takes.

pub mod limits;

mod answer;
mod description;
mod offer;
mod read;

pub use answer::{Answer, Chosen, NotAnswerable, answer};
pub use description::{Address, Direction, FormatParameters, MediaDescription, Protection, RtpMap, SessionDescription};
pub use offer::{LocalMedia, NoAudio, accepted, offer};
pub use read::BadDescription;
