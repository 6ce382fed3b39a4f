//! An import with bad rows among good ones, killed half-way and started again: exactly the bad rows are named, nothing is
//! there twice, nothing is missing, and a phone of the old system registers.

use crate::bounded::{finish, read_lossy, wait_for};
use crate::sip::{HandmadePhone, Transport};
use crate::{Account, Api, MariaDb, Server, binary};
use md5::{Digest, Md5};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The realm, and the domain, of the system that is left.
const OLD_REALM: &str = "old.example.com";
/// Of so many rows one is bad.
const BAD_EVERY: usize = 100;
/// Longer than an import may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(600);

/// How many rows, and where they come from.
#[derive(Clone, Copy, Debug)]
pub struct Import {
    /// Rows, bad ones included.
    pub rows: usize,
    /// Where they stand.
    pub source: Source,
}

/// Where rows stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a file.
    Csv,
    /// In a table `subscriber`, as Kamailio has it, of a MariaDB.
    MariaDb,
}

/// What it took.
#[derive(Clone, Debug)]
pub struct ImportReport {
    rows: usize,
    bad: usize,
    found_after_kill: u64,
    first: Duration,
    again: Duration,
    server_memory_mib: u64,
    client_memory_mib: u64,
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} rows, {} of them bad; {} were there when it was killed",
            self.rows, self.bad, self.found_after_kill
        )?;
        writeln!(
            f,
            "the rest in {:.1} s; all of them again in {:.1} s",
            self.first.as_secs_f64(),
            self.again.as_secs_f64()
        )?;
        write!(
            f,
            "peak resident memory: {} MiB of the server, {} MiB of the import",
            self.server_memory_mib, self.client_memory_mib
        )
    }
}

/// Rows of a source, and what is to become of them.
struct Rows {
    /// What is said to import them.
    arguments: Vec<OsString>,
    /// Serves them, if somebody has to.
    _database: Option<MariaDb>,
    /// The number of each bad row, with the field that is wrong.
    bad: BTreeMap<u64, &'static str>,
    usernames: BTreeSet<String>,
}

/// Runs it on a server of its own.
///
/// # Panics
/// When a row is missing, doubled or wrongly refused, or a phone cannot register.
#[must_use]
pub fn run(import: Import) -> ImportReport {
    let mut server = Server::start_with(&["--log", "warn"]);
    let account = server.account_with(&["--name", "moved", "--realm", OLD_REALM]);
    let rows = match import.source {
        Source::Csv => csv(server.scratch(), import.rows),
        Source::MariaDb => table(import.rows),
    };
    let found_after_kill = kill_half_way(&mut server, &account, &rows);

    let begun = Instant::now();
    let (summary, faults, client_memory_mib) = import_all(&server, &account, &rows);
    let first = begun.elapsed();
    let good = rows.usernames.len() as u64;
    let count = |summary: &Value, name: &str| summary[name].as_u64().expect("a count");
    assert_eq!(count(&summary, "created") + count(&summary, "existed"), good, "{summary}");
    assert!(count(&summary, "existed") >= found_after_kill.min(good), "{summary}");
    assert_eq!(faults, rows.bad, "exactly the bad rows");
    assert_eq!(usernames(&server.api(&account)), rows.usernames, "no duplicate, none missing");

    let begun = Instant::now();
    let (summary, faults, _) = import_all(&server, &account, &rows);
    let again = begun.elapsed();
    assert_eq!((count(&summary, "created"), count(&summary, "existed")), (0, good), "{summary}");
    assert_eq!(faults, rows.bad);
    register_some(&server, &rows);
    let server_memory_mib = peak_memory_mib(server.process_id());
    let bad = rows.bad.len();
    ImportReport { rows: import.rows, bad, found_after_kill, first, again, server_memory_mib, client_memory_mib }
}

