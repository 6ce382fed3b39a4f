//! Long runs against the built binary: a flood, timing, mutated messages, calls. `cargo xtask soak NAME` runs each at full
//! length; the tests run each for a few seconds. Every one panics where something is not as it should be, and otherwise
//! answers with what it measured.

pub mod calls;
pub mod connections;
pub mod consoles;
pub mod flood;
pub mod generator;
pub mod import;
pub mod mutate;
pub mod office;
pub mod revocation;
pub mod timing;

pub use generator::Generator;

use crate::{Account, Server};
use std::net::SocketAddr;

/// Memory that may come and go without anything growing.
pub const MEMORY_TOLERANCE: f64 = 32.0 * 1024.0 * 1024.0;

/// A password of those phones that have the right one.
pub const PASSWORD: &str = "Correct!Horse7";

/// A server with metrics, an account and those users.
#[must_use]
pub fn server_with_users(options: &[&str], users: &[String]) -> (Server, Account) {
    let server = Server::start_with(&[&["--metrics-listen", "127.0.0.1:0", "--log", "warn"], options].concat());
    let account = server.account("soaked");
    let api = server.api(&account);
    for user in users {
        let _id = api.credential(user, PASSWORD);
    }
    (server, account)
}

/// Resident memory of the server, in octets.
#[must_use]
pub fn memory(server: &Server) -> f64 {
    server.scrape().value("process_resident_memory_bytes", &[])
}

/// The sum of a metric over all its labels.
#[must_use]
pub fn total(server: &Server, family: &str) -> f64 {
    server.metrics_page().lines().filter_map(|line| value_of(line, family)).sum()
}

fn value_of(line: &str, family: &str) -> Option<f64> {
    let rest = line.strip_prefix(family)?;
    let value = match rest.as_bytes().first()? {
        b' ' => rest.trim(),
        b'{' => rest.rsplit(' ').next()?,
        _ => return None,
    };
    value.parse().ok()
}

/// Datagrams that the kernel dropped because the server had not taken them yet (`/proc/net/udp`).
#[must_use]
pub fn kernel_drops(address: SocketAddr) -> u64 {
    let port = format!(":{:04X}", address.port());
    let table = std::fs::read_to_string("/proc/net/udp").unwrap_or_default();
    let of_port =
        table.lines().filter(|line| line.split_whitespace().nth(1).is_some_and(|local| local.ends_with(&port)));
    of_port.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).sum()
}

/// A REGISTER from somewhere, with those further lines.
#[must_use]
pub fn register(domain: &str, user: &str, number: u64, lines: &str) -> String {
    format!(
        "REGISTER sip:{domain} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKsoak{number:012};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{user}@{domain}>;tag=soak{number:012}\r\nTo: <sip:{user}@{domain}>\r\n\
         Call-ID: soak{number:012}\r\nCSeq: 1 REGISTER\r\nUser-Agent: soak/1\r\n\
         Contact: <sip:{user}@192.0.2.1:5060>\r\n{lines}Content-Length: 0\r\n\r\n"
    )
}
