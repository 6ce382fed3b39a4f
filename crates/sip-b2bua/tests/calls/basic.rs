//! INVITE, ringing, answer, ACK, BYE; CANCEL; failures and failover; challenges of next hops.

use crate::bench::*;
use sip_b2bua::*;

const BOB: &str = "sip:bob@198.51.100.9";
const CONTACT: &str = "Contact: <sip:bob@198.51.100.9:5080>\r\n";
const CHALLENGE: &str = "Proxy-Authenticate: Digest realm=\"carrier\", nonce=\"n\", qop=\"auth\"\r\n";

fn begun(uris: &[&str]) -> Bench {
    Bench::begin(setup(vec![stage(uris)]), &invite("", OFFER))
}

#[test]
fn a_call_from_invite_to_bye_of_the_caller() {
    let mut bench = begun(&[BOB]);
    let out = bench.last().clone();
    assert!(bench.statuses(1).is_empty());
    assert!(
        out.text.starts_with(
            "INVITE sip:bob@198.51.100.9 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.11:5060;branch=z9hG4bKloop0"
        )
    );
    assert_eq!(header(&out.text, "Max-Forwards").as_deref(), Some("69"));
    assert_eq!(header(&out.text, "X-Tenant").as_deref(), Some("7"));
    assert_eq!(header(&out.text, "Contact").as_deref(), Some("<sip:203.0.113.11:5060>"));
    assert!(header(&out.text, "From").unwrap().starts_with("\"Alice\" <sip:+4930111@sip.example.com>;tag="));
    assert_eq!(header(&out.text, "P-Asserted-Identity"), None, "the target is not trusted");
    assert_eq!(header(&out.text, "Allow").as_deref(), Some("INVITE, ACK, CANCEL, BYE, UPDATE"), "REFER is refused");
    assert_ne!(header(&out.text, "Call-ID").as_deref(), Some("caller-call"));
    assert_eq!(body_of(&out.text), OFFER);

    bench.wait(300);
    bench.respond(&out, 180, "tagB", CONTACT, "");
    assert_eq!(tag_of(bench.response(1, 180), "To").as_deref(), Some("ourtag"));
    bench.wait(1_000);
    bench.respond(&out, 200, "tagB", CONTACT, ANSWER);
    assert_eq!(bench.told, ["ringing", "answered", "confirmed"]);
    let ok = bench.response(1, 200).to_owned();
    assert_eq!(body_of(&ok), ANSWER);
    assert_eq!(header(&ok, "Record-Route").as_deref(), Some("<sip:192.0.2.8;lr>"), "the caller's, not the called's");
    assert_eq!(header(&ok, "Contact").as_deref(), Some("<sip:203.0.113.1:5060>"));
    assert!(bench.acks[0].1.starts_with("ACK sip:bob@198.51.100.9:5080 SIP/2.0"));
    assert_eq!(header(&bench.acks[0].1, "Route").as_deref(), Some("<sip:198.51.100.1;lr>"));

    let ack = bench.caller_sends("ACK", 10, "", "");
    bench.request(0, &ack);
    bench.wait(60_000);
    let bye = bench.caller_sends("BYE", 11, "Reason: Q.850;cause=16\r\n", "");
    let bye = bench.request(0, &bye);
    assert_eq!(bench.statuses(bye.0), [200]);
    let out = bench.last().clone();
    assert!(out.text.starts_with("BYE sip:bob@198.51.100.9:5080"));
    assert_eq!(header(&out.text, "Reason").as_deref(), Some("Q.850;cause=16"));
    assert_eq!(header(&out.text, "CSeq").as_deref(), Some("2 BYE"));
    assert!(bench.facts.is_none(), "the answer to BYE closes the call");
    let hung_up = bench.now;
    bench.wait(100);
    bench.respond(&out, 200, "tagB", "", "");
    let facts = bench.facts();
    assert_eq!((facts.hung_up_by, facts.ending, facts.status), (Party::Caller, Ending::HungUp, 200));
    assert_eq!((facts.post_dial_delay_ms, facts.ended_at, facts.q850_cause), (Some(300), hung_up, Some(16)));
    assert_eq!(facts.answered_at, Some(facts.begun_at + 1_300));
}

#[test]
fn bye_of_the_called() {
    let (mut bench, out) = Bench::up();
    let bye = bench.callee_sends(&out, "tagB", ("BYE", 1), "", "");
    bench.request(1, &bye);
    let out = bench.last().clone();
    assert!(out.text.starts_with("BYE sip:alice@192.0.2.9:5060 SIP/2.0"));
    assert_eq!(header(&out.text, "Route").as_deref(), Some("<sip:192.0.2.8;lr>"));
    assert_eq!(header(&out.text, "To").as_deref(), Some("\"A\" <sip:alice@sip.example.com>;tag=fromA"));
    bench.fail(&out, Failure::TimedOut);
    assert_eq!(bench.facts().hung_up_by, Party::Callee);
}

