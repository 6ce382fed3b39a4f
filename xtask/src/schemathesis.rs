//! Schemathesis, which reads the served OpenAPI document and tries to make the server contradict it: a Python program,
//! kept in a virtual environment of its own below the target directory.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A fixed version, so that a run today and next month generate the same requests.
const VERSION: &str = "4.32.5";

/// Where the acceptance tests find the program, below the target directory.
const FOLDER: &str = "schemathesis";

/// Installs that version unless it is there; `true` if it is in the end.
pub fn provide(target: &Path) -> bool {
    let folder = target.join(FOLDER);
    if installed(&folder).is_some_and(|version| version.trim_end().ends_with(VERSION)) {
        println!("there: schemathesis {VERSION}");
        return true;
    }
    let pip = folder.join("bin/pip");
    let made = run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
        && run(Command::new(pip).args(["install", "--quiet", &format!("schemathesis=={VERSION}")]));
    if !made {
        println!("it needs python3 with venv (Debian: python3-venv) and the Python package index");
    }
    made
}

fn installed(folder: &Path) -> Option<String> {
    let program: PathBuf = folder.join("bin/schemathesis");
    let output = Command::new(program).arg("--version").output().ok()?;
    String::from_utf8(output.stdout).ok()
}

fn run(command: &mut Command) -> bool {
    println!("$ {command:?}");
    command.status().is_ok_and(|status| status.success())
}
