//! Targets that ring together, and several dialogs of one target.

use crate::basic::cancel;
use crate::bench::*;
use sip_b2bua::*;

const CONTACT: &str = "Contact: <sip:bob@198.51.100.9:5080>\r\n";
const URIS: [&str; 3] = ["sip:b1@a.test", "sip:b2@b.test", "sip:b3@c.test"];

fn three() -> (Bench, Vec<Sent>) {
    let bench = Bench::begin(setup(vec![stage(&URIS)]), &invite("", OFFER));
    let sent = bench.requests.clone();
    assert_eq!(sent.len(), 3);
    (bench, sent)
}

#[test]
fn the_first_answer_wins_and_the_others_learn_why() {
    let (mut bench, sent) = three();
    assert!(sent.iter().all(|sent| header(&sent.text, "Max-Breadth").as_deref() == Some("20")));
    bench.respond(&sent[0], 180, "t1", CONTACT, "");
    bench.respond(&sent[2], 183, "t3", CONTACT, ANSWER);
    let tags = [tag_of(bench.response(1, 180), "To"), tag_of(bench.response(1, 183), "To")];
    assert_ne!(tags[0], tags[1], "each dialog of the called is one of its own towards the caller");
    bench.respond(&sent[2], 200, "t3", CONTACT, ANSWER);
    assert_eq!(tag_of(bench.response(1, 200), "To"), tags[1]);
    let elsewhere = Some("SIP;cause=200;text=\"Call completed elsewhere\"".to_owned());
    assert_eq!(bench.cancels, [(LegId(1), sent[0].ticket, elsewhere)], "the second has not been heard of yet");
    bench.respond(&sent[1], 180, "t2", CONTACT, "");
    assert_eq!(bench.cancels.len(), 2);
    assert_eq!(bench.call.as_ref().unwrap().dialogs().count(), 2);
    bench.respond(&sent[0], 487, "t1", "", "");
    bench.respond(&sent[1], 487, "t2", "", "");
    let ack = bench.caller_sends("ACK", 10, "", "");
    bench.request(0, &ack);
    let bye = bench.caller_sends("BYE", 11, "", "");
    bench.request(0, &bye);
    let bye = bench.last().clone();
    assert_eq!(bye.leg, LegId(3));
    bench.respond(&bye, 200, "t3", "", "");
    assert_eq!((bench.facts().callee, bench.facts().target), (Some(LegId(3)), Some(TargetRef { stage: 0, target: 2 })));
}

#[test]
fn a_late_answer_of_another_is_acknowledged_and_hung_up() {
    let (mut bench, sent) = three();
    bench.respond(&sent[0], 180, "t1", CONTACT, "");
    bench.respond(&sent[1], 200, "t2", CONTACT, ANSWER);
    bench.respond(&sent[0], 200, "t1", CONTACT, ANSWER);
    let bye = bench.last().clone();
    assert!(bye.text.starts_with("BYE ") && bye.leg == LegId(1), "{}", bye.text);
    assert_eq!((bench.acks.len(), bench.statuses(1)), (2, vec![180, 200]));
    assert!(bench.call.as_ref().unwrap().is_up());
    bench.respond(&bye, 200, "t1", "", "");
    assert!(bench.facts.is_none());
}

#[test]
fn a_second_answer_of_one_target_is_hung_up_too() {
    let (mut bench, sent) = three();
    bench.respond(&sent[0], 200, "t1", CONTACT, ANSWER);
    bench.respond(&sent[0], 200, "another-phone", CONTACT, ANSWER);
    assert_eq!(tag_of(&bench.last().text, "To").as_deref(), Some("another-phone"));
    assert!(bench.last().text.starts_with("BYE "));
    bench.respond(&sent[0], 200, "another-phone", CONTACT, ANSWER);
    assert_eq!((bench.sent("BYE").len(), bench.acks.len()), (1, 3));
}

#[test]
fn the_best_refusal_crosses_once_all_have_spoken() {
    let (mut bench, sent) = three();
    bench.respond(&sent[0], 480, "t1", "", "");
    bench.respond(&sent[1], 503, "t2", "", "");
    assert!(bench.statuses(1).is_empty());
    bench.respond(&sent[2], 404, "t3", "", "");
    assert_eq!(bench.statuses(1), [404]);
}

#[test]
fn a_global_refusal_ends_it_at_once() {
    let (mut bench, sent) = three();
    bench.respond(&sent[0], 180, "t1", CONTACT, "");
    bench.respond(&sent[1], 603, "t2", "", "");
    assert_eq!((bench.statuses(1), bench.cancels.len()), (vec![180, 603], 1));
    assert!(bench.facts.is_none());
    bench.respond(&sent[0], 487, "t1", "", "");
    bench.fail(&sent[2], Failure::TimedOut);
    assert_eq!(bench.facts().status, 603);
}

#[test]
fn cancel_reaches_all() {
    let (mut bench, sent) = three();
    sent.iter().for_each(|sent| bench.respond(sent, 180, "t", CONTACT, ""));
    bench.request(0, &cancel(""));
    assert_eq!(bench.cancels.len(), 3);
    sent.iter().for_each(|sent| bench.respond(sent, 487, "t", "", ""));
    assert_eq!(bench.facts().ending, Ending::Cancelled);
}

#[test]
fn what_max_breadth_forbids_rings_in_turn() {
    let mut bench = Bench::begin(setup(vec![stage(&URIS)]), &invite("Max-Breadth: 2\r\n", OFFER));
    assert_eq!(bench.requests.len(), 2);
    let sent = bench.requests.clone();
    bench.respond(&sent[0], 486, "t1", "", "");
    bench.respond(&sent[1], 486, "t2", "", "");
    assert!(bench.last().text.starts_with("INVITE sip:b3@c.test"));
}

#[test]
fn an_early_dialog_of_a_fork_that_fails_is_gone() {
    let (mut bench, sent) = three();
    bench.respond(&sent[0], 183, "t1", CONTACT, ANSWER);
    let update = bench.caller_sends("UPDATE", 11, "", OFFER);
    bench.respond(&sent[0], 486, "t1", "", "");
    let ticket = bench.request(0, &update);
    assert_eq!(bench.statuses(ticket.0), [481]);
}
