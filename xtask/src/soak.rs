//! `cargo xtask soak NAME`: builds the server and the load in release mode and lets one run against the other.

use crate::programs::{build_release, succeeds};
use std::process::Command;

/// Runs a soak with its options; `true` if everything was as it should be.
pub fn run(arguments: &[&str]) -> bool {
    let Some(release) = build_release() else { return false };
    succeeds(Command::new(release.join("soak")).args(arguments).env("SIPWARDEN_BINARY", release.join("sipwarden")))
}
