//! Session timers of both legs (RFC 4028).

use crate::bench::*;
use sip_b2bua::*;

const BOB: &str = "sip:bob@198.51.100.9";
const CONTACT: &str = "Contact: <sip:bob@198.51.100.9:5080>\r\n";

fn up(caller: &str, callee: &str) -> (Bench, Sent) {
    Bench::up_with(setup(vec![stage(&[BOB])]), caller, callee)
}

#[test]
fn what_is_asked_and_granted() {
    let (bench, out) = up(
        "Supported: timer\r\nSession-Expires: 600\r\n",
        "Supported: timer\r\nSession-Expires: 1800;refresher=uas\r\n",
    );
    assert_eq!(header(&out.text, "Session-Expires").as_deref(), Some("1800;refresher=uas"), "each leg has its own");
    let granted = bench.response(1, 200);
    assert_eq!(header(granted, "Session-Expires").as_deref(), Some("600;refresher=uas"));
    assert_eq!(header(granted, "Supported").as_deref(), Some("timer"));
    let (bench, _) = up("Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n", "");
    let granted = bench.response(1, 200);
    assert_eq!(header(granted, "Session-Expires").as_deref(), Some("600;refresher=uac"));
    assert_eq!(header(granted, "Require").as_deref(), Some("timer"));
    let (bench, _) = up("", "");
    assert_eq!(header(bench.response(1, 200), "Session-Expires"), None, "the caller knows no timers");
}

#[test]
fn we_refresh_by_update_at_half_time() {
    let (mut bench, _) = up(
        "Supported: timer\r\nSession-Expires: 600\r\n",
        "Supported: timer\r\nSession-Expires: 1800;refresher=uas\r\n",
    );
    bench.wait(300_000);
    let refresh = bench.last().clone();
    assert!(refresh.text.starts_with("UPDATE sip:alice@192.0.2.9:5060 ") && body_of(&refresh.text).is_empty());
    assert_eq!(header(&refresh.text, "Session-Expires").as_deref(), Some("600;refresher=uac"));
    bench.respond(&refresh, 200, "", "Session-Expires: 600;refresher=uac\r\n", "");
    bench.wait(300_000);
    assert_eq!(bench.sent("UPDATE").len(), 2);
    let refresh = bench.last().clone();
    bench.respond(&refresh, 491, "", "", "");
    bench.wait(4_000);
    assert_eq!(bench.sent("UPDATE").len(), 3, "tried again after glare");
    let refresh = bench.last().clone();
    bench.respond(&refresh, 422, "", "Min-SE: 900\r\n", "");
    assert_eq!(header(&bench.last().text, "Session-Expires").as_deref(), Some("900;refresher=uac"));
}

#[test]
fn a_peer_without_update_is_refreshed_by_repeating_the_description() {
    let (mut bench, out) = up("", "Allow: INVITE, BYE\r\nSupported: timer\r\nSession-Expires: 200;refresher=uac\r\n");
    bench.wait(100_000);
    let refresh = bench.last().clone();
    assert!(refresh.text.starts_with("INVITE sip:bob@198.51.100.9:5080"), "{}", refresh.text);
    assert_eq!((refresh.leg, body_of(&refresh.text)), (out.leg, OFFER));
    bench.respond(&refresh, 200, "tagB", "Session-Expires: 200;refresher=uac\r\n", ANSWER);
    assert_eq!(header(&bench.acks.last().unwrap().1, "CSeq").as_deref(), Some("2 ACK"));
    assert_eq!(bench.requests.iter().filter(|sent| sent.leg == LegId(0)).count(), 0, "the caller hears nothing of it");
}

#[test]
fn a_session_nobody_refreshes_ends() {
    let (mut bench, _) = up("Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n", "");
    bench.wait(59_000);
    let refresh = bench.caller_sends("UPDATE", 11, "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n", "");
    let ticket = bench.request(0, &refresh);
    assert_eq!(header(bench.response(ticket.0, 200), "Session-Expires").as_deref(), Some("90;refresher=uac"));
    assert!(bench.sent("UPDATE").is_empty(), "a refresh is its leg's own");
    bench.wait(59_000);
    assert!(bench.sent("BYE").is_empty());
    bench.wait(1_000);
    let byes = bench.sent("BYE");
    assert_eq!(byes.len(), 2);
    byes.iter().for_each(|bye| bench.fail(bye, Failure::TimedOut));
    assert_eq!((bench.facts().ending, bench.facts().hung_up_by), (Ending::PeerLost, Party::Us));
}

#[test]
fn peers_without_timers_are_asked_whether_they_live() {
    let (mut bench, _) = up("", "Allow: INVITE, BYE, OPTIONS\r\n");
    bench.wait(1_800_000);
    let methods: Vec<_> =
        bench.requests[1..].iter().map(|sent| (sent.leg.0, sent.text.split(' ').next().unwrap())).collect();
    assert_eq!(methods, [(0, "UPDATE"), (1, "OPTIONS")]);
    let probes = bench.requests[1..].to_vec();
    bench.respond(&probes[0], 200, "", "", "");
    bench.respond(&probes[1], 405, "tagB", CONTACT, "");
    bench.wait(1_800_000);
    let probe = bench.last().clone();
    bench.respond(&probe, 481, "tagB", "", "");
    assert_eq!(bench.sent("BYE").len(), 2);
}

#[test]
fn a_dead_peer_ends_the_call() {
    let (mut bench, _) = up("", "");
    bench.wait(1_800_000);
    let probe = bench.last().clone();
    bench.fail(&probe, Failure::TimedOut);
    let byes = bench.sent("BYE");
    byes.iter().for_each(|bye| bench.fail(bye, Failure::TimedOut));
    assert_eq!(bench.facts().ending, Ending::PeerLost);
}

#[test]
fn an_interval_too_small_for_the_called_is_raised() {
    let mut bench = Bench::begin(setup(vec![stage(&[BOB])]), &invite("", OFFER));
    let out = bench.last().clone();
    bench.respond(&out, 422, "t", "Min-SE: 3600\r\n", "");
    let again = bench.last().clone();
    assert_eq!(header(&again.text, "Session-Expires").as_deref(), Some("3600;refresher=uas"));
    assert_eq!(header(&again.text, "Min-SE").as_deref(), Some("3600"));
    bench.respond(&again, 422, "t", "Min-SE: 3600\r\n", "");
    assert_eq!(bench.facts().status, 500, "the caller has nothing to do with it");
}

#[test]
fn a_session_change_with_too_small_an_interval_is_422() {
    let (mut bench, _) = up("Supported: timer\r\n", "");
    let change = bench.caller_sends("INVITE", 11, "Supported: timer\r\nSession-Expires: 30\r\n", OFFER);
    let ticket = bench.request(0, &change);
    assert_eq!(header(bench.response(ticket.0, 422), "Min-SE").as_deref(), Some("90"));
}
