//! The JavaScript phones' libraries, of the versions that `tests/data/javascript` locks, below the target directory.

use std::path::Path;
use std::process::Command;

/// What npm reads.
const MANIFESTS: [&str; 2] = ["package.json", "package-lock.json"];
/// Where the acceptance tests find them, below the target directory.
const FOLDER: &str = "javascript";

/// Installs what is locked unless it is there; `true` if it is in the end.
pub fn provide(root: &Path, target: &Path) -> bool {
    let (source, folder) = (root.join("tests/data/javascript"), target.join(FOLDER));
    if is_there(&source, &folder) {
        println!("there: the libraries of the JavaScript phones");
        return true;
    }
    let installed = install(&source, &folder);
    if let Err(problem) = &installed {
        println!("{problem}: it needs node and npm (Debian: nodejs npm) and the npm registry");
    }
    installed.is_ok()
}

/// The manifests are copied last, so what was interrupted is done again.
fn is_there(source: &Path, folder: &Path) -> bool {
    MANIFESTS.iter().all(|name| {
        let wanted = std::fs::read(source.join(name));
        wanted.is_ok_and(|wanted| std::fs::read(folder.join("installed").join(name)).is_ok_and(|it| it == wanted))
    })
}

fn install(source: &Path, folder: &Path) -> Result<(), String> {
    let said = |what: &str, error: std::io::Error| format!("{what}: {error}");
    let copy = |to: &Path| {
        std::fs::create_dir_all(to).map_err(|error| said("no folder for the libraries", error))?;
        for name in MANIFESTS {
            let copied = std::fs::copy(source.join(name), to.join(name));
            copied.map_err(|error| said("the manifests cannot be copied", error))?;
        }
        Ok(())
    };
    copy(folder)?;
    // No script of a package is run: none of them needs it.
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
    println!("$ {npm:?}");
    let status = npm.status().map_err(|error| said("npm cannot be started", error))?;
    if status.success() { copy(&folder.join("installed")) } else { Err(format!("npm ended with {status}")) }
}
