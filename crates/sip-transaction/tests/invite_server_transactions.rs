//! The table of INVITE server transactions, on a virtual clock.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use sip_message::{HeaderSpans, Message, parse};
use sip_transaction::{
    Acknowledged, InviteServerTransactions, MessageSource, NotTaken, Reliability, TIMER_H_MS, TIMER_L_MS,
    TRYING_AFTER_MS, TransactionKey,
};

type Table = InviteServerTransactions<u32>;
const UDP: Reliability = Reliability::Unreliable;

fn key(branch: &str) -> TransactionKey {
    let invite = format!(
        "INVITE sip:bob@example.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch={branch}\r\n\
         From: <sip:alice@example.test>;tag=1\r\nTo: <sip:bob@example.test>\r\nCall-ID: call\r\nCSeq: 7 INVITE\r\n\
         Max-Forwards: 70\r\nContact: <sip:alice@192.0.2.7>\r\nContent-Length: 0\r\n\r\n"
    );
    let mut spans = HeaderSpans::new();
    let Ok(Message::Request(request)) = parse(invite.as_bytes(), &mut spans) else { panic!("{invite}") };
    let mut key = TransactionKey::new();
    let source = MessageSource { remote: "192.0.2.7:5060".parse().unwrap(), discriminator: 0 };
    key.read(&request.check().unwrap(), source);
    key
}

fn trying() -> Box<[u8]> {
    b"100".as_slice().into()
}

/// What is due at a moment: user, octets, whether it was never acknowledged.
fn due(table: &mut Table, now: u64) -> Vec<(u32, Vec<u8>, bool)> {
    let mut steps = Vec::new();
    while table.on_time(now, |step| steps.push((*step.user, step.send.to_vec(), step.is_unacknowledged))) {}
    steps
}

#[test]
fn a_slow_user_is_covered_by_100_and_retransmissions_get_the_last_response() {
    let mut table = Table::new(2);
    let id = table.begin(&key("z9hG4bKa"), (7, trying()), (0, UDP)).unwrap();
    assert_eq!(table.find(&key("z9hG4bKa")), Some(id));
    assert_eq!(table.find(&key("z9hG4bKb")), None);
    assert_eq!(table.on_retransmission(id), b"", "nothing was sent yet");
    assert_eq!(table.wakes_at(), Some(TRYING_AFTER_MS));
    assert_eq!(due(&mut table, TRYING_AFTER_MS - 1), []);
    assert_eq!(due(&mut table, TRYING_AFTER_MS), [(7, b"100".to_vec(), false)]);
    assert_eq!(table.on_retransmission(id), b"100");
    assert!(table.on_response(id, (180, b"180"), 300));
    assert_eq!(table.on_retransmission(id), b"180");
    assert_eq!(table.wakes_at(), None, "it may ring as long as its user likes");
}

#[test]
fn a_failure_is_repeated_until_its_ack_and_told_when_none_comes() {
    let mut table = Table::new(2);
    let acked = table.begin(&key("z9hG4bKa"), (1, trying()), (0, UDP)).unwrap();
    let silent = table.begin(&key("z9hG4bKb"), (2, trying()), (0, UDP)).unwrap();
    assert!(table.on_response(acked, (486, b"486"), 10));
    assert!(table.on_response(silent, (603, b"603"), 10));
    assert!(!table.on_response(silent, (200, b"200"), 11), "there is one final response");
    assert_eq!(table.on_ack(acked, 20), Some(Acknowledged::Failure));
    assert_eq!(due(&mut table, 510), [(2, b"603".to_vec(), false)]);
    let mut last = Vec::new();
    while let Some(at) = table.wakes_at() {
        last = due(&mut table, at).into_iter().filter(|step| step.2).chain(last).collect();
    }
    assert_eq!(last, [(2, Vec::new(), true)]);
    assert!(table.is_empty());
    assert_eq!(table.on_ack(silent, TIMER_H_MS + 100), None);
}

#[test]
fn a_success_is_its_users_to_repeat() {
    let mut table = Table::new(2);
    let id = table.begin(&key("z9hG4bKa"), (1, trying()), (0, UDP)).unwrap();
    assert!(table.on_response(id, (200, b"200"), 10));
    assert!(table.on_response(id, (200, b"200"), 510), "again, until it is acknowledged");
    assert_eq!(table.on_retransmission(id), b"");
    assert_eq!(table.on_ack(id, 600), Some(Acknowledged::Success(&1)));
    assert_eq!(due(&mut table, 10 + TIMER_L_MS), []);
    assert!(table.is_empty());
}

#[test]
fn it_has_an_end_and_a_key_is_used_once() {
    let mut table = Table::new(2);
    table.begin(&key("z9hG4bKa"), (1, trying()), (0, UDP)).unwrap();
    assert_eq!(table.begin(&key("z9hG4bKa"), (2, trying()), (0, UDP)), Err(NotTaken::KeyInUse));
    table.begin(&key("z9hG4bKb"), (2, trying()), (0, UDP)).unwrap();
    assert_eq!(table.begin(&key("z9hG4bKc"), (3, trying()), (0, UDP)), Err(NotTaken::TooMany));
    assert_eq!((table.len(), table.user(table.find(&key("z9hG4bKb")).unwrap())), (2, Some(&2)));
}
