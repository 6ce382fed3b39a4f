//! The sequence of one SIP message: read, admitted, judged, answered.
//!
//! [`Edge`] is what a transport hands messages to. It decides nothing by itself that a protocol crate can decide:
//! `sip-message` says whether a message is well formed, `sip-digest` who sent it, `sip-registrar` what becomes of the
//! bindings; the directory knows names. What happens in which order, and which SIP status a refusal gets
//! ([`failure`](Failure)), is decided here.
//!
//! A message is handled to its end on the thread it came on, without waiting and without a request to storage. The one
//! exception is a removal of bindings: its 200 leaves when the removal is durable, from the thread that made it so.

mod answer;
mod authentication_info;
mod call_requests;
mod calls;
mod challenge;
mod claim;
mod counts;
mod defence;
mod demands;
mod edge;
mod failure;
mod flow_token;
mod gate;
mod generations;
mod incoming;
mod lane;
mod late;
mod other_methods;
mod overload;
mod proven_sources;
mod realm_choice;
mod register;
mod reported_refusals;
mod scratch;
mod service_route;
mod source_network;
mod source_rate;
mod stun;
mod subject;
mod throttle;
mod upstream;

pub use calls::{
    CallParts, CallRefusal, Calls, CallsConfig, Found, Half, LocalUserAgent, MediaBridge, MediaName, MediaProfile,
    MediaRule, NextHops, NoWay, OwnAddresses, Reached, Rewritten, SessionDescription, Timekeeper, UnderWay,
};
pub use counts::{Counters, Counts, RequestCount, ResponseCount};
pub use defence::Defence;
pub use edge::{Config, Edge, Parts};
pub use failure::Failure;
pub use scratch::Scratch;
pub use sip_b2bua::MediaFault;
pub use stun::{answer_binding_request, is_stun};
pub use throttle::{Bans, ThrottleCounts, ThrottlePolicy};