#[test]
fn ended_from_here_says_bye_to_both() {
    let (mut bench, _) = Bench::up();
    bench.tell(|call, world, out| call.end(EndReason::Administrative, world, out));
    let byes = bench.sent("BYE");
    assert_eq!(byes.iter().map(|bye| bye.leg).collect::<Vec<_>>(), [LegId(0), LegId(1)]);
    bench.respond(&byes[0], 200, "", "", "");
    assert!(bench.facts.is_none());
    bench.respond(&byes[1], 481, "", "", "");
    let facts = bench.facts();
    assert_eq!((facts.hung_up_by, facts.ending), (Party::Us, Ending::EndedHere(EndReason::Administrative)));
}

#[test]
fn crossing_byes_end_once() {
    let (mut bench, out) = Bench::up();
    let bye = bench.caller_sends("BYE", 11, "", "");
    bench.request(0, &bye);
    let ours = bench.last().clone();
    let theirs = bench.callee_sends(&out, "tagB", ("BYE", 1), "", "");
    let ticket = bench.request(1, &theirs);
    assert_eq!(bench.statuses(ticket.0), [200]);
    bench.respond(&ours, 481, "tagB", "", "");
    assert_eq!(bench.facts().hung_up_by, Party::Caller);
}

#[test]
fn bye_waits_for_the_ack_of_the_caller() {
    let mut bench = begun(&[BOB]);
    let out = bench.last().clone();
    bench.respond(&out, 200, "tagB", CONTACT, ANSWER);
    bench.wait(4_000);
    assert_eq!(bench.statuses(1), [200, 200, 200, 200], "repeated at 0.5, 1.5 and 3.5 s");
    let bye = bench.callee_sends(&out, "tagB", ("BYE", 1), "", "");
    bench.request(1, &bye);
    assert!(bench.sent("BYE").is_empty(), "RFC 3261 section 15");
    let ack = bench.caller_sends("ACK", 10, "", "");
    bench.request(0, &ack);
    let bye = bench.sent("BYE").remove(0);
    assert_eq!(bye.leg, LegId::CALLER);
    bench.respond(&bye, 200, "", "", "");
    assert_eq!(bench.facts().hung_up_by, Party::Callee);
}

#[test]
fn a_caller_who_never_acknowledges_is_hung_up() {
    let mut bench = begun(&[BOB]);
    let out = bench.last().clone();
    bench.respond(&out, 200, "tagB", CONTACT, ANSWER);
    bench.wait(33_000);
    assert_eq!(bench.statuses(1).len(), 11);
    let byes = bench.sent("BYE");
    assert_eq!(byes.len(), 2);
    byes.iter().for_each(|bye| bench.respond(bye, 200, "", "", ""));
    assert_eq!(bench.facts().ending, Ending::Unacknowledged);
}

#[test]
fn a_repeated_success_of_the_called_is_acknowledged_again() {
    let (mut bench, out) = Bench::up();
    bench.respond(&out, 200, "tagB", CONTACT, ANSWER);
    assert_eq!(bench.acks.len(), 2);
    assert_eq!(bench.acks[0], bench.acks[1]);
}

#[test]
fn cancel_while_it_rings() {
    let mut bench = begun(&[BOB]);
    let out = bench.last().clone();
    bench.respond(&out, 180, "tagB", CONTACT, "");
    let ticket = bench.request(0, &cancel("Reason: SIP;cause=487\r\n"));
    assert_eq!((bench.statuses(ticket.0), bench.statuses(1)), (vec![200], vec![180, 487]));
    assert_eq!(bench.cancels, [(LegId(1), out.ticket, Some("SIP;cause=487".to_owned()))]);
    assert!(bench.facts.is_none());
    bench.respond(&out, 487, "tagB", "", "");
    let facts = bench.facts();
    assert_eq!((facts.hung_up_by, facts.ending, facts.status), (Party::Caller, Ending::Cancelled, 487));
    assert_eq!(facts.answered_at, None);
}

#[test]
fn cancel_before_any_provisional_response_waits_for_one() {
    let mut bench = begun(&[BOB]);
    let out = bench.last().clone();
    bench.request(0, &cancel(""));
    assert!(bench.cancels.is_empty(), "RFC 3261 section 9.1");
    bench.respond(&out, 100, "", "", "");
    assert_eq!(bench.cancels.len(), 1);
    bench.respond(&out, 487, "tagB", "", "");
    assert_eq!(bench.facts().ending, Ending::Cancelled);
}

