//! A trunk takes as many calls at a time and in a second as it says, and never one more, however many ask.

use acceptance::Server;
use acceptance::calls::crowding::{most_at_a_time, most_within};
use acceptance::calls::phone_call::Outcome;
use acceptance::calls::{Ends, HangsUp, Limits, Line, Load, Pace, Plan};
use acceptance::sip::Transport;
use std::time::Duration;

const LIMITS: Limits = Limits { concurrent: 10, per_second: 5 };
const ATTEMPTS: usize = 1_000;
/// Sockets that the phones share, so that attempts come by every worker of the server.
const PHONE_SOCKETS: usize = 16;
/// A second as the gateway sees it: a call that waited for a busy machine on its way comes closer to the next.
const SECOND: Duration = Duration::from_millis(950);

/// Makes the attempts; the gateway never sees one too many, and whoever is refused is told why.
fn attempt(pace: Pace, holds: [Duration; 2]) -> (Load, usize) {
    let server = Server::start();
    let ends = Ends::direct(server.sip(Transport::Udp), PHONE_SOCKETS);
    let line = Line::open(&server, ends.gateway.seen_as, 20, LIMITS);
    let plan = Plan::new(&line.domain, line.callers.clone(), ATTEMPTS);
    let mut load = Load::new(Plan { pace, holds, hangs_up: HangsUp::Turns, ..plan }, ends);
    let report = load.run();
    assert_eq!(report.faults.count(), 0, "{report}");
    for call in load.phones.calls() {
        match call.outcome.as_ref() {
            Some(Outcome::Completed) => {}
            Some(Outcome::Refused(480, reason)) => {
                let parts: Vec<_> = reason.split(';').map(str::trim).collect();
                assert!(parts[0] == "Q.850" && parts.contains(&"cause=42"), "{reason}");
            }
            other => panic!("{other:?}: {report}"),
        }
    }
    let seen = load.gateway.calls();
    assert_eq!(seen.len(), report.completed, "what was refused went no further: {report}");
    let together = most_at_a_time(seen.iter().map(|call| (call.invited, call.ended)));
    assert!(together <= LIMITS.concurrent as usize, "{together} at a time");
    let in_a_second = most_within(SECOND, seen.iter().map(|call| call.invited));
    assert!(in_a_second <= LIMITS.per_second as usize, "{in_a_second} in a second");
    assert_eq!(line.concurrent_calls(&server), 0);
    (load, together)
}

#[test]
fn of_a_thousand_at_once_only_so_many_get_through() {
    let (load, _) = attempt(Pace::AtATime(ATTEMPTS), [Duration::from_secs(3); 2]);
    // At least a second's, however long the machine takes to ask.
    let taken = load.gateway.calls().len();
    assert!((LIMITS.per_second as usize..=LIMITS.concurrent as usize).contains(&taken), "{taken}");
}

#[test]
fn room_that_becomes_free_is_used_and_no_more() {
    let holds = [Duration::from_millis(1_500), Duration::from_millis(3_000)];
    let (load, together) = attempt(Pace::PerSecond(200.0), holds);
    assert_eq!(together, LIMITS.concurrent as usize, "the limit was reached");
    // Five seconds of attempts: the first ten, and more in the places of those that ended meanwhile.
    assert!(load.gateway.calls().len() > 10, "{}", load.gateway.calls().len());
}
