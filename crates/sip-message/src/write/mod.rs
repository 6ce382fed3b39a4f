//! Messages to octets, into a buffer of the caller; nothing is allocated if its capacity suffices.
//!
//! Whatever is handed in, the result is one message: CR, LF and NUL never reach a line of the head.

extern crate alloc;

mod echoed;
mod fields;
mod kept;
mod lines;
mod request;
mod response;
mod status;

use alloc::vec::Vec;

pub use echoed::Echoed;
pub use fields::{finish_message, push_number};
pub use kept::KeptRequest;
pub use lines::HeaderLines;
pub use request::RequestWriter;
pub use response::ResponseWriter;
pub use status::Status;
