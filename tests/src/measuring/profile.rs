//! A profile of a server while it works, for `cargo xtask flamegraph`.

use crate::bounded::{finish, signal};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Samples a second; no divisor of what the kernel does at regular intervals.
const SAMPLES_PER_SECOND: &str = "499";
const LIMIT: Duration = Duration::from_secs(60);

/// Records until it is dropped.
#[derive(Debug)]
pub struct Profile(Child);

impl Profile {
    /// Records that process into the file that `SIPWARDEN_BENCH_PROFILE` names, if it does.
    ///
    /// # Panics
    /// When perf cannot be started.
    #[must_use]
    pub fn of(process: u32) -> Option<Self> {
        let file = std::env::var_os("SIPWARDEN_BENCH_PROFILE")?;
        let child = Command::new("perf")
            .args(["record", "--call-graph", "dwarf,4096", "-F", SAMPLES_PER_SECOND, "-p", &process.to_string(), "-o"])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Some(Self(child.expect("perf (Debian: linux-perf)")))
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        signal(&self.0, "INT");
        finish(&mut self.0, LIMIT);
    }
}
