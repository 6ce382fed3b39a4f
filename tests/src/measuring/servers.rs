//! Servers with many users, and what they hold.

use super::{password, user};
use crate::soak::import::ha1;
use crate::{Account, Server, binary};
use rustix::thread::{CpuSet, sched_setaffinity};
use std::fs;
use std::io::Write as _;
use std::process::Stdio;

/// Binds this program to the first processor, so that a server bound to another one has that to itself.
///
/// # Panics
/// When there is none.
pub fn pin_load() {
    let mut first = CpuSet::new();
    first.set(0);
    sched_setaffinity(None, &first).expect("a first processor");
}

/// A server of ours that those words run, with an account of so many users.
#[must_use]
pub fn registrar(users: usize, launcher: &[&str]) -> (Server, Account) {
    let mut server = Server::not_started();
    server.run_under(launcher);
    server.start_again();
    let account = server.account("measured");
    import(&server, &account, users);
    (server, account)
}

/// Gives an account so many users, by their hashes.
///
/// # Panics
/// When not all are taken.
pub fn import(server: &Server, account: &Account, users: usize) {
    let path = server.scratch().join("users.csv");
    let mut file = std::io::BufWriter::new(fs::File::create(&path).expect("a file"));
    writeln!(file, "username,ha1_md5,realm").expect("a line");
    for number in 0..users {
        let name = user(number);
        let hash = ha1(&name, &account.realm, &password(&name));
        writeln!(file, "{name},{hash},{}", account.realm).expect("a line");
    }
    file.flush().expect("a file");
    drop(file);
    let imported = binary::command()
        .args(["credential", "import", "--json"])
        .arg(&path)
        .env("SIPWARDEN_URL", format!("http://{}", server.http()))
        .env("SIPWARDEN_AUTH_ID", &account.auth_id)
        .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(imported.expect("an import").success(), "not all of {users} users were taken");
    fs::remove_file(path).expect("a file");
}

/// Memory of a process and its children, what they share counted once, in MiB.
#[must_use]
pub fn memory_mib(process: u32) -> f64 {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let below: f64 = children.split_whitespace().filter_map(|child| child.parse().ok()).map(memory_mib).sum();
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let own = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.split_whitespace().next()?.parse::<f64>().ok());
    own.unwrap_or(0.0) / 1024.0 + below
}
