//! A phone that is left running while things happen to it.

use super::{Attempt, Trace};
use crate::bounded::{finish, read_lossy, terminate, try_wait_for};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a phone may take to end once it was asked to; it de-registers first.
const QUIT_LIMIT: Duration = Duration::from_secs(15);

/// How a phone is told to end.
#[derive(Clone, Copy, Debug)]
pub enum Quit {
    /// By typing this line.
    Line(&'static str),
    /// By SIGTERM.
    Signal,
}

/// A phone's process; killed if it is still there when dropped.
#[derive(Debug)]
pub struct RunningPhone {
    child: Child,
    keyboard: Option<ChildStdin>,
    quit: Quit,
    log: PathBuf,
    read: fn(&Path) -> String,
    _folder: TempDir,
}

impl RunningPhone {
    /// Starts a phone whose files are in `folder`, and whose trace will be in `log` there: a file of its own, or what it
    /// prints if that name is `printed`.
    ///
    /// # Panics
    /// When it cannot be started, naming it.
    #[must_use]
    pub fn start(mut command: Command, folder: TempDir, log: &str, quit: Quit) -> Self {
        let printed = File::create(folder.path().join("printed")).expect("a file for the output");
        let mut child = command
            .env("HOME", folder.path())
            .env("TERM", "dumb")
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stderr(printed.try_clone().expect("a second handle"))
            .stdout(printed)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let keyboard = child.stdin.take();
        Self { child, keyboard, quit, log: folder.path().join(log), read: read_lossy, _folder: folder }
    }

    /// The same phone, whose trace has to be read in that way.
    #[must_use]
    pub fn read_by(mut self, read: fn(&Path) -> String) -> Self {
        self.read = read;
        self
    }

    /// Types a line.
    ///
    /// # Panics
    /// When the phone does not take it.
    pub fn type_line(&mut self, line: &str) {
        let keyboard = self.keyboard.as_mut().expect("a phone that is still running");
        writeln!(keyboard, "{line}").expect("a phone that reads what is typed");
    }

    /// All that it has logged or printed so far.
    #[must_use]
    pub fn output(&self) -> String {
        (self.read)(&self.log)
    }

    /// Waits until it has said something in particular; `None` if it did not in that time.
    pub fn wait_for<T>(&self, limit: Duration, verdict: impl Fn(&str) -> Option<T>) -> Option<T> {
        try_wait_for(limit, || verdict(&self.output()))
    }

    /// Waits until that many REGISTER requests of its have been answered 200.
    ///
    /// # Panics
    /// When they are not in that time, with all that it said.
    pub fn expect_accepted(&self, count: usize, limit: Duration) {
        let accepted = |output: &str| Trace::read(output).accepted_registers().len();
        let reached = self.wait_for(limit, |output| (accepted(output) >= count).then_some(()));
        let output = self.output();
        assert!(reached.is_some(), "{} of {count} REGISTERs were accepted in {limit:?}:\n{output}", accepted(&output));
    }

    /// Asks it to end, which de-registers, and waits until it has; all that it said.
    pub fn quit(mut self) -> String {
        match self.quit {
            // A phone that has ended already needs no command to do so.
            Quit::Line(line) => drop(self.keyboard.take().map(|mut keyboard| writeln!(keyboard, "{line}"))),
            Quit::Signal => terminate(&self.child),
        }
        finish(&mut self.child, QUIT_LIMIT);
        self.output()
    }

    /// What became of it, once it has said whether it is content; then it is asked to end.
    pub fn into_attempt(self, content: bool) -> Attempt {
        let output = self.quit();
        Attempt { phone_is_content: content, trace: Trace::read(&output), output }
    }
}

impl Drop for RunningPhone {
    fn drop(&mut self) {
        finish(&mut self.child, Duration::ZERO);
    }
}
