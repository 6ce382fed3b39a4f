//! A small SIP user agent client, for trying a server from its own machine: it registers, asks and pings, answers digest
//! challenges, and keeps a ladder of what went to and fro.
//!
//! The protocol is decided elsewhere: `sip-message` reads and writes, `sip-digest` chooses and answers challenges,
//! `sip-transaction` says when to send again and when to give up. This crate moves their octets. It never reads the
//! wall clock, never draws a random number, resolves no names and follows no redirection, and nothing it returns holds a
//! password, nonce or response.

mod account;
mod auth_params;
mod authentication;
mod authenticator;
mod connection;
mod error;
mod exchange;
mod identifiers;
mod ladder;
mod masking;
mod request;
mod summary;
mod transaction;
mod user_agent;

pub use account::{Account, NonceReuse, UaTransport};
pub use error::UserAgentError;
pub use exchange::{Direction, Exchange, Outcome, Step};
pub use user_agent::UserAgent;
