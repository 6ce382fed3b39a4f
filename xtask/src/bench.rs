//! `cargo xtask bench [NAME]`: builds the server in release mode and measures it from outside.

use crate::programs::{build_release, cargo, succeeds};
use std::process::Command;

/// Every benchmark, in the order of the page that they write.
const ALL: [&str; 5] = ["registers", "creates", "lists", "start", "calls"];

/// Runs them one after the other; `true` if all met what they are held to.
pub fn run_all() -> bool {
    let missed: Vec<&str> = ALL.into_iter().filter(|name| !run(name, &[])).collect();
    if !missed.is_empty() {
        println!("not as it should be: {}", missed.join(", "));
    }
    missed.is_empty()
}

/// Runs a benchmark of the acceptance package with its options; `true` if it met what it is held to.
pub fn run(name: &str, options: &[&str]) -> bool {
    let Some(release) = build_release() else { return false };
    let mut bench = cargo();
    bench.args(["bench", "--locked", "--package", "acceptance", "--bench", name, "--"]).args(options);
    // A measurement that is not the usual one is not written into the page.
    let documented = if options.is_empty() || options == ["million"] { "write" } else { "" };
    bench.env("SIPWARDEN_BINARY", release.join("sipwarden")).env("SIPWARDEN_BENCH_DOCS", documented);
    if let Some(commit) = commit() {
        bench.env("SIPWARDEN_BENCH_COMMIT", commit);
    }
    succeeds(&mut bench)
}

/// Of which commit the build is; with changes that are in none, it says so.
fn commit() -> Option<String> {
    let said = Command::new("git").args(["describe", "--always", "--dirty=, changed"]).output().ok()?;
    said.status.success().then(|| String::from_utf8_lossy(&said.stdout).trim().to_owned())
}
