//! Where the binary to be judged is, and one-off commands of it.

use crate::bounded::{Finished, run};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Longer than any one-off command may take on a busy machine.
const COMMAND_LIMIT: Duration = Duration::from_secs(60);

/// The `sipwarden` to judge: `SIPWARDEN_BINARY`, else the one built beside the test executable.
///
/// # Panics
/// When there is none, saying how to build it.
#[must_use]
pub fn path() -> PathBuf {
    if let Some(given) = std::env::var_os("SIPWARDEN_BINARY") {
        let given = PathBuf::from(given);
        assert!(given.is_file(), "SIPWARDEN_BINARY names {}, which is no file", given.display());
        return given;
    }
    let test = std::env::current_exe().expect("the path of the test executable");
    // target/PROFILE/deps/TEST, so the binary is two levels up.
    let built = test.ancestors().nth(2).map(|profile| profile.join("sipwarden"));
    built.filter(|path| path.is_file()).expect(
        "no sipwarden beside the test executable: run `cargo build --workspace --bins` first (`cargo xtask test` does), \
         or set SIPWARDEN_BINARY",
    )
}

/// A command of the binary, untouched by the environment of whoever runs the tests.
#[must_use]
pub fn command() -> Command {
    command_under(&[])
}

/// The same, run by another program whose words come first, such as one that records system calls.
#[must_use]
pub fn command_under(launcher: &[String]) -> Command {
    let words: Vec<OsString> = launcher.iter().map(OsString::from).chain([path().into_os_string()]).collect();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SIPWARDEN_") {
            command.env_remove(name);
        }
    }
    command.env_remove("RUST_LOG").env_remove("RUST_BACKTRACE");
    command
}

/// Runs a one-off command to its end.
#[must_use]
pub fn sipwarden(arguments: &[&str]) -> Finished {
    run(command().args(arguments), COMMAND_LIMIT)
}

/// Runs a one-off command on a data directory and expects it to succeed.
///
/// # Panics
/// When it fails, with what it said.
#[must_use]
pub fn sipwarden_on(data_dir: &Path, arguments: &[&str]) -> String {
    let finished = run(command().args(arguments).arg("--data-dir").arg(data_dir), COMMAND_LIMIT);
    assert_eq!(finished.code(), Some(0), "sipwarden {arguments:?}: {}{}", finished.stdout, finished.stderr);
    finished.stdout
}
