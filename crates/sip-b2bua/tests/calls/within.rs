//! Requests within an answered call.

use crate::bench::*;
use sip_b2bua::*;

const CONTACT: &str = "Contact: <sip:bob@198.51.100.9:5080>\r\n";

#[test]
fn a_reinvite_crosses_and_is_acknowledged_on_each_leg() {
    let (mut bench, out) = Bench::up();
    let again = bench.caller_sends("INVITE", 11, "", OFFER);
    let ticket = bench.request(0, &again);
    let crossed = bench.last().clone();
    assert_eq!((body_of(&crossed.text), tag_of(&crossed.text, "To").as_deref()), (OFFER, Some("tagB")));
    assert_eq!(header(&crossed.text, "Call-ID"), header(&out.text, "Call-ID"));
    bench.respond(&crossed, 100, "", "", "");
    bench.respond(&crossed, 200, "tagB", "Contact: <sip:bob@198.51.100.77>\r\n", ANSWER);
    assert!(bench.acks[1].1.starts_with("ACK sip:bob@198.51.100.77"), "the target has moved: {}", bench.acks[1].1);
    assert_eq!(header(&bench.acks[1].1, "CSeq").as_deref(), Some("2 ACK"));
    bench.wait(600);
    assert_eq!(bench.statuses(ticket.0), [200, 200], "repeated");
    let ack = bench.caller_sends("ACK", 11, "", "");
    bench.request(0, &ack);
    bench.wait(5_000);
    assert_eq!(bench.statuses(ticket.0), [200, 200]);
    // And the other way round, without an offer.
    let again = bench.callee_sends(&out, "tagB", ("INVITE", 1), "", "");
    let ticket = bench.request(1, &again);
    let crossed = bench.last().clone();
    assert_eq!((crossed.leg, body_of(&crossed.text)), (LegId(0), ""));
    bench.respond(&crossed, 200, "", "Contact: <sip:alice@192.0.2.9:5060>\r\n", OFFER);
    assert_eq!((bench.acks.len(), body_of(bench.response(ticket.0, 200))), (2, OFFER));
    let ack = bench.callee_sends(&out, "tagB", ("ACK", 1), "", ANSWER);
    bench.request(1, &ack);
    assert_eq!((bench.acks[2].0, body_of(&bench.acks[2].1)), (LegId(0), ANSWER));
}

#[test]
fn offers_that_meet_are_refused() {
    let (mut bench, out) = Bench::up();
    let first = bench.caller_sends("INVITE", 11, "", OFFER);
    bench.request(0, &first);
    let crossed = bench.last().clone();
    for (cseq, method) in [(1, "INVITE"), (2, "UPDATE")] {
        let other = bench.callee_sends(&out, "tagB", (method, cseq), "", OFFER);
        let ticket = bench.request(1, &other);
        assert_eq!(bench.statuses(ticket.0), [491]);
    }
    let second = bench.caller_sends("INVITE", 12, "", OFFER);
    let ticket = bench.request(0, &second);
    assert!(header(bench.response(ticket.0, 500), "Retry-After").is_some());
    bench.respond(&crossed, 491, "tagB", "", "");
    let third = bench.caller_sends("INVITE", 13, "", OFFER);
    bench.request(0, &third);
    assert_eq!(bench.sent("INVITE").len(), 3);
}

#[test]
fn a_reinvite_can_be_cancelled() {
    let (mut bench, _) = Bench::up();
    let again = bench.caller_sends("INVITE", 11, "", OFFER);
    let ticket = bench.request(0, &again);
    let crossed = bench.last().clone();
    let cancel = bench.caller_sends("CANCEL", 11, "", "");
    let cancelled = bench.request(0, &cancel);
    assert_eq!((bench.statuses(cancelled.0), bench.cancels.len()), (vec![200], 0));
    bench.respond(&crossed, 180, "tagB", CONTACT, "");
    assert_eq!(bench.cancels.len(), 1);
    bench.respond(&crossed, 487, "tagB", "", "");
    assert_eq!(bench.statuses(ticket.0), [180, 487]);
    assert!(bench.call.as_ref().unwrap().is_up());
}

