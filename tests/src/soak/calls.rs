//! Thousands of calls over a network that loses datagrams: every one is completed, leaves one record that is right to the
//! second, and nothing else.

use super::memory;
use crate::Server;
use crate::bounded::try_wait_for;
use crate::calls::crowding::most_at_a_time;
use crate::calls::phone_call::number;
use crate::calls::sightings::Sightings;
use crate::calls::{GONE_WITHIN, HangsUp, Limits, Line, Load, Loss, Pace, Plan, Record, Report, left};
use crate::sip::Transport;
use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Phones, each with a credential of its own; more are not attached to one trunk.
const CALLERS: usize = 100;
/// Sockets that these phones share, so that calls come by every worker of the server.
const PHONE_SOCKETS: usize = 8;
const ONE_SECOND_MS: i64 = 1_000;

/// How many, how fast, over what.
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    /// Calls.
    pub count: usize,
    /// Of them in a second.
    pub per_second: f64,
    /// Share of the datagrams that is lost in each direction.
    pub loss: f64,
    /// The longest that a call is held; the shortest is none at all.
    pub longest: Duration,
    /// Where what is lost is drawn from.
    pub seed: u64,
}

/// What happened.
#[derive(Clone, Debug)]
pub struct CallsReport {
    load: Report,
    passed: u64,
    lost: u64,
    most_up: usize,
    settled: Duration,
    records: usize,
    /// The largest deviation of each moment, by column.
    deviations_ms: Vec<(&'static str, i64)>,
    memory: (f64, f64),
}

/// Runs it.
///
/// # Panics
/// When a call is not completed, when something of it is left, or when a record is missing, doubled or wrong.
#[must_use]
pub fn run(calls: Calls) -> CallsReport {
    let server = Server::start_with(&["--metrics-listen", "127.0.0.1:0", "--log", "warn"]);
    let (ends, network) = Loss::between(server.sip(Transport::Udp), PHONE_SOCKETS, calls.loss, calls.seed);
    let line = Line::open(&server, ends.gateway.seen_as, CALLERS, Limits::NONE);
    let plan = Plan {
        pace: Pace::PerSecond(calls.per_second),
        holds: [Duration::ZERO, calls.longest],
        hangs_up: HangsUp::Turns,
        seed: calls.seed,
        ..Plan::new(&line.domain, line.callers.clone(), calls.count)
    };
    let before = memory(&server);
    let clock = Clock::now();
    let mut load = Load::new(plan, ends);
    let report = load.run();
    report.expect_completed();
    let settled = nothing_is_left(&server, &line, &mut load);
    let records = Record::of(&server, &line.account);
    let deviations_ms = judge(&records, &load, &network.sightings(), clock);
    let spans = load.phones.calls().iter().filter_map(|call| Some((call.answered?, call.ended)));
    CallsReport {
        load: report,
        passed: network.passed(),
        lost: network.lost(),
        most_up: most_at_a_time(spans),
        settled,
        records: records.len(),
        deviations_ms,
        memory: (before, memory(&server)),
    }
}

impl fmt::Display for CallsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = |octets: f64| octets / 1_048_576.0;
        writeln!(f, "{}", self.load)?;
        writeln!(f, "most calls up at a time: {}", self.most_up)?;
        writeln!(f, "datagrams: {} got through, {} were lost", self.passed, self.lost)?;
        writeln!(f, "no call, dialog, transaction or limit slot was left {:.1} s later", self.settled.as_secs_f64())?;
        let worst: Vec<_> =
            self.deviations_ms.iter().map(|(column, deviation)| format!("{column} {deviation} ms")).collect();
        writeln!(f, "records: {}, one for each call; furthest off: {}", self.records, worst.join(", "))?;
        write!(f, "resident memory: {:.1} to {:.1} MiB", mebibytes(self.memory.0), mebibytes(self.memory.1))
    }
}

/// Waits for all to be zero, both sides answering what may still come, and answers how long that took.
fn nothing_is_left(server: &Server, line: &Line, load: &mut Load) -> Duration {
    let begin = Instant::now();
    let settled = try_wait_for(GONE_WITHIN, || {
        load.run_for(Duration::from_millis(200));
        left(server, line).is_empty().then_some(())
    });
    assert!(settled.is_some(), "{GONE_WITHIN:?} after the last call there is left: {:?}", left(server, line));
    assert_eq!(load.report().faults.count(), 0, "{}", load.report());
    begin.elapsed()
}

/// Each call has one record; its moments are those at which the server was told, to the second.
fn judge(records: &[Record], load: &Load, seen: &Sightings, clock: Clock) -> Vec<(&'static str, i64)> {
    let by_call_id: HashMap<&str, &Record> =
        records.iter().map(|record| (record.text("caller_call_id"), record)).collect();
    assert_eq!(
        (records.len(), by_call_id.len()),
        (load.phones.calls().len(), records.len()),
        "records, and their calls"
    );
    let mut worst = [("begun_at", 0), ("answered_at", 0), ("ended_at", 0), ("duration_ms", 0)];
    for call in 0..load.phones.calls().len() {
        let record = by_call_id.get(&*load.phones.call_id(call));
        let record = record.unwrap_or_else(|| panic!("no record of call {call}"));
        let seen = seen.of(call);
        let told = [seen.begun, seen.answered, seen.ended].map(|moment| clock.unix_ms(moment.expect("a told moment")));
        let [begun, answered, ended] = told;
        let recorded = ["begun_at", "answered_at", "ended_at"].map(|column| record.moment_ms(column));
        let duration: i64 = record.text("duration_ms").parse().expect("a number");
        let expected = [begun, answered, ended, ended - answered];
        let found = [recorded[0], recorded[1], recorded[2], duration];
        for ((column, worst), (expected, found)) in worst.iter_mut().zip(expected.into_iter().zip(found)) {
            let deviation = (found - expected).abs();
            assert!(deviation < ONE_SECOND_MS, "{column} of call {call} is {found}, not {expected}: {record:?}");
            *worst = deviation.max(*worst);
        }
        let hung_up_by = if call.is_multiple_of(2) { "caller" } else { "callee" };
        let fixed = ["hung_up_by", "reason", "sip_status", "direction"].map(|column| record.text(column));
        assert_eq!(fixed, [hung_up_by, "completed", "200", "outbound"], "call {call}: {record:?}");
        assert!(record.text("to").contains(&number(call)), "call {call}: {record:?}");
    }
    worst.to_vec()
}

/// One moment by both clocks.
#[derive(Clone, Copy)]
struct Clock {
    instant: Instant,
    unix: Duration,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "records tell the wall clock's time, so who judges them must know it"
    )]
    fn now() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        Self { instant: Instant::now(), unix }
    }

    fn unix_ms(self, moment: Instant) -> i64 {
        let since_1970 = self.unix + moment.saturating_duration_since(self.instant);
        i64::try_from(since_1970.as_millis()).expect("a time of this age")
    }
}
