//! sipvicious, with which SIP servers are scanned and passwords guessed: a Python program, kept in a virtual environment
//! of its own below the target directory.

use std::path::Path;
use std::process::Command;

/// A fixed version, so that a run today and next month guess alike.
const VERSION: &str = "0.3.4";

/// Where the acceptance tests find the programs, below the target directory.
const FOLDER: &str = "sipvicious";

/// Installs that version unless it is there; `true` if it is in the end.
pub fn provide(target: &Path) -> bool {
    let folder = target.join(FOLDER);
    let marker = folder.join(VERSION);
    if marker.is_file() {
        println!("there: sipvicious {VERSION}");
        return true;
    }
    let pip = folder.join("bin/pip");
    let made = run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
        && run(Command::new(pip).args(["install", "--quiet", &format!("sipvicious=={VERSION}")]))
        && std::fs::write(marker, "").is_ok();
    if !made {
        println!("it needs python3 with venv (Debian: python3-venv) and the Python package index");
    }
    made
}

fn run(command: &mut Command) -> bool {
    println!("$ {command:?}");
    command.status().is_ok_and(|status| status.success())
}
