//! A small SIP user agent, for trying a server. As a client it registers, asks, pings and places calls, answers digest
//! challenges, and keeps a ladder of what went to and fro. As a server it is the [echo service](EchoUserAgent).
//!
//! The protocol is decided elsewhere: `sip-message` reads and writes, `sip-digest` chooses and answers challenges,
//! `sip-transaction` says when to send again and when to give up. This crate moves their octets. It never reads the
//! wall clock, never draws a random number, resolves no names and follows no redirection, and nothing it returns holds a
//! password, nonce or response.

mod account;
mod auth_params;
mod authentication;
mod authenticator;
mod call;
mod connection;
mod dialog;
mod echo;
mod error;
mod exchange;
mod identifiers;
mod ladder;
pub mod load;
mod masking;
mod media_socket;
mod request;
mod summary;
mod transaction;
mod user_agent;

pub use account::{Account, NonceReuse, TlsPeer, UaTransport};
pub use call::{CallEnd, CallPlan, CallReport, Heard, MediaReport, RoundTrip};
pub use echo::{EchoConfig, EchoUserAgent, MediaAddress, Send as EchoSend};
pub use error::UserAgentError;
pub use exchange::{Direction, Exchange, Outcome, Step};
pub use ladder::StepObserver;
pub use user_agent::UserAgent;
