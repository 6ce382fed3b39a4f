//! The result, in text or JSON, and whether it counts as good.

use crate::bench_cli::BenchOptions;
use crate::failure::Failure;
use crate::operator_commands::print as print_either;
use serde_json::{Map, Value, json};
use sip_user_agent::UserAgentError;
use sip_user_agent::load::{Rung, Tally};
use std::fmt::Write as _;
use std::time::Duration;

/// The shares of exchanges whose slowest is told.
const SHARES: [(&str, f64); 5] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)];

/// What came out.
pub(super) struct Measured {
    /// Of the measured run, or of the one at the knee.
    pub(super) tally: Tally,
    /// Every rate that was tried.
    pub(super) rungs: Vec<Rung>,
    /// The highest good one.
    pub(super) knee: Option<f64>,
}

/// What could not be cleared away.
#[derive(Clone, Copy)]
pub(super) struct Left {
    pub(super) bindings: usize,
    pub(super) credentials: usize,
}

/// Prints it; a failure where exchanges did not end as they should, or no rate was good.
pub(super) fn print(options: &BenchOptions, measured: &Measured, left: Left) -> Result<(), Failure> {
    print_either(options.json, &as_json(options, measured, left), || as_text(options, measured, left))?;
    let Left { bindings, credentials } = left;
    if credentials > 0 {
        return Err(Failure::Refused(format!(
            "{credentials} credentials could not be deleted; look for those called like {:?} with `sipwarden credential list`",
            options.username_pattern
        )));
    }
    if bindings > 0 {
        return Err(Failure::Refused(format!(
            "{bindings} bindings could not be removed; they end by themselves within an hour"
        )));
    }
    verdict(options, measured)
}

fn verdict(options: &BenchOptions, measured: &Measured) -> Result<(), Failure> {
    let tally = &measured.tally;
    if options.knee {
        return match measured.knee {
            Some(_) => Ok(()),
            None => Err(Failure::Refused("no rate was good; look into the log of the server".into())),
        };
    }
    if tally.good == 0 {
        return Err(Failure::Refused(of_nothing(tally, options)));
    }
    match faults(tally) {
        faults if faults.is_empty() => Ok(()),
        faults => Err(Failure::Refused(format!(
            "{} of {} exchanges did not end as they should: {}; {}",
            tally.faults(),
            tally.begun,
            faults.join(", "),
            mend(tally)
        ))),
    }
}

fn faults(tally: &Tally) -> Vec<String> {
    let refused = tally.refused.iter().map(|(status, count)| (*count, format!("ended with {status}")));
    let others = [
        (tally.unproven, "with a wrong rspauth"),
        (tally.unbound, "whose 200 does not list the phone's contact as it should"),
        (tally.unanswered, "without an answer"),
        (tally.failed, "whose connection was lost"),
    ];
    let others = others.into_iter().map(|(count, what)| (count, what.to_owned()));
    refused.chain(others).filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect()
}

fn mend(tally: &Tally) -> &'static str {
    let most = tally.refused.iter().max_by_key(|(_, count)| **count).map(|(status, _)| *status);
    match most {
        Some(401 | 407) => "look whether the passwords and --domain are right, with `sipwarden why`",
        Some(403 | 480 | 486) => "look which limit of the account or trunk is reached",
        Some(503) => "it was too much for the server; lower --rate or --at-a-time",
        Some(_) => "look into the log of the server",
        None => "it was too much for the server or the way to it; lower --rate or --at-a-time",
    }
}

/// Why nothing at all went well.
pub(super) fn of_nothing(tally: &Tally, options: &BenchOptions) -> String {
    let (server, transport) = (&options.server, options.transport.as_str());
    if tally.unreachable > 0 {
        return format!("nobody listens at {server} over {transport}; start the server, or correct --server");
    }
    match faults(tally) {
        faults if faults.is_empty() => "nothing was measured".to_owned(),
        _ if tally.unanswered == tally.begun => format!(
            "no answer from {server} over {transport}; look whether the server listens there, whether a firewall lets \
             {transport} through, or choose another --transport"
        ),
        faults => format!("nothing ended as it should: {}; {}", faults.join(", "), mend(tally)),
    }
}

