//! Waits and processes that always come to an end.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often a condition without an event of its own is looked at again.
pub const POLL: Duration = Duration::from_millis(5);

/// What a finished process left behind.
#[derive(Debug)]
pub struct Finished {
    /// How it ended; `None` if it had to be killed at its deadline.
    pub status: Option<ExitStatus>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Finished {
    /// The exit code, if the process ended by itself and not by a signal.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.and_then(|status| status.code())
    }
}

/// Tells threads to stop when it is dropped, by a panic too: a scope waits for its threads.
#[derive(Debug)]
pub struct StopWhenDropped<'s>(pub &'s AtomicBool);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Looks again until `look` finds something.
///
/// # Panics
/// When nothing was found within `limit`.
pub fn wait_for<T>(what: &str, limit: Duration, look: impl FnMut() -> Option<T>) -> T {
    try_wait_for(limit, look).unwrap_or_else(|| panic!("waited {limit:?} in vain for {what}"))
}

/// Looks again until `look` finds something, or `limit` has passed.
pub fn try_wait_for<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::sleep(POLL);
    }
}

/// Runs a command to its end, or kills it at the deadline. Its output goes to files, so that it never blocks on a pipe
/// and a grandchild that keeps the output open cannot hold us up.
///
/// # Panics
/// When the command cannot be started, naming it.
pub fn run(command: &mut Command, limit: Duration) -> Finished {
    run_watched(command, limit, |_| false)
}

/// The same, but once standard error contains `text` the process is asked to end (SIGTERM).
///
/// # Panics
/// When the command cannot be started, naming it.
pub fn run_until_it_says(command: &mut Command, text: &str, limit: Duration) -> Finished {
    run_watched(command, limit, |stderr| read_lossy(stderr).contains(text))
}

fn run_watched(command: &mut Command, limit: Duration, is_enough: impl Fn(&Path) -> bool) -> Finished {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&out).expect("a file for the output"))
        .stderr(std::fs::File::create(&err).expect("a file for the errors"))
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let mut is_asked_to_end = false;
    let ended = try_wait_for(limit, || {
        if !is_asked_to_end && is_enough(&err) {
            is_asked_to_end = true;
            terminate(&child);
        }
        child.try_wait().expect("a child that can be waited for")
    });
    let status = ended.or_else(|| finish(&mut child, Duration::ZERO));
    Finished { status, stdout: read_lossy(&out), stderr: read_lossy(&err) }
}

/// Waits for a process; kills it at the deadline and then answers `None`.
///
/// # Panics
/// When the process cannot be waited for.
pub fn finish(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let ended = try_wait_for(limit, || child.try_wait().expect("a child that can be waited for"));
    if ended.is_none() {
        // It may have ended since: then there is nothing to kill, and nothing to say.
        let _ = child.kill();
        let _ = child.wait();
    }
    ended
}

/// Asks a process of ours to end (SIGTERM), by its id.
///
/// # Panics
/// When there is no shell to send the signal with.
pub fn terminate(child: &Child) {
    signal(child, "TERM");
}

/// Sends a process of ours a signal, by its id.
///
/// # Panics
/// When there is no shell to send the signal with.
pub fn signal(child: &Child, name: &str) {
    // The shell's own `kill`: the program of that name is not on every machine, and a libc call would be `unsafe`.
    let kill = format!("kill -{name} \"$0\" 2>/dev/null");
    let status = Command::new("sh").arg("-c").arg(kill).arg(child.id().to_string()).status();
    status.expect("a shell");
}

/// A file's text as far as it is there, whatever its octets.
#[must_use]
pub fn read_lossy(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}
