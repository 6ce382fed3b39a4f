//! `cargo xtask soak NAME`: builds the server and the load in release mode and lets one run against the other.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a soak with its options; `true` if everything was as it should be.
pub fn run(arguments: &[&str]) -> bool {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = manifest.parent().unwrap_or(manifest);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let build = ["build", "--release", "--locked", "--package", "server", "--package", "acceptance", "--bins"];
    if !succeeds(Command::new(cargo).args(build).current_dir(root)) {
        return false;
    }
    let target = root.join(std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from));
    let release = target.join("release");
    succeeds(Command::new(release.join("soak")).args(arguments).env("SIPWARDEN_BINARY", release.join("sipwarden")))
}

fn succeeds(command: &mut Command) -> bool {
    println!("$ {command:?}");
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            println!("cannot be started: {error}");
            false
        }
    }
}
