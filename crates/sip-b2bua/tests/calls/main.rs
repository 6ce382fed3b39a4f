//! Calls between scripted peers, in virtual time.

#![expect(clippy::cast_possible_truncation, reason = "numbers below 36")]

mod basic;
mod bench;
