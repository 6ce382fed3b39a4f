//! Decisions about next hops, in virtual time, against carriers that follow a script.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod health;
mod registrar;
mod registration;
mod secret;
mod seeded;
mod selection;
