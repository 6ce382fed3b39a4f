//! The table of client transactions, on a virtual clock.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use sip_message::{HeaderSpans, Message, parse};
use sip_transaction::{
    ClientStep, ClientTransactions, NotBegun, Outcome, Reliability, T1_MS, T4_MS, TIMER_D_MS, TIMER_F_MS, TIMER_M_MS,
    Told,
};

type Table = ClientTransactions<u32>;
const UDP: Reliability = Reliability::Unreliable;

fn request(method: &str, branch: &str) -> Box<[u8]> {
    format!(
        "{method} sip:bob@192.0.2.9;line=7 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1:5060;branch={branch};rport\r\n\
         Route: <sip:proxy.example;lr>\r\nRoute: <sip:edge.example;lr>\r\nMax-Forwards: 70\r\n\
         From: <sip:us@example.test>;tag=ours\r\nTo: <sip:bob@example.test>\r\nCall-ID: call\r\nCSeq: 7 {method}\r\n\
         Content-Length: 0\r\n\r\n"
    )
    .into_bytes()
    .into_boxed_slice()
}

fn answer(status: u16, method: &str, branch: &str) -> String {
    format!(
        "SIP/2.0 {status} Answer\r\nVia: SIP/2.0/UDP 198.51.100.1:5060;branch={branch};rport=5060\r\n\
         From: <sip:us@example.test>;tag=ours\r\nTo: <sip:bob@example.test>;tag=theirs\r\nCall-ID: call\r\n\
         CSeq: 7 {method}\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Hands a response over; what is sent, as a text, and what is told.
fn respond(table: &mut Table, text: &str, now: u64) -> Option<(u32, Option<String>, Option<Told>)> {
    let mut spans = HeaderSpans::new();
    let Ok(Message::Response(response)) = parse(text.as_bytes(), &mut spans) else { panic!("{text}") };
    table.on_response(&response, now).map(|step| shown(&step))
}

fn shown(step: &ClientStep<'_, u32>) -> (u32, Option<String>, Option<Told>) {
    (step.user, step.send.map(|octets| String::from_utf8(octets.to_vec()).unwrap()), step.tell)
}

#[test]
fn responses_find_their_transaction_by_branch_and_method() {
    let mut table = Table::new(8);
    for (user, method, branch) in [(1, "OPTIONS", "z9hG4bKa"), (2, "OPTIONS", "z9hG4bKb"), (3, "MESSAGE", "z9hG4bKa")] {
        table.begin(request(method, branch), user, (0, UDP)).unwrap();
    }
    let ended = |status| Some(Told::Ended(Outcome::Final(status)));
    assert_eq!(respond(&mut table, &answer(200, "OPTIONS", "z9hG4bKb"), 10), Some((2, None, ended(200))));
    assert_eq!(respond(&mut table, &answer(404, "MESSAGE", "z9hG4bKa"), 10), Some((3, None, ended(404))));
    assert_eq!(respond(&mut table, &answer(200, "OPTIONS", "z9hG4bKc"), 10), None, "nobody's");
    assert_eq!(respond(&mut table, &answer(200, "INVITE", "z9hG4bKa"), 10), None, "another method");
    let through = answer(200, "OPTIONS", "z9hG4bKa").replace("rport=5060", "rport=5060, SIP/2.0/UDP far.example");
    assert_eq!(respond(&mut table, &through, 10), None, "went through us");
    assert_eq!(respond(&mut table, &answer(200, "OPTIONS", "z9hG4bKa"), 10), Some((1, None, ended(200))));
    assert_eq!(respond(&mut table, &answer(200, "OPTIONS", "z9hG4bKa"), 11), None, "told once");
}

#[test]
fn what_cannot_have_a_transaction_is_refused() {
    let mut table = Table::new(2);
    assert_eq!(table.begin(request("ACK", "z9hG4bKa"), 1, (0, UDP)), Err(NotBegun::NotARequest));
    assert_eq!(table.begin(Box::from(*b"SIP/2.0 200 OK\r\n\r\n"), 1, (0, UDP)), Err(NotBegun::NotARequest));
    table.begin(request("INVITE", "z9hG4bKa"), 1, (0, UDP)).unwrap();
    assert_eq!(table.begin(request("INVITE", "z9hG4bKa"), 2, (0, UDP)), Err(NotBegun::BranchInUse));
    table.begin(request("CANCEL", "z9hG4bKa"), 2, (0, UDP)).unwrap();
    assert_eq!(table.begin(request("INVITE", "z9hG4bKb"), 3, (0, UDP)), Err(NotBegun::TooMany));
    assert_eq!(table.len(), 2);
}

#[test]
fn one_queue_wakes_all_of_them_and_is_empty_in_the_end() {
    let mut table = Table::new(1_000);
    for user in 0..500 {
        let reliability = if user % 2 == 0 { UDP } else { Reliability::Reliable };
        let method = if user % 3 == 0 { "INVITE" } else { "OPTIONS" };
        table.begin(request(method, &format!("z9hG4bK{user}")), user, (u64::from(user), reliability)).unwrap();
    }
    let (mut sent, mut timed_out, mut now) = (0, Vec::new(), 0);
    while let Some(at) = table.wakes_at() {
        assert!(at >= now, "time goes on");
        now = at;
        while let Some(step) = table.on_time(now) {
            sent += u32::from(step.send.is_some());
            if step.tell == Some(Told::Ended(Outcome::TimedOut)) {
                timed_out.push(step.user);
            }
        }
    }
    timed_out.sort_unstable();
    assert_eq!(timed_out, (0..500).collect::<Vec<_>>(), "each once");
    // Of the even ones 84 are INVITEs, sent six times more, and 166 are not, sent ten times more.
    assert_eq!((sent, now), (84 * 6 + 166 * 10, 499 + TIMER_F_MS));
    assert!(table.is_empty());
}

#[test]
fn a_refused_invite_is_acknowledged_in_its_own_transaction() {
    let mut table = Table::new(8);
    table.begin(request("INVITE", "z9hG4bKa"), 1, (0, UDP)).unwrap();
    let (_, ack, told) = respond(&mut table, &answer(486, "INVITE", "z9hG4bKa"), 20).unwrap();
    assert_eq!(told, Some(Told::Ended(Outcome::Final(486))));
    let ack = ack.unwrap();
    assert_eq!(
        ack,
        "ACK sip:bob@192.0.2.9;line=7 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKa;rport\r\n\
         Max-Forwards: 70\r\nRoute: <sip:proxy.example;lr>\r\nRoute: <sip:edge.example;lr>\r\n\
         From: <sip:us@example.test>;tag=ours\r\nTo: <sip:bob@example.test>;tag=theirs\r\nCall-ID: call\r\n\
         CSeq: 7 ACK\r\nContent-Length: 0\r\n\r\n"
    );
    let again = respond(&mut table, &answer(486, "INVITE", "z9hG4bKa"), 520);
    assert_eq!(again, Some((1, Some(ack), None)), "acknowledged again and told no more");
    assert_eq!(table.wakes_at(), Some(20 + TIMER_D_MS));
    assert!(table.on_time(20 + TIMER_D_MS).is_none());
    assert!(table.is_empty());
}

#[test]
fn every_2xx_reaches_the_user() {
    let mut table = Table::new(8);
    table.begin(request("INVITE", "z9hG4bKa"), 1, (0, UDP)).unwrap();
    let ok = answer(200, "INVITE", "z9hG4bKa");
    assert_eq!(respond(&mut table, &ok, 20), Some((1, None, Some(Told::Ended(Outcome::Final(200))))));
    let fork = ok.replace("tag=theirs", "tag=another");
    for text in [&ok, &fork] {
        assert_eq!(respond(&mut table, text, 600), Some((1, None, Some(Told::Repeated(200)))));
    }
    assert!(table.on_time(20 + TIMER_M_MS).is_none());
    assert_eq!(respond(&mut table, &ok, 20 + TIMER_M_MS), None);
    assert!(table.is_empty());
}

#[test]
fn cancel_waits_for_a_sign_of_life_and_bounds_the_rest() {
    let mut table = Table::new(8);
    let invite = table.begin(request("INVITE", "z9hG4bKa"), 1, (0, UDP)).unwrap();
    assert_eq!(table.cancel(invite, None, 10), None);
    respond(&mut table, &answer(180, "INVITE", "z9hG4bKa"), 20).unwrap();
    assert_eq!(table.wakes_at(), None, "it may ring for as long as its user likes");
    let cancel = table.cancel(invite, Some(b"SIP;cause=200"), 60_000).unwrap();
    let text = String::from_utf8(cancel.to_vec()).unwrap();
    assert!(
        text.starts_with(
            "CANCEL sip:bob@192.0.2.9;line=7 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKa"
        )
    );
    assert!(text.contains("\r\nTo: <sip:bob@example.test>\r\n") && text.contains("\r\nCSeq: 7 CANCEL\r\n"));
    assert!(text.contains("\r\nReason: SIP;cause=200\r\n"), "{text}");
    table.begin(cancel, 2, (60_000, UDP)).unwrap();
    respond(&mut table, &answer(200, "CANCEL", "z9hG4bKa"), 60_010).unwrap();
    let (user, _, told) = respond(&mut table, &answer(487, "INVITE", "z9hG4bKa"), 60_020).unwrap();
    assert_eq!((user, told), (1, Some(Told::Ended(Outcome::Final(487)))));
    assert!(table.on_time(60_010 + T4_MS).is_none());
    assert!(table.on_time(60_020 + TIMER_D_MS).is_none());
    assert!(table.is_empty());
}

#[test]
fn a_flow_that_fails_ends_it_and_an_abandoned_one_is_silent() {
    let mut table = Table::new(8);
    let first = table.begin(request("OPTIONS", "z9hG4bKa"), 1, (0, UDP)).unwrap();
    let second = table.begin(request("OPTIONS", "z9hG4bKb"), 2, (0, UDP)).unwrap();
    let failed = table.on_flow_failed(first).map(|step| shown(&step));
    assert_eq!(failed, Some((1, None, Some(Told::Ended(Outcome::FlowFailed)))));
    assert_eq!(table.on_flow_failed(first), None);
    assert_eq!(table.wakes_at(), Some(T1_MS));
    table.abandon(second);
    assert_eq!(respond(&mut table, &answer(200, "OPTIONS", "z9hG4bKb"), 10), None);
    assert_eq!((table.wakes_at(), table.len()), (None, 0));
}