#[test]
fn cancel_before_any_response_at_all() {
    let mut bench = begun(&[BOB]);
    let out = bench.last().clone();
    bench.request(0, &cancel(""));
    bench.fail(&out, Failure::TimedOut);
    assert_eq!(bench.facts().ending, Ending::Cancelled);
}

#[test]
fn cancel_that_crosses_the_answer_is_acknowledged_and_hung_up() {
    let mut bench = begun(&[BOB]);
    let out = bench.last().clone();
    bench.respond(&out, 180, "tagB", CONTACT, "");
    bench.request(0, &cancel(""));
    bench.respond(&out, 200, "tagB", CONTACT, ANSWER);
    assert_eq!(bench.acks.len(), 1);
    let bye = bench.last().clone();
    assert!(bye.text.starts_with("BYE sip:bob@198.51.100.9:5080"), "{}", bye.text);
    bench.respond(&out, 200, "tagB", CONTACT, ANSWER);
    assert_eq!(bench.acks.len(), 2, "repeated, since the 2xx was");
    bench.respond(&bye, 200, "tagB", "", "");
    assert_eq!((bench.facts().ending, bench.facts().answered_at), (Ending::Cancelled, None));
}

#[test]
fn a_refusal_crosses() {
    let mut bench = begun(&[BOB]);
    let out = bench.last().clone();
    bench.respond(
        &out,
        486,
        "tagB",
        "Reason: Q.850;cause=34\r\nWarning: 399 h \"x\"\r\nWWW-Authenticate: Digest nonce=\"a\"\r\n",
        "",
    );
    let refused = bench.response(1, 486);
    assert_eq!(header(refused, "Warning").as_deref(), Some("399 h \"x\""));
    let facts = bench.facts();
    assert_eq!((facts.ending, facts.status, facts.q850_cause), (Ending::Refused, 486, Some(34)));
    assert_eq!(facts.hung_up_by, Party::Callee);
}

#[test]
fn a_redirection_moves_nothing() {
    let mut bench = begun(&[BOB]);
    let out = bench.last().clone();
    bench.respond(&out, 302, "tagB", "Contact: <sip:premium@evil.test>\r\n", "");
    assert_eq!(bench.requests.len(), 1);
    assert_eq!(header(bench.response(1, 480), "Contact"), None);
    assert_eq!(bench.facts().status, 480);
}

#[test]
fn the_next_stage_follows_where_next_hops_fail() {
    for (fault, expected) in [(Some(503), 500), (Some(500), 500), (None, 500)] {
        let mut bench =
            Bench::begin(setup(vec![stage(&["sip:x@a.test"]), stage(&["sip:x@b.test"])]), &invite("", OFFER));
        let first = bench.last().clone();
        match fault {
            Some(status) => bench.respond(&first, status, "t1", "", ""),
            None => bench.fail(&first, Failure::Unreachable),
        }
        let second = bench.last().clone();
        assert!(second.text.starts_with("INVITE sip:x@b.test"), "{}", second.text);
        assert_ne!(header(&first.text, "Call-ID"), header(&second.text, "Call-ID"));
        bench.fail(&second, Failure::Unreachable);
        assert_eq!((bench.facts().status, bench.facts().ending), (expected, Ending::NextHopsFailed));
    }
}

#[test]
fn busy_is_no_failure_of_the_next_hop() {
    let mut bench = Bench::begin(setup(vec![stage(&["sip:x@a.test"]), stage(&["sip:x@b.test"])]), &invite("", OFFER));
    let first = bench.last().clone();
    bench.respond(&first, 486, "t1", "", "");
    assert_eq!((bench.requests.len(), bench.facts().status), (1, 486));
}

#[test]
fn all_timed_out_is_408() {
    let mut bench = Bench::begin(setup(vec![stage(&["sip:x@a.test"]), stage(&["sip:x@b.test"])]), &invite("", OFFER));
    bench.wait(5_000);
    assert_eq!(bench.requests.len(), 2, "the first gave no response in 5 s");
    bench.wait(5_000);
    assert_eq!(bench.statuses(1), [408]);
    for sent in bench.requests.clone() {
        bench.fail(&sent, Failure::TimedOut);
    }
    assert_eq!((bench.facts().ending, bench.facts().q850_cause), (Ending::TimedOut, Some(102)));
}

#[test]
fn the_places_of_a_target_are_tried_in_turn() {
    let mut bench = begun(&[BOB]);
    bench.places = 3;
    let first = bench.last().clone();
    bench.respond(&first, 503, "t", "", "");
    let second = bench.last().clone();
    bench.fail(&second, Failure::Unreachable);
    let third = bench.last().clone();
    assert_eq!(bench.requests.len(), 3);
    bench.respond(&third, 200, "t3", CONTACT, ANSWER);
    assert_eq!(bench.told, ["answered", "confirmed"]);
}

