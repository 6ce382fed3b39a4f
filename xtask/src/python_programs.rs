//! Programs and libraries from the Python package index that the acceptance tests run, each of a fixed version, so that
//! a run today and next month judge alike, and each in a virtual environment of its own below the target directory.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One package.
#[derive(Clone, Copy)]
struct Package {
    /// Where the acceptance tests find its environment, below the target directory.
    folder: &'static str,
    name: &'static str,
    version: &'static str,
}

const PACKAGES: [Package; 3] = [
    // Reads the served OpenAPI document and tries to make the server contradict it.
    Package { folder: "schemathesis", name: "schemathesis", version: "4.32.5" },
    // Scans SIP servers and guesses passwords.
    Package { folder: "sipvicious", name: "sipvicious", version: "0.3.4" },
    // A phone that voice agents are built with.
    Package { folder: "pyvoip", name: "pyVoIP", version: "1.6.8" },
];

/// Installs those versions unless they are there; `true` if all are in the end.
pub fn provide(target: &Path) -> bool {
    // Every package is tried, so that one message says all that is missing.
    let missing = PACKAGES.into_iter().filter(|package| !package.provide(target)).count();
    missing == 0
}

impl Package {
    fn provide(self, target: &Path) -> bool {
        let Self { folder, name, version } = self;
        let folder = target.join(folder);
        if self.installed(&folder).as_deref() == Some(version) {
            println!("there: {name} {version}");
            return true;
        }
        let made = run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
            && run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", &format!("{name}=={version}")]));
        if !made {
            println!("{name} needs python3 with venv (Debian: python3-venv) and the Python package index");
        }
        made
    }

    fn installed(self, folder: &Path) -> Option<String> {
        let python: PathBuf = folder.join("bin/python");
        let ask = format!("import importlib.metadata; print(importlib.metadata.version('{}'))", self.name);
        let output = Command::new(python).args(["-c", &ask]).output().ok()?;
        Some(String::from_utf8(output.stdout).ok()?.trim_end().to_owned())
    }
}

fn run(command: &mut Command) -> bool {
    println!("$ {command:?}");
    command.status().is_ok_and(|status| status.success())
}
