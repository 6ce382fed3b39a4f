//! What keeps a server from starting: one sentence on standard error that says what to do, and exit code 1.

use acceptance::bounded::{Finished, run};
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Server, binary};
use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
/// Where SQLite keeps `user_version` in a file's header: 4 octets, big-endian.
const USER_VERSION_OFFSET: u64 = 60;

/// `serve` on that data directory and on free ports, with more options.
fn serve(data_dir: &Path, extra: &[&str]) -> Finished {
    let mut command = binary::command();
    command.arg("serve").arg("--data-dir").arg(data_dir);
    for (option, free) in [("--http-listen", "127.0.0.1:0"), ("--sip-listen", "udp:127.0.0.1:0")] {
        if !extra.contains(&option) {
            command.args([option, free]);
        }
    }
    run(command.args(extra), LIMIT)
}

/// Exit code 1, and one sentence for a person: no panic, no trace, no internal names.
fn expect_one_sentence(finished: &Finished, mentions: &[&str]) {
    let Finished { stderr, .. } = finished;
    assert_eq!(finished.code(), Some(1), "{finished:?}");
    for unwanted in ["panicked", "RUST_BACKTRACE", "stack backtrace", "Os {", "Err("] {
        assert!(!stderr.contains(unwanted), "{stderr}");
    }
    let said: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty() && !is_log(line)).collect();
    assert_eq!(said.len(), 1, "not one sentence: {stderr}");
    assert!(said[0].split_whitespace().count() >= 5, "hardly a sentence: {stderr}");
    let sentence = said[0].to_lowercase();
    for mention in mentions {
        assert!(sentence.contains(&mention.to_lowercase()), "{mention:?} is not mentioned: {stderr}");
    }
}

/// A line of the log starts with its time.
fn is_log(line: &str) -> bool {
    line.starts_with(|first: char| first.is_ascii_digit()) || line.starts_with('{')
}

/// A server that ran once and was stopped in order.
fn used_data_directory() -> Server {
    let mut server = Server::start();
    let _account = server.account("used");
    let ended = server.stop();
    assert!(ended.is_some_and(|status| status.success()), "after SIGTERM: {ended:?}");
    server
}

fn database(data_dir: &Path) -> PathBuf {
    let is_database = |path: &PathBuf| {
        let mut head = [0; 16];
        let file = fs::File::open(path);
        file.is_ok_and(|mut file| file.read_exact(&mut head).is_ok()) && head == *b"SQLite format 3\0"
    };
    let entries = fs::read_dir(data_dir).expect("a data directory").map(|entry| entry.expect("an entry").path());
    entries.into_iter().find(is_database).expect("a database in the data directory")
}

#[test]
fn ports_in_use() {
    let folder = tempfile_folder();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let tcp = taken.local_addr().expect("an address").to_string();
    let taken_udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let udp = taken_udp.local_addr().expect("an address").to_string();
    let data = folder.path().join("data");
    let port = |address: &str| address.rsplit(':').next().expect("a port").to_owned();
    expect_one_sentence(&serve(&data, &["--http-listen", &tcp]), &[&port(&tcp)]);
    expect_one_sentence(&serve(&data, &["--sip-listen", &format!("tcp:{tcp}")]), &[&port(&tcp)]);
    expect_one_sentence(&serve(&data, &["--sip-listen", &format!("udp:{udp}")]), &[&port(&udp)]);
}

#[test]
fn data_directories_that_cannot_be_used() {
    let folder = tempfile_folder();
    let file = folder.path().join("a-file");
    fs::write(&file, "not a directory").expect("a file");
    // A path below a file cannot be made or read by anybody, root included.
    expect_one_sentence(&serve(&file.join("data"), &[]), &["a-file"]);
    expect_one_sentence(&serve(&file, &[]), &["a-file"]);
    assert_eq!(fs::read(&file).expect("the file"), b"not a directory");
    // What is no database is left alone.
    let strange = used_data_directory();
    let path = database(&strange.data_dir());
    fs::write(&path, "this is not a database, it is a text that somebody put here").expect("a file");
    expect_one_sentence(&serve(&strange.data_dir(), &[]), &[]);
    assert!(fs::read(&path).expect("the file").starts_with(b"this is not"));
}

