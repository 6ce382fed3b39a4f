//! Calls between scripted peers, in virtual time.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod basic;
mod bench;
mod exchanges;
mod forks;
mod random;
mod reliable;
mod sessions;
mod snapshots;
mod within;
