//! The judge of calls is judged itself: phones and gateway call each other through a proxy that we did not write.

use acceptance::calls::{Answer, Ends, HangsUp, Kamailio, Keeps, Load, Loss, Plan, ProcessorTime};
use std::time::Duration;

const CALLERS: usize = 10;

fn plan(calls: usize) -> Plan {
    Plan { hangs_up: HangsUp::Turns, ..Plan::new("example.test", Kamailio::callers(CALLERS), calls) }
}

/// A proxy between new sockets.
fn kamailio() -> (Kamailio, Ends) {
    let ends = Ends::direct(([127, 0, 0, 1], 9).into(), 2);
    let kamailio = Kamailio::start(ends.gateway.seen_as, (CALLERS, Keeps::InMemory), &[]);
    let ends = ends.again(kamailio.address());
    (kamailio, ends)
}

#[test]
fn calls_pass_and_cost_processor_time() {
    let (kamailio, ends) = kamailio();
    let before = ProcessorTime::of(kamailio.process());
    let mut load = Load::new(Plan { rings: Duration::from_millis(20), ..plan(1_000) }, ends);
    let report = load.run();
    report.expect_completed();
    assert_eq!((report.begun, load.gateway.calls().len()), (1_000, 1_000), "{report}");
    assert!(load.phones.calls().iter().all(|call| call.ringing.is_some()));
    assert!(ProcessorTime::of(kamailio.process()).since(before) > Duration::from_millis(10));
}

#[test]
fn calls_pass_over_a_network_that_loses_datagrams() {
    let (kamailio, ends) = kamailio();
    let (mut lossy, network) = Loss::between(kamailio.address(), 2, 0.02, 5);
    // This proxy is told where its gateway is before there is a network, so only the phones are behind it.
    lossy.gateway = ends.gateway;
    let report = Load::new(plan(300), lossy).run();
    report.expect_completed();
    assert!(network.lost() > 0 && report.repeated > 0, "{report}");
}

#[test]
fn refusals_pass() {
    let (_kamailio, ends) = kamailio();
    let report = Load::new(Plan { answer: Answer::No(486), ..plan(100) }, ends.again(ends.gateway.server)).run();
    assert_eq!(report.others.get("INVITE answered 486"), Some(&100), "{report}");
    let mut wrong = plan(100);
    wrong.callers.iter_mut().for_each(|caller| caller.password.push('x'));
    let report = Load::new(wrong, ends).run();
    assert_eq!((report.others.get("INVITE answered 407"), report.faults.count()), (Some(&100), 0), "{report}");
}
