//! The registrar's decisions over real REGISTER texts, on virtual time.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod authorization;
mod contact_identity;
mod dead_flow;
mod expiry;
mod model;
mod order;
mod place;
mod removal;
mod room;
