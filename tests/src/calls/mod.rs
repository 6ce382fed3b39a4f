//! Calls by the thousand: phones that authenticate and call, a gateway that answers, and what both of them saw.
//!
//! One thread drives both sides over a few UDP sockets and keeps the timers of RFC 3261 section 17 for every message, so
//! that lost datagrams are sent again and repeated ones are absorbed. Everything a server must not change on the way is
//! compared: who is called, the body, tags, CSeq, branches. What is not as it should be is a fault in the report.

pub mod crowding;
pub mod ends;
pub mod fault;
pub mod gateway;
pub mod gateway_call;
pub mod heard;
pub mod kamailio;
pub mod leftovers;
pub mod line;
pub mod load;
pub mod loss;
pub mod phone_call;
pub mod phones;
pub mod plan;
pub mod processor_time;
pub mod records;
pub mod repeated;
pub mod report;
pub mod secret;
pub mod sightings;
pub mod timers;
pub mod writing;

pub use ends::{Ends, Passage};
pub use gateway::Gateway;
pub use gateway_call::GatewayCall;
pub use heard::Heard;
pub use kamailio::{Kamailio, Keeps};
pub use leftovers::{GONE_WITHIN, left};
pub use line::{Limits, Line};
pub use load::Load;
pub use loss::Loss;
pub use phone_call::PhoneCall;
pub use phones::Phones;
pub use plan::{Answer, HangsUp, Pace, Plan};
pub use processor_time::ProcessorTime;
pub use records::Record;
pub use report::Report;

use std::time::Duration;

/// RFC 3261's T1: the first retransmission comes after it.
pub const T1: Duration = Duration::from_millis(500);
/// RFC 3261's T2: retransmissions come no further apart, but those of INVITE requests.
pub const T2: Duration = Duration::from_secs(4);
/// RFC 3261's 64*T1 (timers B, F and H): who has heard nothing by then gives up.
pub const GIVES_UP: Duration = Duration::from_secs(32);
