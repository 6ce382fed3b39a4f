//! Calls outlive the process that set them up: after a kill both sides can still end them, each leaves one record, and no
//! place stays taken.

use acceptance::Server;
use acceptance::bounded::wait_for;
use acceptance::calls::{Ends, GONE_WITHIN, HangsUp, Limits, Line, Load, Pace, Plan, Record, left};
use acceptance::sip::Transport;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const CALLS: usize = 500;
/// Records are written behind; nothing tells from outside when.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

#[test]
fn five_hundred_calls_survive_a_kill() {
    let mut server = Server::start_with(&["--metrics-listen", "127.0.0.1:0"]);
    server.keep_addresses();
    let ends = Ends::direct(server.sip(Transport::Udp), 8);
    let line = Line::open(&server, ends.gateway.seen_as, 100, Limits::NONE);
    let plan = Plan { hangs_up: HangsUp::Nobody, ..Plan::new(&line.domain, line.callers.clone(), CALLS) };
    let mut load = Load::new(Plan { pace: Pace::AtATime(CALLS), ..plan }, ends);
    load.run_until(|load| load.phones.up() == CALLS && load.gateway.up() == CALLS);

    server.kill_dash_nine();
    server.start_again();
    assert_eq!(line.concurrent_calls(&server), CALLS as u64, "they are known again");
    for call in 0..CALLS {
        let now = Instant::now();
        if call % 2 == 0 {
            load.phones.hang_up(call, now);
        } else {
            let place = load.gateway.calls().iter().position(|known| known.call == call).expect("a call");
            load.gateway.hang_up(place, now);
        }
    }
    load.run().expect_completed();

    let records = wait_for("a record of each call", WRITTEN_WITHIN, || {
        let records = Record::of(&server, &line.account);
        (records.len() >= CALLS).then_some(records)
    });
    assert_eq!(records.len(), CALLS);
    let expected: BTreeSet<(String, &str)> =
        (0..CALLS).map(|call| (load.phones.call_id(call), if call % 2 == 0 { "caller" } else { "callee" })).collect();
    let recorded: BTreeSet<(String, &str)> =
        records.iter().map(|record| (record.text("caller_call_id").to_owned(), record.text("hung_up_by"))).collect();
    assert_eq!(recorded, expected);
    assert!(records.iter().all(|record| record.text("reason") == "completed"));
    wait_for("nothing left of any call", GONE_WITHIN, || {
        load.run_for(Duration::from_millis(200));
        left(&server, &line).is_empty().then_some(())
    });
}