/// Why there was no socket.
pub(super) fn of_opening(error: &UserAgentError, options: &BenchOptions) -> String {
    let server = &options.server;
    match error {
        UserAgentError::InvalidUsername => {
            format!("{error}; correct the usernames of --csv or --username-pattern")
        }
        UserAgentError::InvalidDomain | UserAgentError::InvalidTarget => format!("{error}; correct --domain or --to"),
        UserAgentError::Bind(problem) => format!("{error} ({problem}); raise the limit of open files"),
        UserAgentError::Connect(problem) => format!(
            "{server} cannot be reached ({problem}); look whether the server listens there, correct --server, or raise the \
             limit of open files"
        ),
        UserAgentError::ConnectTimedOut => {
            format!("no connection to {server}; look whether a firewall lets it through")
        }
        UserAgentError::Untrusted(refusal) => format!(
            "{server} is not believed: {refusal}; name the authority that signed its certificate with --ca-file, and the \
             host it is for in --server"
        ),
    }
}

/// One rate of the climb.
pub(super) fn rung_line(rung: &Rung) -> String {
    let Rung { rate, per_second, p99, lost, good } = rung;
    let (mark, p99) = (if *good { "good" } else { "too much" }, milliseconds(*p99));
    format!("{rate:>9.0}/s asked, {per_second:>9.0}/s done, 99 of 100 within {p99}, {lost} lost: {mark}")
}

fn as_text(options: &BenchOptions, measured: &Measured, left: Left) -> String {
    let (tally, mut text) = (&measured.tally, String::new());
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<18}{value}");
    };
    line("what", &format!("{} over {}", options.mode.as_str(), options.transport.as_str()));
    if options.knee {
        let knee = measured.knee.map_or_else(|| "none was found".to_owned(), |knee| format!("{knee:.0} a second"));
        line("knee", &knee);
    }
    line("exchanges", &format!("{} good of {} begun", tally.good, tally.begun));
    line("good a second", &format!("{:.0}", tally.per_second()));
    let shares = SHARES
        .iter()
        .filter_map(|(name, share)| Some(format!("{name} {}", milliseconds(tally.latencies.percentile(*share)?))));
    line("took", &shares.collect::<Vec<_>>().join(", "));
    line("sent again", &tally.retransmissions.to_string());
    for (name, count) in [("begun too late", tally.missed), ("strange messages", tally.strange)] {
        if count > 0 {
            line(name, &count.to_string());
        }
    }
    let faults = faults(tally);
    line("faulty", &if faults.is_empty() { "none".to_owned() } else { faults.join(", ") });
    line("left behind", &format!("{} bindings, {} credentials", left.bindings, left.credentials));
    text
}

fn as_json(options: &BenchOptions, measured: &Measured, left: Left) -> Value {
    let tally = &measured.tally;
    let shares = SHARES.iter().filter_map(|(name, share)| {
        Some(((*name).to_owned(), json!(tally.latencies.percentile(*share)?.as_micros() as u64)))
    });
    let refused = tally.refused.iter().map(|(status, count)| (status.to_string(), json!(count)));
    let rungs: Vec<Value> = measured.rungs.iter().map(|rung| {
        json!({ "rate": rung.rate, "per_second": rung.per_second, "p99_us": rung.p99.as_micros() as u64, "lost": rung.lost,
                "good": rung.good })
    }).collect();
    json!({
        "mode": options.mode.as_str(),
        "transport": options.transport.as_str().to_ascii_lowercase(),
        "begun": tally.begun,
        "good": tally.good,
        "per_second": tally.per_second(),
        "latency_us": shares.collect::<Map<_, _>>(),
        "refused": refused.collect::<Map<_, _>>(),
        "unproven": tally.unproven,
        "unbound": tally.unbound,
        "unanswered": tally.unanswered,
        "failed": tally.failed,
        "retransmissions": tally.retransmissions,
        "missed": tally.missed,
        "strange": tally.strange,
        "knee": measured.knee,
        "rungs": rungs,
        "left": { "bindings": left.bindings, "credentials": left.credentials },
    })
}

pub(super) fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}
