//! A PostgreSQL of our own, from Debian: the database that several servers share.

use crate::bounded::{read_lossy, run, wait_for};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);
/// Whom it runs as where we are root, as whom it refuses to run.
const UNPRIVILEGED: &str = "nobody";

/// A server on a port of its own, whose commits are on disk when they are answered; ended when dropped, and also when
/// this process ends in any other way, because it watches the other end of a pipe.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    child: Child,
    address: SocketAddr,
}

impl Postgres {
    /// Makes an empty database in a temporary folder, and serves it.
    ///
    /// # Panics
    /// When it does not start, with what it said.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir().expect("a temporary folder");
        let programs = programs();
        let mut run_as = String::new();
        if rustix::process::geteuid().is_root() {
            let given = Command::new("chown").arg(UNPRIVILEGED).arg(folder.path()).status();
            assert!(given.is_ok_and(|status| status.success()), "the folder cannot be given to {UNPRIVILEGED}");
            run_as = format!("setpriv --reuid={UNPRIVILEGED} --regid=$(id -g {UNPRIVILEGED}) --clear-groups");
        }
        let address = free_address();
        let script = format!(
            "{run_as} {}/initdb -D data -U sipwarden -A trust -E UTF8 --locale=C --no-sync >init.log 2>&1 || exit 1
             {run_as} {}/postgres -D data -k \"$PWD\" -h 127.0.0.1 -p {} -c max_connections=200 \
                 -c shared_buffers=128MB -c fsync=on >log 2>&1 &
             read -r nothing
             kill -QUIT $!
             wait",
            programs.display(),
            programs.display(),
            address.port(),
        );
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::null());
        let child = shell.spawn().expect("a shell");
        let mut server = Self { folder, child, address };
        wait_for("a database that answers", LIMIT, || {
            let ended = server.child.try_wait().expect("a child that can be waited for");
            assert!(ended.is_none(), "{ended:?}: {}", server.said());
            let mut asked = Command::new(programs.join("pg_isready"));
            asked.args(["-q", "-h", "127.0.0.1", "-p", &address.port().to_string()]);
            asked.status().is_ok_and(|status| status.success()).then_some(())
        });
        server
    }

    /// Where it is, as a client says it.
    #[must_use]
    pub fn url(&self) -> String {
        url_at(self.address)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Carries out a statement, and gives back what it printed.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn query(&self, statement: &str) -> String {
        let mut client = Command::new("psql");
        client.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement]).arg(self.url());
        let finished = run(&mut client, LIMIT);
        assert_eq!(finished.code(), Some(0), "{finished:?}");
        finished.stdout.trim().to_owned()
    }

    fn said(&self) -> String {
        ["init.log", "log"].map(|name| read_lossy(&self.folder.path().join(name))).join("\n")
    }
}

/// The URL of the database at an address, which may be a relay's.
#[must_use]
pub fn url_at(address: SocketAddr) -> String {
    format!("postgres://sipwarden@{address}/postgres")
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It ends at once: whatever it had to write, nobody reads.
        let _ = self.child.wait();
    }
}

/// Debian keeps them out of the way, by version.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("postgresql: `cargo xtask test` installs it");
    let mut found: Vec<PathBuf> = versions.map(|version| version.expect("an entry").path().join("bin")).collect();
    found.sort();
    found.pop().expect("a version of postgresql")
}

/// One that nobody listens on at this moment.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address")
}
