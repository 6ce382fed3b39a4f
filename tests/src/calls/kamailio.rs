//! Kamailio as a proxy between the phones and the gateway: what calls are measured against, and what shows that the load
//! itself is right.

use super::ends::socket;
use crate::bounded::{finish, read_lossy, terminate, wait_for};
use crate::data;
use crate::sip::{Credentials, RawSip, Transport, message};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The host that it takes for its own.
pub const DOMAIN: &str = "example.test";
const LIMIT: Duration = Duration::from_secs(120);
/// Memory that all its processes share; what is not touched costs nothing.
const SHARED_MEBIBYTES: &str = "2048";
/// Twice as fast as what Debian's package takes by itself.
const ALLOCATORS: [&str; 4] = ["-X", "tlsf", "-x", "tlsf"];

/// Makes the tables of Debian's package in a new database.
const MAKE_TABLES: &str = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); \
     [c.executescript(open(f'/usr/share/kamailio/db_sqlite/{t}-create.sql').read()) for t in sys.argv[2:]]";

/// What Kamailio remembers of calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeps {
    /// Everything in memory: a restart forgets the calls that are up, and no record is left of those that were.
    InMemory,
    /// Dialogs on disk as they change, and what was answered and ended, as accounting needs it: what we promise too.
    OnDisk,
}

/// A running one; ended when dropped.
#[derive(Debug)]
pub struct Kamailio {
    child: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Kamailio {
    /// Starts one for so many callers; its calls go to that gateway. `launcher` are words that come before the program's
    /// own, such as those that bind it to a processor.
    ///
    /// # Panics
    /// When it does not become ready, with what it said.
    #[must_use]
    pub fn start(gateway: SocketAddr, (callers, keeps): (usize, Keeps), launcher: &[&str]) -> Self {
        let defines = [("GATEWAY", usize::from(gateway.port())), ("CALLERS", callers)];
        Self::with(("kamailio/calls.cfg", keeps), &defines, "32", launcher)
    }

    /// Starts one where so many users may register and nobody can be called, with names and passwords of
    /// [`crate::measuring::user`].
    ///
    /// # Panics
    /// When it does not become ready, with what it said.
    #[must_use]
    pub fn registrar(users: usize, launcher: &[&str]) -> Self {
        // Each process reads the whole table in memory of its own when it starts.
        let own = (users / 250).max(32).to_string();
        Self::with(("kamailio/registers.cfg", Keeps::InMemory), &[("USERS", users)], &own, launcher)
    }

    fn with(
        (configuration, keeps): (&str, Keeps),
        defines: &[(&str, usize)],
        own_mebibytes: &str,
        launcher: &[&str],
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let kept = if keeps == Keeps::OnDisk { database(&folder.path().join("calls.db")) } else { Vec::new() };
        // Free a moment ago; Kamailio takes no socket from us and reports no port that it chose itself.
        let address = socket().local_addr().expect("a bound socket");
        let words = [launcher, &["kamailio", "-DD", "-w", "/", "-f"]].concat();
        let stderr = std::fs::File::create(folder.path().join("stderr")).expect("a file for stderr");
        let port = [("PORT", usize::from(address.port()))];
        let defines = port.iter().chain(defines).flat_map(|(name, value)| ["-A".to_owned(), format!("{name}={value}")]);
        // A user's path often lacks where Debian puts it.
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let child = Command::new(words[0])
            .args(&words[1..])
            .arg(data(configuration))
            .args(defines)
            .args(kept)
            .args(["-m", SHARED_MEBIBYTES, "-M", own_mebibytes])
            .args(ALLOCATORS)
            .args(["-Y", &folder.path().display().to_string()])
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .expect("Kamailio (Debian: kamailio)");
        let mut started = Self { child, address, folder };
        started.wait_until_it_answers();
        started
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its first process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Who may call.
    #[must_use]
    pub fn callers(count: usize) -> Vec<Credentials> {
        let caller = |number| {
            let username = format!("caller{number}");
            Credentials { password: format!("pw-{username}"), username }
        };
        (0..count).map(caller).collect()
    }

    fn wait_until_it_answers(&mut self) {
        let stderr = self.folder.path().join("stderr");
        let address = self.address;
        let mut peer = RawSip::connect(Transport::Udp, address);
        wait_for("an answer of Kamailio", LIMIT, || {
            let ended = self.child.try_wait().expect("a child that can be waited for");
            assert!(ended.is_none(), "kamailio ended with {ended:?}: {}", read_lossy(&stderr));
            peer.try_exchange(&message::options(DOMAIN, &peer.via()))
        });
    }
}

/// Makes a database for dialogs and accounting; the words that have it used.
fn database(file: &Path) -> Vec<String> {
    let made = Command::new("python3").args(["-c", MAKE_TABLES]).arg(file).args(["standard", "dialog", "acc"]).status();
    assert!(made.expect("python3").success(), "no tables (Debian: kamailio-sqlite-modules)");
    let file = file.display();
    ["-A".to_owned(), format!("KEPT=\"sqlite:///{file}\""), "-A".to_owned(), format!("KEPT_JOURNAL=\"{file}=WAL\"")]
        .into()
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        terminate(&self.child);
        finish(&mut self.child, LIMIT);
        if std::thread::panicking() {
            eprintln!("--- kamailio ---\n{}", read_lossy(&self.folder.path().join("stderr")));
        }
    }
}
