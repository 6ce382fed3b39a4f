//! The harness of the acceptance tests: starts the built `sipwarden`, speaks HTTP and SIP to it, and runs real phones.
//!
//! It shares no code with what it judges: message building, digest and framing here are written again, simply. Every
//! wait has a deadline and ends on the event; no port is fixed; a server is stopped by its own process id only.

pub mod account;
pub mod api;
pub mod binary;
pub mod bounded;
pub mod calls;
pub mod collector;
pub mod console_session;
pub mod documentation;
pub mod exposition;
pub mod kept_connection;
pub mod mariadb;
pub mod measuring;
pub mod media_proxy;
pub mod needles;
pub mod phones;
pub mod postgres;
pub mod raw_http;
pub mod relay;
pub mod sandbox;
pub mod seed_document;
pub mod server;
pub mod sip;
pub mod small_disk;
pub mod soak;
pub mod syscall_trace;
pub mod tls;
pub mod trunked;
pub mod truths;
pub mod webhook_receiver;

pub use account::Account;
pub use api::{Answer, Api};
pub use collector::Collector;
pub use console_session::ConsoleSession;
pub use exposition::Exposition;
pub use kept_connection::KeptConnection;
pub use mariadb::MariaDb;
pub use media_proxy::{PlayedProxy, Rtpengine};
pub use postgres::Postgres;
pub use raw_http::RawHttp;
pub use relay::Relay;
pub use server::Server;
pub use small_disk::SmallDisk;
pub use syscall_trace::SyscallTrace;
pub use trunked::Trunked;
pub use webhook_receiver::WebhookReceiver;

use std::path::PathBuf;

/// A file or folder of the test data.
#[must_use]
pub fn data(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data").join(path)
}
