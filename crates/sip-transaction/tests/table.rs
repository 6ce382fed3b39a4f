//! The table of server transactions, on a virtual clock.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use sip_message::{HeaderSpans, Message, parse};
use sip_transaction::{Absorbed, Limits, MessageSource, Reliability, ServerTransactions, TIMER_J_MS, TransactionKey};

const PHONE: &str = "192.0.2.7:5060";

fn register(branch: &str, cseq: u32) -> String {
    let via_branch = if branch.is_empty() { String::new() } else { format!(";branch={branch}") };
    format!(
        "REGISTER sip:example.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060{via_branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:alice@example.test>;tag=a\r\nTo: <sip:alice@example.test>\r\nCall-ID: call\r\n\
         CSeq: {cseq} REGISTER\r\nContent-Length: 0\r\n\r\n"
    )
}

fn key_from(text: &str, remote: &str) -> TransactionKey {
    let mut spans = HeaderSpans::new();
    let Ok(Message::Request(request)) = parse(text.as_bytes(), &mut spans) else { panic!("{text}") };
    let mut key = TransactionKey::new();
    let source = MessageSource { remote: remote.parse().unwrap(), discriminator: 0 };
    key.read(&request.check().unwrap(), source);
    key
}

#[test]
fn a_retransmission_gets_the_same_answer_until_timer_j() {
    let mut table = ServerTransactions::new(Limits { transactions: 8, memory_octets: 4096 });
    let key = key_from(&register("z9hG4bKa", 1), PHONE);
    assert_eq!(table.absorb(&key, 0), None);
    table.complete(&key, b"SIP/2.0 200 OK", (0, Reliability::Unreliable));
    assert_eq!(table.absorb(&key, TIMER_J_MS - 1), Some(Absorbed::Answer(b"SIP/2.0 200 OK")));
    assert_eq!(table.absorb(&key, TIMER_J_MS), None);
    assert!(table.is_empty());
}

#[test]
fn another_branch_source_or_method_is_another_transaction() {
    let mut table = ServerTransactions::new(Limits::default());
    table.complete(&key_from(&register("z9hG4bKa", 1), PHONE), b"answer", (0, Reliability::Unreliable));
    let others = [
        key_from(&register("z9hG4bKb", 1), PHONE),
        key_from(&register("z9hG4bKa", 1), "192.0.2.8:5060"),
        key_from(&register("z9hG4bKa", 1), "192.0.2.7:5061"),
        key_from(&register("z9hG4bKa", 1).replace("REGISTER", "OPTIONS"), PHONE),
        key_from(&register("z9hG4bKa", 1).replace("192.0.2.7:5060;", "192.0.2.7:5062;"), PHONE),
    ];
    for other in &others {
        assert_eq!(table.absorb(other, 0), None, "{other:?}");
    }
}

#[test]
fn without_the_magic_cookie_the_older_rules_apply() {
    let mut table = ServerTransactions::new(Limits::default());
    for branch in ["", "old", "z9hG4bK"] {
        let key = key_from(&register(branch, 1), PHONE);
        assert_eq!(table.absorb(&key, 0), None, "{branch}");
        table.complete(&key, b"first", (0, Reliability::Unreliable));
        assert_eq!(table.absorb(&key, 1), Some(Absorbed::Answer(b"first")), "{branch}");
        assert_eq!(table.absorb(&key_from(&register(branch, 2), PHONE), 1), None, "{branch}");
    }
}

#[test]
fn a_request_waiting_for_its_user_is_absorbed_and_answered_later() {
    let mut table = ServerTransactions::new(Limits::default());
    let key = key_from(&register("z9hG4bKa", 1), PHONE);
    table.begin(&key, 0);
    assert_eq!(table.absorb(&key, 500), Some(Absorbed::Waiting));
    table.complete(&key, b"late", (900, Reliability::Unreliable));
    assert_eq!(table.absorb(&key, 1500), Some(Absorbed::Answer(b"late")));
    assert_eq!(table.len(), 1);
}

