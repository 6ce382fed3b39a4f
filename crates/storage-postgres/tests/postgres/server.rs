//! One PostgreSQL from Debian for all tests of this process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Whom it runs as where we are root, as whom it refuses to run.
const UNPRIVILEGED: &str = "nobody";
const LIMIT: Duration = Duration::from_secs(60);

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

/// Where it is. It ends with this process, however that ends: it watches the other end of a pipe.
pub struct Server {
    folder: PathBuf,
    _child: Child,
}

/// The address of a database of it.
pub fn url(database: &str) -> String {
    format!("postgres://sipwarden@localhost/{database}?host={}", SERVER.folder.display())
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir().unwrap().keep();
        let programs = programs();
        let is_root = rustix::process::geteuid().is_root();
        if is_root {
            assert!(Command::new("chown").arg(UNPRIVILEGED).arg(&folder).status().unwrap().success());
        }
        let run_as = if is_root {
            format!("setpriv --reuid={UNPRIVILEGED} --regid=$(id -g {UNPRIVILEGED}) --clear-groups")
        } else {
            String::new()
        };
        // Rows are on disk when a commit is answered, as anywhere else; only making the empty server may hurry.
        let script = format!(
            "{run_as} {initdb} -D data -U sipwarden -A trust -E UTF8 --locale=C --no-sync >init.log 2>&1 || exit 1
             {run_as} {postgres} -D data -k \"$PWD\" -h '' -c max_connections=300 -c shared_buffers=64MB \
                 -c fsync=on -c log_min_messages=fatal >log 2>&1 &
             read -r nothing
             kill -QUIT $!
             wait
             rm -rf \"$PWD\"",
            initdb = programs.join("initdb").display(),
            postgres = programs.join("postgres").display(),
        );
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = shell.spawn().unwrap();
        let began = Instant::now();
        let answers = || {
            let mut asked = Command::new(programs.join("pg_isready"));
            asked.arg("-q").arg("-h").arg(&folder).status().unwrap().success()
        };
        while !answers() {
            assert!(child.try_wait().unwrap().is_none(), "{}", said(&folder));
            assert!(began.elapsed() < LIMIT, "{}", said(&folder));
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { folder, _child: child }
    }
}

/// Debian keeps them out of the way, by version.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("postgresql: `cargo xtask test` installs it");
    let mut found: Vec<PathBuf> = versions.map(|version| version.unwrap().path().join("bin")).collect();
    found.sort();
    found.pop().expect("a version of postgresql")
}

fn said(folder: &Path) -> String {
    ["init.log", "log"].map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default()).join("\n")
}
