//! Runs one soak at full length and prints what it measured: `cargo xtask soak NAME` builds what it needs and starts it.

use acceptance::sip::Transport;
use acceptance::soak::{calls, connections, consoles, flood, import, mutate, office, revocation, timing};
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: soak flood [--seconds N] | timing [--tries N] | mutate [--messages N] | \
                     connections [--count N] | calls [--count N] | import [--rows N] | office [--seconds N] | \
                     revocation [--rounds N] | consoles [--seconds N]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let given = |option: &str, default: u64| match arguments.get(1..) {
        Some([name, value]) if *name == option => value.parse().ok(),
        Some([]) => Some(default),
        _ => None,
    };
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let report = match arguments.first() {
        Some(&"flood") => {
            given("--seconds", 60).map(|seconds| flood::run(flood::Flood { seconds, sources: 4_000 }).to_string())
        }
        Some(&"timing") => given("--tries", 20_000).map(|tries| {
            timing::run(timing::Timing { tries: size(tries), cold_users: 500 })
                .map(|report| report.to_string())
                .join("\n")
        }),
        Some(&"mutate") => given("--messages", 10_000_000)
            .map(|messages| mutate::run(mutate::Mutate { messages, senders: 4 }).to_string()),
        Some(&"connections") => given("--count", 10_000).map(|count| {
            let halves = [(Transport::Tcp, count), (Transport::Tls, count / 2)];
            halves.map(|(transport, count)| connections::run(transport, size(count)).to_string()).join("\n")
        }),
        Some(&"calls") => given("--count", 10_000).map(|count| {
            let longest = Duration::from_secs(5);
            let calls = calls::Calls { count: size(count), per_second: 200.0, loss: 0.02, longest, seed: 1 };
            calls::run(calls).to_string()
        }),
        Some(&"office") => {
            given("--seconds", 120).map(|seconds| office::run(office::Office { phones: 19, seconds }).to_string())
        }
        Some(&"revocation") => given("--rounds", 1_000).map(|rounds| {
            let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
            let reports = revocation::run(revocation::Revocation { rounds, per_second: 5_000.0 });
            reports.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }),
        Some(&"consoles") => given("--seconds", 60)
            .map(|seconds| consoles::run(consoles::Consoles { pages: 20, per_second: 5_000, seconds }).to_string()),
        Some(&"import") => given("--rows", 100_000).map(|rows| {
            let sources = [import::Source::Csv, import::Source::MariaDb];
            let run = |source| format!("{source:?}: {}", import::run(import::Import { rows: size(rows), source }));
            sources.map(run).join("\n")
        }),
        _ => None,
    };
    match report {
        Some(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}
