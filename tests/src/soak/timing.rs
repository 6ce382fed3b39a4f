//! Whether the time of an answer tells an unknown user, a disabled credential, a wrong password, and a wrong password of
//! a credential with devices apart.
//!
//! Tries of the kinds are interleaved at random, for users never tried before and for one tried all the time, as
//! REGISTER, OPTIONS and INVITE, over one socket, one at a time. Compared are whole distributions: the probability that
//! a try of one kind takes longer than a try of the other (the area under the ROC curve, half of it for ties). At one
//! half nothing can be told, whatever statistic is used on single tries.

use super::{Generator, PASSWORD, server_with_users};
use crate::sip::digest::{Challenge, Credentials, Subject};
use crate::sip::{RawSip, Transport};
use crate::{Account, Server};
use serde_json::json;
use std::fmt;
use std::time::Instant;

/// How much.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Tries of each kind.
    pub tries: usize,
    /// Users of each kind that are tried rarely.
    pub cold_users: usize,
}

const KINDS: [&str; 4] = ["unknown user", "disabled credential", "wrong password", "wrong password, ten devices"];
/// Every two of them.
const PAIRS: [(usize, usize); 6] = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
/// Most devices of a credential.
const DEVICES: usize = 10;
const METHODS: [&str; 3] = ["REGISTER", "OPTIONS", "INVITE"];

/// Nanoseconds of every try, by kind.
type Times = [Vec<u64>; 4];

/// How far the kinds can be told apart.
#[derive(Clone, Debug)]
pub struct TimingReport {
    setting: &'static str,
    tries: usize,
    /// Median nanoseconds of each kind.
    medians: [u64; 4],
    /// Two kinds, and the probability that the first takes longer.
    areas: Vec<(&'static str, &'static str, f64)>,
    /// Half of the 99.9 % interval of an area if there is no difference at all.
    noise: f64,
}

/// The most by which an area may differ from one half, besides noise.
const BOUND: f64 = 0.02;

/// Measures with throttling off, so that every try is verified, and with throttling on, so that all but the first are
/// banned.
///
/// # Panics
/// When two kinds can be told apart by more than the bound, or an answer is no challenge.
#[must_use]
pub fn run(timing: Timing) -> [TimingReport; 2] {
    [("verified", "0"), ("banned", "20")].map(|(setting, limit)| {
        let report = measure(timing, setting, &["--throttle-limit", limit, "--nonce-lifetime", "86400"]);
        for (one, other, area) in &report.areas {
            assert!((area - 0.5).abs() <= BOUND + report.noise, "{one} and {other} can be told apart: {report}");
        }
        report
    })
}

impl fmt::Display for TimingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {} tries of each kind:", self.setting, self.tries)?;
        for (kind, median) in KINDS.iter().zip(self.medians) {
            writeln!(f, "  {kind}: median {:.1} µs", median as f64 / 1_000.0)?;
        }
        for (one, other, area) in &self.areas {
            writeln!(f, "  P({one} takes longer than {other}) = {area:.4}")?;
        }
        write!(f, "  without any difference 99.9 % of such figures lie in 0.5 ± {:.4}", self.noise)
    }
}

fn name(kind: usize, number: usize) -> String {
    // Of one length, so that messages are.
    format!("{}{number:06}", ["u", "d", "w", "v"][kind])
}

fn measure(timing: Timing, setting: &'static str, options: &[&str]) -> TimingReport {
    let existing = (1..4).flat_map(|kind| (0..=timing.cold_users).map(move |number| name(kind, number)));
    let existing: Vec<_> = existing.collect();
    let (server, account) = server_with_users(options, &existing);
    prepare(&server, &account, timing.cold_users);
    let mut prober = Prober::new(&server, &account);
    let mut times: Times = Default::default();
    let mut generator = Generator::new(11);
    // The first tries fill caches for all kinds alike.
    for round in 0..timing.tries * KINDS.len() + 300 {
        let kind = generator.below(KINDS.len());
        let user = if generator.below(2) == 0 { 0 } else { 1 + generator.below(timing.cold_users) };
        let took = prober.try_once(METHODS[generator.below(3)], &name(kind, user));
        if round >= 300 {
            times[kind].push(took);
        }
    }
    report(setting, &mut times)
}

