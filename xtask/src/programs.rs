//! The release build, and running what is in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds server and load in release mode; where they are, if that went well.
pub fn build_release() -> Option<PathBuf> {
    let build = ["build", "--release", "--locked", "--package", "server", "--package", "acceptance", "--bins"];
    let target = root().join(std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from));
    succeeds(cargo().args(build)).then(|| target.join("release"))
}

/// The cargo that runs this, in the repository.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root());
    command
}

/// Says what is run, and runs it to its end.
pub fn succeeds(command: &mut Command) -> bool {
    println!("$ {command:?}");
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            println!("cannot be started: {error}");
            false
        }
    }
}

fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}
