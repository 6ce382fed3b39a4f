//! Answered calls over a restart.

use crate::bench::*;
use sip_b2bua::*;
use std::path::Path as FilePath;

/// A call as version 1 wrote it. It is never written anew: what once was stored has to stay readable.
const KEPT: &str = "tests/calls/snapshot_v1.bin";

fn restored(octets: &[u8], now: Millis) -> Bench {
    let mut bench = Bench::idle(7);
    bench.now = now;
    bench.call = Some(Call::restore(octets, now).unwrap());
    bench
}

#[test]
fn a_restored_call_goes_on_and_ends() {
    let (bench, out) = Bench::up();
    let snapshot = bench.call.as_ref().unwrap().snapshot().unwrap();
    let views: Vec<_> = dialogs(bench.call.as_ref().unwrap());
    let bye = bench.caller_sends("BYE", 11, "", "");
    let now = bench.now + 5_000;
    let mut later = restored(&snapshot, now);
    assert_eq!(dialogs(later.call.as_ref().unwrap()), views);
    assert_eq!(later.call.as_ref().unwrap().snapshot().map(|octets| octets.len()), Some(snapshot.len()));
    let info = bench.callee_sends(&out, "tagB", ("INFO", 1), "", "x");
    let ticket = later.request(1, &info);
    let crossed = later.last().clone();
    assert_eq!(header(&crossed.text, "CSeq").as_deref(), Some("1001 INFO"), "numbers may have been used meanwhile");
    later.respond(&crossed, 200, "", "", "");
    assert_eq!(later.statuses(ticket.0), [200]);
    later.request(0, &bye);
    let bye = later.last().clone();
    assert_eq!(header(&bye.text, "Route").as_deref(), Some("<sip:198.51.100.1;lr>"));
    later.respond(&bye, 200, "", "", "");
    let facts = later.facts();
    assert_eq!((facts.hung_up_by, facts.answered_at, facts.ended_at), (Party::Caller, Some(1_000_000), now));
    assert_eq!(&*facts.caller_call_id, b"caller-call");
}

#[test]
fn session_timers_begin_anew() {
    let (bench, _) = Bench::up();
    let snapshot = bench.call.as_ref().unwrap().snapshot().unwrap();
    let later = restored(&snapshot, bench.now + 1_000_000);
    assert_eq!(later.call.as_ref().unwrap().wakes_at(), Some(bench.now + 1_000_000 + 1_800_000));
}

#[test]
fn only_answered_calls_have_a_snapshot() {
    let mut bench = Bench::begin(setup(vec![stage(&["sip:b@h"])]), &invite("", OFFER));
    assert_eq!(bench.call.as_ref().unwrap().snapshot(), None);
    let out = bench.last().clone();
    bench.respond(&out, 486, "t", "", "");
    assert_eq!(bench.call.as_ref().unwrap().snapshot(), None);
}

#[test]
fn a_damaged_snapshot_is_told_from_a_newer_one() {
    let (bench, _) = Bench::up();
    let snapshot = bench.call.as_ref().unwrap().snapshot().unwrap();
    for length in 0..snapshot.len() {
        assert!(matches!(Call::restore(&snapshot[..length], 0), Err(BadSnapshot::Damaged)), "{length}");
    }
    let newer = [&[99][..], &snapshot[1..]].concat();
    assert!(matches!(Call::restore(&newer, 0), Err(BadSnapshot::UnknownVersion)));
}

#[test]
fn what_version_1_wrote_is_read() {
    let octets = std::fs::read(FilePath::new(env!("CARGO_MANIFEST_DIR")).join(KEPT)).unwrap();
    let mut bench = restored(&octets, 9_000_000);
    bench.tell(|call, world, out| call.end(EndReason::Shutdown, world, out));
    let byes = bench.sent("BYE");
    assert!(
        byes[0].text.starts_with("BYE sip:alice@192.0.2.9:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.1:5060;branch=")
    );
    assert!(
        byes[1].text.starts_with("BYE sip:bob@198.51.100.9:5080 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.11:5060;branch=")
    );
    byes.iter().for_each(|bye| bench.respond(bye, 200, "", "", ""));
    assert_eq!(bench.facts().begun_at, 1_000_000);
    assert_eq!(bench.facts().target, Some(TargetRef { stage: 0, target: 0 }));
}

fn dialogs(call: &Call) -> Vec<[Vec<u8>; 4]> {
    let views = call.dialogs();
    views.map(|view| [view.call_id, view.local_tag, view.remote_tag, view.next_hop].map(<[u8]>::to_vec)).collect()
}