/// A row: username, password, HA1 and realm, and the field that is wrong.
type Row = ([String; 4], Option<&'static str>);

/// Every second row has a hash and no password; bad rows are wrong in five ways.
fn row(place: usize) -> Row {
    let (username, password) = (format!("user_{place:06}"), password_of(place));
    let hash = ha1(&username, OLD_REALM, &password);
    let cells =
        |password: &str, hash: &str, realm: &str| [username.clone(), password.into(), hash.into(), realm.into()];
    match (place % BAD_EVERY, place / BAD_EVERY % 5) {
        (17, 0) => ([format!("{username}@host"), password, String::new(), OLD_REALM.into()], Some("username")),
        (17, 1) => (cells("", &"0".repeat(31), OLD_REALM), Some("ha1_md5")),
        (17, 2) => (cells("", &hash, "other.example.com"), Some("realm")),
        (17, 3) => (cells("", "", OLD_REALM), Some("password")),
        (17, _) => (cells(&password, &"0".repeat(32), OLD_REALM), Some("ha1_md5")),
        (other, _) if other % 2 == 0 => (cells("", &hash, OLD_REALM), None),
        _ => (cells(&password, "", ""), None),
    }
}

/// The rows in a file; the heading is line 1.
fn csv(folder: &Path, count: usize) -> Rows {
    let path = folder.join("old-system.csv");
    let lines = (0..count).map(|place| row(place).0.join(",") + "\r\n");
    fs::write(&path, "username,password,ha1,domain\r\n".to_owned() + &lines.collect::<String>()).expect("a file");
    Rows { arguments: vec![path.into()], _database: None, ..Rows::of(count, 2) }
}

/// The rows in a table; its rows are counted from 1.
fn table(count: usize) -> Rows {
    let database = MariaDb::start();
    let places: Vec<usize> = (0..count).collect();
    let mut script = String::from(
        "CREATE TABLE subscriber (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL, username VARCHAR(64) NOT NULL, \
         domain VARCHAR(64) NOT NULL, password VARCHAR(64) NOT NULL, ha1 VARCHAR(128) NOT NULL, ha1b VARCHAR(128) NOT NULL \
         DEFAULT '');\n",
    );
    for some in places.chunks(1_000) {
        let values = some.iter().map(|place| {
            let [username, password, hash, realm] = row(*place).0;
            format!("('{username}','{password}','{hash}','{realm}')")
        });
        let values = values.collect::<Vec<_>>().join(",");
        script += &format!("INSERT INTO subscriber (username, password, ha1, domain) VALUES {values};\n");
    }
    database.execute(&script);
    let arguments = [database.url(), "--table".into(), "subscriber".into()].map(OsString::from).to_vec();
    Rows { arguments, _database: Some(database), ..Rows::of(count, 1) }
}

impl Rows {
    /// What is to become of that many rows, where the first has that number.
    fn of(count: usize, first: u64) -> Self {
        let (mut bad, mut usernames) = (BTreeMap::new(), BTreeSet::new());
        for (number, place) in (first..).zip(0..count) {
            let ([username, ..], fault) = row(place);
            match fault {
                Some(field) => drop(bad.insert(number, field)),
                None => drop(usernames.insert(username)),
            }
        }
        Self { arguments: Vec::new(), _database: None, bad, usernames }
    }
}

fn password_of(place: usize) -> String {
    format!("Old!Secret{place}")
}

/// The hash that another system has of a password.
#[must_use]
pub fn ha1(username: &str, realm: &str, password: &str) -> String {
    let digest = Md5::digest(format!("{username}:{realm}:{password}"));
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn command(server: &Server, account: &Account, rows: &Rows) -> Command {
    let mut command = binary::command();
    command
        .args(["credential", "import", "--json"])
        .args(&rows.arguments)
        .env("SIPWARDEN_URL", format!("http://{}", server.http()))
        .env("SIPWARDEN_AUTH_ID", &account.auth_id)
        .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token);
    command
}

/// Kills the import once a good part is stored, and the server right after it; answers how many were there then.
fn kill_half_way(server: &mut Server, account: &Account, rows: &Rows) -> u64 {
    let half = rows.usernames.len() as u64 / 2;
    let mut child =
        command(server, account, rows).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let api = server.api(account);
    wait_for("half of the rows", LIMIT, || {
        let ended = child.try_wait().expect("a child that can be waited for").is_some();
        (ended || total(&api) >= half).then_some(())
    });
    // It may have ended by itself since.
    let _ = child.kill();
    let _ = child.wait();
    server.kill_dash_nine();
    server.start_again();
    total(&server.api(account))
}

fn total(api: &Api) -> u64 {
    let list = api.send("GET", &api.path("trunks/credentials?limit=1"), b"").expect(200);
    list["meta"]["total"].as_u64().expect("a number")
}

/// Imports to the end: the summary, the field of each faulty row by its line, and the most memory it had.
fn import_all(server: &Server, account: &Account, rows: &Rows) -> (Value, BTreeMap<u64, &'static str>, u64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [errors, output, said] = ["errors.csv", "output", "said"].map(|name| folder.path().join(name));
    let mut child = command(server, account, rows)
        .arg("--errors")
        .arg(&errors)
        .stdout(fs::File::create(&output).expect("a file"))
        .stderr(fs::File::create(&said).expect("a file"))
        .spawn()
        .expect("it starts");
    let memory = watch_memory(&mut child);
    let ended = finish(&mut child, LIMIT).expect("it ends in time");
    assert_eq!(ended.code(), Some(1), "some rows are bad: {}", read_lossy(&said));
    let summary =
        serde_json::from_str(&read_lossy(&output)).unwrap_or_else(|error| panic!("{error}: {}", read_lossy(&said)));
    (summary, faults(&errors), memory)
}

fn faults(errors: &Path) -> BTreeMap<u64, &'static str> {
    let known = ["username", "ha1_md5", "realm", "password"];
    let text = read_lossy(errors);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("row,username,field,problem"));
    let fault = |line: &str| {
        let cells: Vec<&str> = line.splitn(4, ',').collect();
        let field = known.into_iter().find(|field| cells.get(2) == Some(field));
        (cells[0].parse().expect("a line number"), field.unwrap_or_else(|| panic!("no known field: {line}")))
    };
    lines.map(fault).collect()
}

fn watch_memory(child: &mut Child) -> u64 {
    let mut most = 0;
    wait_for("the import's end", LIMIT, || {
        most = most.max(peak_memory_mib(child.id()));
        child.try_wait().expect("a child that can be waited for").map(|_| ())
    });
    most
}

/// The most resident memory a process ever had; 0 once it is gone.
fn peak_memory_mib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) / 1024
}

fn usernames(api: &Api) -> BTreeSet<String> {
    let (mut found, mut listed, mut cursor) = (BTreeSet::new(), 0, String::new());
    loop {
        let page =
            api.send("GET", &api.path(&format!("trunks/credentials?limit=1000&cursor={cursor}")), b"").expect(200);
        for object in page["objects"].as_array().expect("a list") {
            listed += 1;
            found.insert(object["username"].as_str().expect("a username").to_owned());
        }
        match page["meta"]["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(listed, found.len(), "a username is there twice");
    found
}

/// Phones of the old system know nothing of the new one.
fn register_some(server: &Server, rows: &Rows) {
    let last = rows.usernames.last().expect("some are good");
    for username in ["user_000000", "user_000001", last] {
        let place = username.trim_start_matches("user_").parse().expect("a number");
        let mut phone =
            HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), OLD_REALM, username, &password_of(place));
        assert_eq!(phone.register(600).status, 200, "{username}");
    }
}