#[test]
fn other_methods_cross_with_what_they_carry() {
    let (mut bench, _) = Bench::up();
    for (cseq, method) in (11..).zip(["INFO", "MESSAGE", "OPTIONS", "NOTIFY", "SUBSCRIBE", "FROBNICATE"]) {
        let extra = "Event: dtmf\r\nInfo-Package: dtmf\r\nX-Key: 5\r\nAlert-Info: <http://evil.test>\r\n";
        let asked = bench.caller_sends(method, cseq, extra, "Signal=5");
        let ticket = bench.request(0, &asked);
        let crossed = bench.last().clone();
        assert!(crossed.text.starts_with(&format!("{method} sip:bob@198.51.100.9:5080")), "{}", crossed.text);
        assert_eq!((header(&crossed.text, "X-Key").as_deref(), body_of(&crossed.text)), (Some("5"), "Signal=5"));
        assert_eq!(header(&crossed.text, "Alert-Info"), None);
        bench.respond(&crossed, 200, "tagB", "X-Seen: 1\r\nP-Asserted-Identity: <sip:bob@h>\r\n", "");
        let answer = bench.response(ticket.0, 200);
        assert_eq!(header(answer, "X-Seen").as_deref(), Some("1"));
        assert_eq!(header(answer, "P-Asserted-Identity"), None);
    }
}

#[test]
fn refer_is_refused_or_passed() {
    let (mut bench, _) = Bench::up();
    let refer = bench.caller_sends("REFER", 11, "Refer-To: <sip:premium@elsewhere.test>\r\n", "");
    let ticket = bench.request(0, &refer);
    assert_eq!(bench.statuses(ticket.0), [403]);
    assert!(bench.sent("REFER").is_empty());

    let call = setup(vec![stage(&["sip:bob@198.51.100.9"])]);
    let (mut bench, _) = Bench::up_with(Setup { refer: ReferPolicy::Pass, ..call }, "", "");
    let refer = bench.caller_sends("REFER", 11, "Refer-To: <sip:x@elsewhere.test>\r\n", "");
    bench.request(0, &refer);
    assert_eq!(header(&bench.last().text, "Refer-To").as_deref(), Some("<sip:x@elsewhere.test>"));
}

#[test]
fn what_comes_out_of_order_or_asks_too_much_is_refused() {
    let (mut bench, _) = Bench::up();
    for (cseq, extra, status) in [(10, "", 500), (9, "", 500), (11, "Require: frobnication\r\n", 420)] {
        let asked = bench.caller_sends("INFO", cseq, extra, "");
        let ticket = bench.request(0, &asked);
        assert_eq!(bench.statuses(ticket.0), [status], "{cseq}");
    }
    let spent = bench.caller_sends("INFO", 12, "", "").replace("Max-Forwards: 70", "Max-Forwards: 0");
    let ticket = bench.request(0, &spent);
    assert_eq!(bench.statuses(ticket.0), [483]);
    let stranger = bench.caller_sends("BYE", 13, "", "").replace("tag=fromA", "tag=other");
    let ticket = bench.request(0, &stranger);
    assert_eq!(bench.statuses(ticket.0), [481]);
    let wrong_leg = bench.caller_sends("BYE", 14, "", "");
    let ticket = bench.request(1, &wrong_leg);
    assert_eq!(bench.statuses(ticket.0), [481]);
    assert!(bench.call.as_ref().unwrap().is_up());
}