#[test]
fn a_wrong_or_missing_key_file() {
    let (server, other) = (used_data_directory(), used_data_directory());
    let key = server.data_dir().join("master.key");
    let right = fs::read(&key).expect("a key file");
    let foreign = fs::read(other.data_dir().join("master.key")).expect("a key file");
    assert_ne!(right, foreign);
    let refuse = || expect_one_sentence(&serve(&server.data_dir(), &[]), &["key"]);
    fs::write(&key, &foreign).expect("a key file");
    refuse();
    fs::write(&key, "nonsense").expect("a key file");
    refuse();
    fs::write(&key, "").expect("a key file");
    refuse();
    fs::remove_file(&key).expect("a key file");
    refuse();
    // A new key beside old data would lock everything that is sealed: none was made.
    assert!(!key.exists(), "a new key was made beside an existing database");
    let mut server = server;
    write_private(&key, &right);
    server.start_again();
}

#[test]
fn a_database_from_a_newer_version() {
    let server = used_data_directory();
    let path = database(&server.data_dir());
    let log_left = path.with_extension("db-wal").metadata().is_ok_and(|metadata| metadata.len() > 0);
    assert!(!log_left, "the write-ahead log was not folded in at shutdown");
    let mut file = OpenOptions::new().read(true).write(true).open(&path).expect("the database");
    file.seek(SeekFrom::Start(USER_VERSION_OFFSET)).expect("a seek");
    let mut version = [0; 4];
    file.read_exact(&mut version).expect("a version");
    let known = u32::from_be_bytes(version);
    assert!((1..1000).contains(&known), "user_version is {known}");
    file.seek(SeekFrom::Start(USER_VERSION_OFFSET)).expect("a seek");
    file.write_all(&(known + 1).to_be_bytes()).expect("a write");
    drop(file);
    let before = fs::read(&path).expect("the database");
    expect_one_sentence(&serve(&server.data_dir(), &[]), &["newer"]);
    assert_eq!(fs::read(&path).expect("the database"), before, "the newer database was changed");
}

#[test]
fn a_second_server_on_the_same_data_directory() {
    let server = Server::start();
    expect_one_sentence(&serve(&server.data_dir(), &[]), &[]);
    // The first goes on as if nothing had been, its control socket included.
    let account = server.account("first");
    let _id = server.api(&account).credential("phone", "Correct!Horse7");
    let address = server.sip(Transport::Udp);
    let mut phone = HandmadePhone::new(Transport::Udp, address, &account.sip_domain, "phone", "Correct!Horse7");
    assert_eq!(phone.register(60).status, 200);
}

#[test]
fn wrong_usage_is_told_from_failure() {
    for arguments in [&["--no-such-option"][..], &["serve", "--no-such-option"], &["no-such-command"]] {
        let finished = binary::sipwarden(arguments);
        assert_eq!(finished.code(), Some(2), "{arguments:?}: {finished:?}");
        assert!(!finished.stderr.is_empty());
    }
    for arguments in [&["--help"][..], &["--version"], &["serve", "--help"], &["account", "create", "--help"]] {
        let finished = binary::sipwarden(arguments);
        assert_eq!(finished.code(), Some(0), "{arguments:?}: {finished:?}");
        assert!(!finished.stdout.is_empty());
    }
}

#[test]
fn accounts_that_cannot_be_made() {
    let server = Server::start();
    let _first = server.account_with(&["--name", "first", "--auth-id", "MA_TAKEN001"]);
    let data_dir = server.data_dir();
    let create = |options: &[&str]| {
        let mut command = binary::command();
        run(command.args(["account", "create", "--data-dir"]).arg(&data_dir).args(options), LIMIT)
    };
    expect_one_sentence(&create(&["--name", "again", "--auth-id", "MA_TAKEN001"]), &["taken"]);
    for options in
        [&["--name", "x", "--auth-id", "no spaces"][..], &["--name", "x", "--realm", "a\"b"], &["--name", ""]]
    {
        let finished = create(options);
        assert!(matches!(finished.code(), Some(1 | 2)), "{options:?}: {finished:?}");
        assert!(!finished.stderr.contains("panicked"), "{finished:?}");
    }
}

#[cfg(unix)]
#[test]
fn secrets_at_rest_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let server = used_data_directory();
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&server.data_dir().join("master.key")), 0o600);
    assert_eq!(mode(&database(&server.data_dir())) & 0o007, 0, "the database is readable by everybody");
}

fn write_private(path: &Path, octets: &[u8]) {
    use std::os::unix::fs::OpenOptionsExt;
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.expect("a key file").write_all(octets).expect("a write");
}

fn tempfile_folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}
