//! The directory over storage in memory and the real use cases, on virtual time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod connections;
mod credentials;
mod installation;
mod realms;
mod registrations;
mod revocation_race;
mod rotation;
mod writer;