#[test]
fn nothing_is_kept_over_a_reliable_transport() {
    let mut table = ServerTransactions::new(Limits::default());
    let key = key_from(&register("z9hG4bKa", 1), PHONE);
    table.complete(&key, b"answer", (0, Reliability::Reliable));
    assert_eq!(table.absorb(&key, 0), None);
}

#[test]
fn memory_is_bounded_and_the_oldest_gives_way() {
    let limits = Limits { transactions: 100, memory_octets: 16 << 10 };
    let mut table = ServerTransactions::new(limits);
    let answer = vec![b'x'; 300];
    for number in 0..1000 {
        let key = key_from(&register(&format!("z9hG4bK{number}"), number), PHONE);
        table.complete(&key, &answer, (u64::from(number), Reliability::Unreliable));
        assert!(table.len() <= 100);
        assert_eq!(table.absorb(&key, u64::from(number)), Some(Absorbed::Answer(&answer[..])));
    }
    assert!(table.len() > 10, "the newest are still there");
    assert_eq!(table.absorb(&key_from(&register("z9hG4bK0", 0), PHONE), 1000), None);
    let huge = vec![b'x'; 32 << 10];
    let key = key_from(&register("z9hG4bKhuge", 1), PHONE);
    table.complete(&key, &huge, (1000, Reliability::Unreliable));
    assert_eq!(table.absorb(&key, 1000), None, "larger than the whole ring: not kept, nothing broken");
}

#[test]
fn a_copy_by_another_path_is_told_from_a_retransmission_and_from_another_try() {
    let mut table = ServerTransactions::new(Limits::default());
    let first = key_from(&register("z9hG4bKa", 1), PHONE);
    assert!(!table.is_merged(&first, 0));
    table.complete(&first, b"answer", (0, Reliability::Unreliable));
    let copy = register("z9hG4bKb", 1);
    assert!(table.is_merged(&key_from(&copy, PHONE), 10));
    for (other, remote, now) in [
        (register("z9hG4bKa", 1), PHONE, 10),
        (register("z9hG4bKb", 2), PHONE, 10),
        (copy.replace(";tag=a", ";tag=b"), PHONE, 10),
        (copy.replace("Call-ID: call", "Call-ID: another"), PHONE, 10),
        (copy.replace("REGISTER", "OPTIONS"), PHONE, 10),
        (copy.replace("To: <sip:alice@example.test>", "To: <sip:alice@example.test>;tag=b"), PHONE, 10),
        // A phone that fails over comes from another port or over another transport; one that gave up comes later.
        (copy.clone(), "192.0.2.7:5061", 10),
        (copy.clone(), PHONE, 64 * 500 - 100),
        (copy, PHONE, TIMER_J_MS),
    ] {
        assert!(!table.is_merged(&key_from(&other, remote), now), "{other}");
    }
}

#[test]
fn a_request_still_waiting_has_copies_too_and_none_once_it_is_forgotten() {
    let mut table = ServerTransactions::new(Limits { transactions: 2, memory_octets: 4096 });
    let (first, copy) = (key_from(&register("z9hG4bKa", 1), PHONE), key_from(&register("z9hG4bKb", 1), PHONE));
    table.begin(&first, 0);
    assert!(table.is_merged(&copy, 10));
    table.complete(&first, b"answer", (20, Reliability::Unreliable));
    assert!(table.is_merged(&copy, 30));
    assert!(table.remembers(&first, 30));
    for cseq in 2..4 {
        table.complete(&key_from(&register("z9hG4bKc", cseq), PHONE), b"", (40, Reliability::Unreliable));
        table.complete(&key_from(&register("z9hG4bKd", cseq), PHONE), b"", (40, Reliability::Unreliable));
    }
    assert!(!table.is_merged(&copy, 50));
    assert!(!table.remembers(&first, 50));
}