#[test]
fn a_dialog_the_peer_does_not_know_any_more_ends_the_call() {
    for status in [481, 408] {
        let (mut bench, _) = Bench::up();
        let info = bench.caller_sends("INFO", 11, "", "");
        let ticket = bench.request(0, &info);
        let crossed = bench.last().clone();
        bench.respond(&crossed, status, "tagB", "", "");
        assert_eq!(bench.statuses(ticket.0), [status]);
        let byes = bench.sent("BYE");
        assert_eq!(byes.len(), 2);
        byes.iter().for_each(|bye| bench.fail(bye, Failure::TimedOut));
        assert_eq!(bench.facts().ending, Ending::PeerLost);
    }
    let (mut bench, _) = Bench::up();
    let info = bench.caller_sends("INFO", 11, "", "");
    let ticket = bench.request(0, &info);
    let crossed = bench.last().clone();
    bench.fail(&crossed, Failure::TimedOut);
    assert_eq!(bench.statuses(ticket.0), [408]);
}

#[test]
fn a_challenge_within_the_dialog_is_answered_or_stays_here() {
    let challenge = "Proxy-Authenticate: Digest realm=\"carrier\", nonce=\"n\"\r\n";
    let (mut bench, _) = Bench::up();
    bench.secret.0 = true;
    let info = bench.caller_sends("INFO", 11, "", "x");
    let ticket = bench.request(0, &info);
    let crossed = bench.last().clone();
    bench.respond(&crossed, 407, "tagB", challenge, "");
    let again = bench.last().clone();
    assert_eq!((header(&again.text, "CSeq").as_deref(), body_of(&again.text)), (Some("3 INFO"), "x"));
    bench.secret.0 = false;
    bench.respond(&again, 407, "tagB", challenge, "");
    assert_eq!(bench.statuses(ticket.0), [500]);
}

#[test]
fn who_asks_while_the_other_hangs_up_is_told() {
    let (mut bench, out) = Bench::up();
    let info = bench.caller_sends("INFO", 11, "", "");
    let ticket = bench.request(0, &info);
    let bye = bench.callee_sends(&out, "tagB", ("BYE", 1), "", "");
    bench.request(1, &bye);
    assert_eq!(bench.statuses(ticket.0), [487]);
    let late = bench.caller_sends("INFO", 12, "", "");
    let ticket = bench.request(0, &late);
    assert_eq!(bench.statuses(ticket.0), [481]);
}

#[test]
fn an_invite_without_offer_is_answered_in_ack() {
    let mut bench = Bench::begin(setup(vec![stage(&["sip:bob@198.51.100.9"])]), &invite("", ""));
    let out = bench.last().clone();
    bench.respond(&out, 200, "tagB", CONTACT, OFFER);
    bench.respond(&out, 200, "tagB", CONTACT, OFFER);
    assert!(bench.acks.is_empty());
    let ack = bench.caller_sends("ACK", 10, "", ANSWER);
    bench.request(0, &ack);
    assert_eq!((bench.acks.len(), body_of(&bench.acks[0].1)), (1, ANSWER));
    assert_eq!(header(&bench.acks[0].1, "Content-Type").as_deref(), Some("application/sdp"));
    bench.respond(&out, 200, "tagB", CONTACT, OFFER);
    assert_eq!(bench.acks.len(), 2);
}

#[test]
fn the_caller_is_named_to_those_we_trust_and_hidden_on_request() {
    for (trust, privacy, asserted, from) in [
        (Trust::Trusted, "", true, "\"Alice\""),
        (Trust::Untrusted, "", false, "\"Alice\""),
        (Trust::Trusted, "Privacy: id\r\n", true, "\"Anonymous\" <sip:anonymous@anonymous.invalid>"),
        (Trust::Untrusted, "Privacy: user;critical\r\n", false, "\"Anonymous\" <sip:anonymous@anonymous.invalid>"),
    ] {
        let targets = vec![target("sip:bob@198.51.100.9", trust)];
        let bench = Bench::begin(setup(vec![Stage { targets, ..stage(&[]) }]), &invite(privacy, OFFER));
        let text = &bench.last().text;
        let name = "<sip:+4930111@sip.example.com>";
        assert_eq!(header(text, "P-Asserted-Identity").as_deref(), asserted.then_some(name), "{trust:?} {privacy}");
        assert_eq!(header(text, "Privacy").is_some(), asserted && !privacy.is_empty());
        assert!(header(text, "From").unwrap().starts_with(from), "{text}");
    }
}

