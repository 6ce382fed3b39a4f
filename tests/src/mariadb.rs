//! A MariaDB of our own, from Debian: a database that somebody else wrote, to import from.

use crate::bounded::{Finished, finish, read_lossy, run, terminate, wait_for};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(120);
/// The database's name.
const DATABASE: &str = "kamailio";
/// Whom it runs as where we are root, as whom it refuses to run.
const UNPRIVILEGED: &str = "nobody";

/// A server on a socket of its own; ended when dropped.
#[derive(Debug)]
pub struct MariaDb {
    folder: TempDir,
    child: Child,
}

impl MariaDb {
    /// Makes an empty database in a temporary folder, and serves it.
    ///
    /// # Panics
    /// When it does not start, with what it said.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("mariadb-").tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("a folder");
        let user = if rustix::process::geteuid().is_root() { Some(give_away(folder.path())) } else { None };
        let mut install = Command::new("mariadb-install-db");
        install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        install.arg(format!("--datadir={}", data.display())).args(&user);
        let installed = run(&mut install, LIMIT);
        assert_eq!(installed.code(), Some(0), "{installed:?}");
        let log = folder.path().join("log");
        let said = || File::create(&log).expect("a file for what it says");
        let mut server = Command::new("mariadbd");
        server.args(["--no-defaults", "--skip-networking", "--innodb-buffer-pool-size=32M"]);
        server.arg(format!("--datadir={}", data.display()));
        server.arg(format!("--socket={}", socket(folder.path()).display())).args(&user);
        let path = std::env::var("PATH").unwrap_or_default();
        server.env("PATH", format!("{path}:/usr/sbin"));
        let child = server.stdin(Stdio::null()).stdout(said()).stderr(said()).spawn();
        let mut server = Self { child: child.expect("mariadbd: `cargo xtask test` installs it"), folder };
        wait_for("a database that answers", LIMIT, || {
            let ended = server.child.try_wait().expect("a child that can be waited for");
            assert!(ended.is_none(), "{ended:?}: {}", read_lossy(&log));
            (server.client("SELECT 1;", "mysql").code() == Some(0)).then_some(())
        });
        assert_eq!(server.client(&format!("CREATE DATABASE {DATABASE};"), "mysql").code(), Some(0));
        server
    }

    /// Carries out statements.
    ///
    /// # Panics
    /// When one of them fails.
    pub fn execute(&self, statements: &str) {
        let finished = self.client(statements, DATABASE);
        assert_eq!(finished.code(), Some(0), "{finished:?}");
    }

    /// Where it is, as a client says it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mysql://root@localhost/{DATABASE}?socket={}", socket(self.folder.path()).display())
    }

    fn client(&self, statements: &str, database: &str) -> Finished {
        let script = self.folder.path().join("script.sql");
        fs::write(&script, statements).expect("a file for the statements");
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--user=root", "--default-character-set=utf8mb4"]);
        client.arg(format!("--socket={}", socket(self.folder.path()).display()));
        client.arg("-e").arg(format!("source {}", script.display())).arg(database);
        run(&mut client, LIMIT)
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        terminate(&self.child);
        let _ = finish(&mut self.child, Duration::from_secs(20));
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("socket")
}

/// Makes the folder somebody's who may do nothing else; the option that makes the server run as them.
fn give_away(folder: &Path) -> String {
    let given = Command::new("chown").arg("-R").arg(UNPRIVILEGED).arg(folder).status();
    assert!(given.is_ok_and(|status| status.success()), "the folder cannot be given to {UNPRIVILEGED}");
    format!("--user={UNPRIVILEGED}")
}