#[test]
fn nobody_answers_in_time() {
    let mut bench = begun(&[BOB]);
    let out = bench.last().clone();
    bench.respond(&out, 180, "tagB", CONTACT, "");
    bench.wait(60_000);
    assert_eq!((bench.statuses(1), bench.cancels.len()), (vec![180, 480], 1));
    bench.respond(&out, 487, "tagB", "", "");
    assert_eq!((bench.facts().ending, bench.facts().q850_cause), (Ending::NoAnswer, Some(19)));
}

#[test]
fn a_challenge_of_the_next_hop_is_answered_once() {
    let mut bench = begun(&[BOB]);
    bench.secret.0 = true;
    let first = bench.last().clone();
    bench.respond(&first, 407, "t1", CHALLENGE, "");
    let second = bench.last().clone();
    assert_eq!(
        header(&second.text, "Proxy-Authorization").as_deref(),
        Some("Digest username=\"trunk\", response=\"x\"")
    );
    assert_eq!(header(&second.text, "Call-ID"), header(&first.text, "Call-ID"));
    assert_eq!(header(&second.text, "CSeq").as_deref(), Some("2 INVITE"));
    bench.respond(&second, 200, "tagB", CONTACT, ANSWER);
    let ack = &bench.acks[0].1;
    assert_eq!(header(ack, "CSeq").as_deref(), Some("2 ACK"));
    assert!(header(ack, "Proxy-Authorization").is_some(), "RFC 3261 section 22.1");
}

#[test]
fn a_challenge_that_cannot_be_answered_never_crosses() {
    let mut bench = begun(&[BOB]);
    let out = bench.last().clone();
    bench.respond(&out, 401, "t1", "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n\"\r\n", "");
    assert_eq!(bench.statuses(1), [500]);
    assert_eq!(bench.facts().ending, Ending::NextHopsFailed);
}

#[test]
fn a_wrong_secret_is_tried_once_and_a_stale_nonce_twice() {
    let stale = CHALLENGE.replace("qop", "stale=TRUE, qop");
    for (second, attempts) in [(CHALLENGE, 2), (stale.as_str(), 3)] {
        let mut bench = begun(&[BOB]);
        bench.secret.0 = true;
        for challenge in [CHALLENGE, second, &stale] {
            if bench.facts.is_none() {
                let out = bench.last().clone();
                bench.respond(&out, 407, "t1", challenge, "");
            }
        }
        assert_eq!((bench.requests.len(), bench.facts().status), (attempts, 500));
    }
}

#[test]
fn impossible_invites_are_refused_at_once() {
    for (extra, status, header_of) in [
        ("Require: replaces\r\n", 420, Some(("Unsupported", "replaces"))),
        ("Max-Breadth: 0\r\n", 440, None),
        ("Via: SIP/2.0/UDP 203.0.113.11;branch=z9hG4bKloop0abc\r\n", 482, None),
        ("Supported: timer\r\nSession-Expires: 60\r\n", 422, Some(("Min-SE", "90"))),
    ] {
        let bench = Bench::begin(setup(vec![stage(&[BOB])]), &invite(extra, OFFER));
        assert_eq!(bench.statuses(1), [status], "{extra}");
        if let Some((name, value)) = header_of {
            assert_eq!(header(bench.response(1, status), name).as_deref(), Some(value));
        }
        assert_eq!((bench.facts().ending, bench.requests.len()), (Ending::Impossible, 0));
    }
    let spent = invite("", OFFER).replace("Max-Forwards: 70", "Max-Forwards: 0");
    assert_eq!(Bench::begin(setup(vec![stage(&[BOB])]), &spent).statuses(1), [483]);
}

#[test]
fn nobody_to_ring() {
    let bench = Bench::begin(setup(Vec::new()), &invite("", OFFER));
    assert_eq!(bench.statuses(1), [500]);
    let bench = Bench::begin_with(0, setup(vec![stage(&[BOB])]), &invite("", OFFER));
    assert_eq!(bench.statuses(1), [500]);
}

pub fn cancel(extra: &str) -> String {
    format!(
        "CANCEL sip:100@sip.example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKcaller1;rport\r\n\
         Max-Forwards: 70\r\nFrom: \"A\" <sip:alice@sip.example.com>;tag=fromA\r\nTo: <sip:100@sip.example.com>\r\n\
         Call-ID: caller-call\r\nCSeq: 10 CANCEL\r\n{extra}Content-Length: 0\r\n\r\n"
    )
}