fn report(setting: &'static str, times: &mut Times) -> TimingReport {
    times.iter_mut().for_each(|times| times.sort_unstable());
    let areas = PAIRS.map(|(one, other)| (KINDS[one], KINDS[other], area(&times[one], &times[other])));
    let tries = times.iter().map(Vec::len).min().unwrap_or(0);
    let count = tries as f64;
    TimingReport {
        setting,
        tries,
        medians: std::array::from_fn(|kind| times[kind][times[kind].len() / 2]),
        areas: areas.to_vec(),
        noise: 3.29 * ((2.0 * count + 1.0) / (12.0 * count * count)).sqrt(),
    }
}

/// The probability that a value of the first takes longer than one of the second, ties counting half; both are sorted.
fn area(one: &[u64], other: &[u64]) -> f64 {
    let below = |value: u64| other.partition_point(|time| *time < value) + other.partition_point(|time| *time <= value);
    let twice: usize = one.iter().map(|value| below(*value)).sum();
    twice as f64 / 2.0 / (one.len() as f64 * other.len() as f64)
}

/// Disables those of one kind, and gives those of another devices.
fn prepare(server: &Server, account: &Account, last: usize) {
    let api = server.api(account);
    let mut offset = 0;
    loop {
        let path = format!("{}?limit=100&offset={offset}", api.path("trunks/credentials"));
        let page = api.send("GET", &path, b"").expect(200);
        let objects = page["objects"].as_array().expect("a list").clone();
        if objects.is_empty() {
            break;
        }
        offset += objects.len();
        for object in &objects {
            let (username, id) = (object["username"].as_str().expect("a name"), object["id"].as_str().expect("an id"));
            if username.starts_with('d') {
                let _changed = api.update(id, &json!({ "enabled": false }));
            }
            for number in 0..if username.starts_with('v') { DEVICES } else { 0 } {
                let body = json!({ "label": format!("device {number}") }).to_string();
                let _created =
                    api.send("POST", &api.path(&format!("credentials/{id}/devices")), body.as_bytes()).expect(201);
            }
        }
    }
    assert_eq!(offset, 3 * (last + 1));
}

/// One socket, one challenge for each method, one try after the other. A wrong digest spends no nonce.
struct Prober {
    peer: RawSip,
    domain: String,
    challenges: Vec<Challenge>,
    number: u64,
}

impl Prober {
    fn new(server: &Server, account: &Account) -> Self {
        let peer = RawSip::connect(Transport::Udp, server.sip(Transport::Udp));
        let mut prober = Self { peer, domain: account.sip_domain.clone(), challenges: Vec::new(), number: 0 };
        for method in METHODS {
            let request = prober.request(method, "probe00", "");
            let response = prober.peer.exchange(&request);
            let value = response.header("www-authenticate").or(response.header("proxy-authenticate"));
            prober.challenges.push(Challenge::parse(value.expect("a challenge")));
        }
        prober
    }

    fn request(&mut self, method: &str, user: &str, line: &str) -> String {
        self.number += 1;
        let (number, domain, via) = (self.number, &self.domain, self.peer.via());
        let uri = if method == "REGISTER" { format!("sip:{domain}") } else { format!("sip:callee@{domain}") };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: {via};branch=z9hG4bKtiming{number:09};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@{domain}>;tag=t{number:09}\r\nTo: <sip:{user}@{domain}>\r\nCall-ID: t{number:09}\r\n\
             CSeq: 1 {method}\r\nUser-Agent: timing\r\n{line}Content-Length: 0\r\n\r\n"
        )
    }

    fn try_once(&mut self, method: &str, user: &str) -> u64 {
        let place = METHODS.iter().position(|known| *known == method).expect("a known method");
        let uri = if place == 0 { format!("sip:{}", self.domain) } else { format!("sip:callee@{}", self.domain) };
        let credentials = Credentials { username: user.to_owned(), password: format!("not {PASSWORD}") };
        let answer = self.challenges[place].answer(&credentials, Subject { method, uri: &uri, nonce_count: 1 });
        let header = if place == 0 { "Authorization" } else { "Proxy-Authorization" };
        let request = self.request(method, user, &format!("{header}: {answer}\r\n"));
        let begin = Instant::now();
        let response = self.peer.exchange(&request);
        let took = begin.elapsed();
        assert!(matches!(response.status, 401 | 407), "{}", response.text);
        u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas() {
        assert!((area(&[1, 2, 3], &[1, 2, 3]) - 0.5).abs() < 1e-9);
        assert!((area(&[4, 5, 6], &[1, 2, 3]) - 1.0).abs() < 1e-9);
        assert!((area(&[1, 1], &[1, 2]) - 0.25).abs() < 1e-9);
    }
}
