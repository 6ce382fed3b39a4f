//! The management use cases over storage in memory.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod credentials;
mod hosts;
mod house;
mod installation;
mod permissions;
mod realms;
mod sub_accounts;
mod tokens;
