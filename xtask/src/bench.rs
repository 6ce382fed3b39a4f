//! `cargo xtask bench NAME`: builds the server in release mode and measures it from outside.

use crate::programs::{build_release, cargo, succeeds};

/// Runs a benchmark of the acceptance package with its options; `true` if it met what it is held to.
pub fn run(name: &str, options: &[&str]) -> bool {
    let Some(release) = build_release() else { return false };
    let mut bench = cargo();
    bench.args(["bench", "--locked", "--package", "acceptance", "--bench", name, "--"]).args(options);
    succeeds(bench.env("SIPWARDEN_BINARY", release.join("sipwarden")))
}
