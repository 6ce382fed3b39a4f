//! A signalling-only back-to-back user agent (RFC 7092): the legs of a call, coupled.
//!
//! A [`Call`] is told of messages, failures and time, and says in [`Action`]s what is sent and when to wake. It never does
//! IO, never reads a clock, never draws randomness, never holds a secret, and never decides who may call whom: a
//! [`Setup`] says all that.

mod acknowledge;
mod action;
mod answer;
mod begin;
mod call;
mod cause;
mod challenge;
mod draft;
mod ending;
mod errand;
mod exchange;
mod facts;
mod fork;
mod forking;
mod header_policy;
mod in_dialog;
mod invite_response;
mod link;
mod login;
mod manner;
mod names;
mod provisional;
mod relay;
mod ringing;
mod sessions;
mod setup;
mod snapshot;
mod step;
mod story;
mod surroundings;
mod timing;
mod verdict;

pub use action::{Action, SdpKind};
pub use call::{Call, DialogView};
pub use exchange::{Exchange, ExchangeSetup};
pub use facts::{CallFacts, EndReason, Ending, Party};
pub use header_policy::HeaderPolicy;
pub use login::Login;
pub use names::{LegId, ServerTicket, TargetRef, Ticket};
pub use setup::{CallerSide, FailoverOn, Identity, Media, ReferPolicy, Setup, Stage, Target, Trust};
pub use sip_dialog::{Millis, Path, SessionPolicy};
pub use snapshot::BadSnapshot;
pub use surroundings::{
    Answerer, Bridged, ChallengeAnswer, Challenged, Failure, Heard, MediaFault, Randomness, Surroundings, Unroutable,
};