#[test]
fn media_is_bridged_both_ways() {
    let call = setup(vec![stage(&["sip:bob@198.51.100.9"])]);
    let mut bench = Bench::begin(Setup { media: Media::Bridged, ..call }, &invite("", OFFER));
    assert!(bench.requests.is_empty());
    let bridge = bench.bridges.pop().unwrap();
    assert_eq!((bridge.0, bridge.1, bridge.2, &bridge.3[..]), (LegId(0), LegId(1), SdpKind::Offer, OFFER.as_bytes()));
    bench.tell(|call, world, out| call.on_body(Bridged::Body(b"v=1".to_vec()), world, out));
    let out = bench.last().clone();
    assert_eq!((body_of(&out.text), header(&out.text, "Content-Length").as_deref()), ("v=1", Some("3")));
    bench.respond(&out, 200, "tagB", CONTACT, ANSWER);
    assert_eq!(bench.told, ["answered"]);
    assert_eq!(bench.bridges.pop().map(|bridge| (bridge.0, bridge.2)), Some((LegId(1), SdpKind::Answer)));
    bench.tell(|call, world, out| call.on_body(Bridged::Body(b"v=2".to_vec()), world, out));
    assert_eq!((bench.told.len(), body_of(bench.response(1, 200))), (2, "v=2"));
}

#[test]
fn media_that_cannot_be_bridged_ends_the_call() {
    let call = || Setup { media: Media::Bridged, ..setup(vec![stage(&["sip:bob@198.51.100.9"])]) };
    for (fault, status, reason) in [
        (MediaFault::Unacceptable, 488, "Q.850;cause=65;text=\"Media cannot be bridged\""),
        (MediaFault::Unavailable, 503, "Q.850;cause=47;text=\"Media proxy not available\""),
    ] {
        let mut bench = Bench::begin(call(), &invite("", OFFER));
        bench.tell(|call, world, out| call.on_body(Bridged::Failed(fault), world, out));
        assert_eq!(header(bench.response(1, status), "Reason").as_deref(), Some(reason));
        let facts = bench.facts();
        assert_eq!((facts.status, facts.ending, bench.requests.len()), (status, Ending::MediaFailed, 0));
    }

    let mut bench = Bench::begin(call(), &invite("", OFFER));
    bench.tell(|call, world, out| call.on_body(Bridged::Body(b"v=1".to_vec()), world, out));
    let out = bench.last().clone();
    bench.respond(&out, 200, "tagB", CONTACT, ANSWER);
    bench.tell(|call, world, out| call.on_body(Bridged::Failed(MediaFault::Unavailable), world, out));
    assert!(bench.last().text.starts_with("BYE "), "the called at once, the caller after its ACK");
    let ack = bench.caller_sends("ACK", 10, "", "");
    bench.request(0, &ack);
    let byes = bench.sent("BYE");
    assert_eq!(byes.len(), 2);
    byes.iter().for_each(|bye| bench.respond(bye, 200, "", "", ""));
    assert_eq!(bench.facts().ending, Ending::MediaFailed);
}

#[test]
fn a_change_of_the_session_is_not_answered_reliably() {
    let (mut bench, _) = Bench::up();
    let change = bench.caller_sends("INVITE", 11, "Supported: 100rel\r\n", OFFER);
    let ticket = bench.request(0, &change);
    let crossed = bench.last().clone();
    assert_eq!(header(&crossed.text, "Supported").as_deref(), Some("timer"));
    bench.respond(&crossed, 183, "tagB", CONTACT, ANSWER);
    assert_eq!(body_of(bench.response(ticket.0, 183)), ANSWER);
    bench.respond(&crossed, 488, "tagB", "", "");
    let demand = bench.caller_sends("INVITE", 12, "Require: 100rel\r\n", OFFER);
    let ticket = bench.request(0, &demand);
    assert_eq!(header(bench.response(ticket.0, 420), "Unsupported").as_deref(), Some("100rel"));
}
