//! Reliable provisional responses, PRACK and early UPDATE (RFC 3262, RFC 3311).

use crate::bench::*;
use sip_b2bua::*;

const RELIABLE: &str = "Contact: <sip:bob@198.51.100.9:5080>\r\nRequire: 100rel\r\nRSeq: 7001\r\n";

fn early() -> (Bench, Sent) {
    let mut bench =
        Bench::begin(setup(vec![stage(&["sip:bob@198.51.100.9"])]), &invite("Supported: 100rel, replaces\r\n", OFFER));
    let out = bench.last().clone();
    assert_eq!(header(&out.text, "Supported").as_deref(), Some("timer, 100rel"), "replaces is not carried");
    bench.respond(&out, 183, "tagB", RELIABLE, ANSWER);
    (bench, out)
}

#[test]
fn it_is_repeated_until_its_prack_and_that_crosses() {
    let (mut bench, out) = early();
    let progress = bench.response(1, 183).to_owned();
    assert_eq!(
        (header(&progress, "RSeq").as_deref(), header(&progress, "Require").as_deref()),
        (Some("1"), Some("100rel"))
    );
    bench.wait(1_600);
    assert_eq!(bench.statuses(1), [183, 183, 183]);
    bench.respond(&out, 183, "tagB", RELIABLE, ANSWER);
    assert_eq!(bench.statuses(1).len(), 3, "the called repeats, and its PRACK will come");
    let prack = bench.caller_sends("PRACK", 11, "RAck: 1 10 INVITE\r\n", "");
    let ticket = bench.request(0, &prack);
    let crossed = bench.last().clone();
    assert!(crossed.text.starts_with("PRACK sip:bob@198.51.100.9:5080"));
    assert_eq!(header(&crossed.text, "RAck").as_deref(), Some("7001 1 INVITE"));
    assert_eq!(header(&crossed.text, "Contact"), None);
    bench.respond(&crossed, 200, "tagB", "", "");
    assert_eq!(bench.statuses(ticket.0), [200]);
    bench.wait(10_000);
    assert_eq!(bench.statuses(1).len(), 3);
    bench.respond(&out, 183, "tagB", &RELIABLE.replace("7001", "7003"), ANSWER);
    assert_eq!(bench.statuses(1).len(), 3, "7002 is missing");
    bench.respond(&out, 180, "tagB", &RELIABLE.replace("7001", "7002"), "");
    assert_eq!(header(bench.response(1, 180), "RSeq").as_deref(), Some("2"));
}

#[test]
fn a_prack_for_nothing_is_481() {
    let (mut bench, _) = early();
    for (cseq, rack) in [(11, "2 10 INVITE"), (12, "1 9 INVITE"), (13, "1 10 UPDATE")] {
        let prack = bench.caller_sends("PRACK", cseq, &format!("RAck: {rack}\r\n"), "");
        let ticket = bench.request(0, &prack);
        assert_eq!(bench.statuses(ticket.0), [481], "{rack}");
    }
    let prack = bench.caller_sends("PRACK", 14, "", "");
    let ticket = bench.request(0, &prack);
    assert_eq!(bench.statuses(ticket.0), [400]);
}

#[test]
fn a_caller_who_never_acknowledges_it_is_refused() {
    let (mut bench, out) = early();
    bench.wait(32_000);
    assert_eq!(bench.statuses(1).last(), Some(&504));
    bench.respond(&out, 487, "tagB", "", "");
    assert_eq!(bench.facts().ending, Ending::Unacknowledged);
}

#[test]
fn reliability_is_not_offered_for_a_caller_without_it() {
    let mut bench = Bench::begin(setup(vec![stage(&["sip:bob@198.51.100.9"])]), &invite("", OFFER));
    let out = bench.last().clone();
    assert_eq!(header(&out.text, "Supported").as_deref(), Some("timer"));
    bench.respond(&out, 183, "tagB", RELIABLE, ANSWER);
    assert_eq!(header(bench.response(1, 183), "RSeq"), None);
}

#[test]
fn early_updates_cross_both_ways() {
    let (mut bench, out) = early();
    let update = bench.caller_sends("UPDATE", 11, "", OFFER);
    let ticket = bench.request(0, &update);
    let crossed = bench.last().clone();
    assert_eq!((body_of(&crossed.text), crossed.leg), (OFFER, LegId(1)));
    bench.respond(&crossed, 200, "tagB", "Contact: <sip:bob@198.51.100.9:5090>\r\n", ANSWER);
    assert_eq!(body_of(bench.response(ticket.0, 200)), ANSWER);
    let update = bench.callee_sends(&out, "tagB", ("UPDATE", 1), "", OFFER);
    let ticket = bench.request(1, &update);
    assert_eq!(bench.statuses(ticket.0), []);
    assert!(bench.last().text.starts_with("UPDATE sip:alice@192.0.2.9 SIP/2.0"), "the target of its UPDATE");
}

#[test]
fn who_asks_in_a_dialog_that_ends_is_told() {
    let (mut bench, out) = early();
    let update = bench.caller_sends("UPDATE", 11, "", OFFER);
    let ticket = bench.request(0, &update);
    bench.respond(&out, 486, "tagB", "", "");
    assert_eq!(bench.statuses(ticket.0), [487]);
    assert_eq!(bench.facts().status, 486);
}

#[test]
fn the_answer_of_an_invite_without_offer_comes_in_prack() {
    let call = setup(vec![stage(&["sip:bob@198.51.100.9"])]);
    let mut bench = Bench::begin(Setup { media: Media::Bridged, ..call }, &invite("Supported: 100rel\r\n", ""));
    let out = bench.last().clone();
    bench.respond(&out, 183, "tagB", RELIABLE, OFFER);
    assert_eq!(bench.bridges.pop().map(|bridge| bridge.2), Some(SdpKind::Offer));
    bench.tell(|call, world, out| call.on_body(Bridged::Body(b"bridged offer".to_vec()), world, out));
    assert_eq!(body_of(bench.response(1, 183)), "bridged offer");
    let prack = bench.caller_sends("PRACK", 11, "RAck: 1 10 INVITE\r\n", ANSWER);
    bench.request(0, &prack);
    assert_eq!(
        bench.bridges.pop().map(|bridge| (bridge.0, bridge.1, bridge.2)),
        Some((LegId(0), LegId(1), SdpKind::Answer))
    );
    bench.tell(|call, world, out| call.on_body(Bridged::Body(b"bridged answer".to_vec()), world, out));
    assert_eq!(body_of(&bench.last().text), "bridged answer");
}
