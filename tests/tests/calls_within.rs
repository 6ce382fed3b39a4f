//! What happens inside a call: re-INVITE, INFO, transfers, offers in the ACK.

use acceptance::Trunked;
use acceptance::sip::dialog::{Dialog, SDP, SDP_TYPE};
use acceptance::sip::digest::Subject;
use acceptance::sip::{Challenge, Transport};
use acceptance::trunked::{PASSWORD, USERNAME, login};
use serde_json::json;

#[test]
fn a_call_is_held_and_resumed_from_either_side() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let (mut caller, mut callee) = trunked.answered(&mut phone, &mut gateway, &trunked.draft("+4930555"));
    let held = format!("{SDP}a=sendonly\r\n");
    let answer = format!("{SDP}a=recvonly\r\n");

    let cseq = phone.ask_only(&mut caller, "INVITE", SDP_TYPE, &held);
    let reinvite = gateway.request("INVITE");
    assert_eq!(reinvite.header("call-id"), callee.call_id);
    assert_eq!((reinvite.body.as_str(), reinvite.uri()), (held.as_str(), gateway.uri("gw").as_str()));
    assert!(!reinvite.has("proxy-authorization") && !reinvite.has("p-preferred-identity"));
    let contact = format!("Contact: <{}>\r\n{SDP_TYPE}", gateway.uri("gw"));
    gateway.answer(&reinvite, "200 OK", &contact, &answer);
    let response = phone.answer_to(&caller, &cseq);
    assert_eq!((response.status(), response.body.as_str()), (Some(200), answer.as_str()));
    let ack = caller.write(&phone, ("ACK", caller.sequence), "", "");
    phone.send(&ack);
    gateway.request("ACK");

    // Once this was answered the phone's ACK has been taken too, and another re-INVITE meets none under way.
    let info = phone.ask_only(&mut caller, "INFO", "Content-Type: application/dtmf-relay\r\n", "Signal=5\r\n");
    let heard = gateway.request("INFO");
    assert_eq!((heard.body.as_str(), heard.header("content-type")), ("Signal=5\r\n", "application/dtmf-relay"));
    gateway.answer(&heard, "200 OK", "", "");
    assert_eq!(phone.answer_to(&caller, &info).status(), Some(200));

    let cseq = gateway.ask_only(&mut callee, "INVITE", SDP_TYPE, SDP);
    let reinvite = phone.request("INVITE");
    assert_eq!((reinvite.header("call-id"), reinvite.body.as_str()), (caller.call_id.as_str(), SDP));
    phone.answer(&reinvite, "488 Not Acceptable Here", "", "");
    assert_eq!(gateway.answer_to(&callee, &cseq).status(), Some(488));
    let via = reinvite.header("via").to_owned();
    let ack = phone.take("ACK of the 488", |m| m.method() == Some("ACK") && m.header("via") == via);
    assert_eq!(ack.header("cseq").split(' ').next(), reinvite.header("cseq").split(' ').next());

    phone.ask_only(&mut caller, "BYE", "", "");
    gateway.expect_bye();
    trunked.expect_record(&caller.call_id, &json!({"reason": "completed"}));
    let late = phone.ask(&mut caller, "INFO", "", "");
    assert_eq!(late.status(), Some(407), "the dialog is over, and strangers are asked who they are first");
}

#[test]
fn reliable_ringing_and_updates_cross_before_and_after_the_answer() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let supported = "Supported: 100rel\r\nAllow: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE\r\n";
    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555").with(supported));
    let invite = gateway.request("INVITE");
    assert!(invite.header("supported").contains("100rel"), "{invite:#?}");
    let contact = format!("Contact: <{}>\r\n", gateway.uri("gw"));
    let reliable = format!("{contact}Require: 100rel\r\nRSeq: 4711\r\n{SDP_TYPE}");
    gateway.answer(&invite, "183 Session Progress", &reliable, SDP);

    let progress = phone.response_of(&outgoing, 183);
    assert_eq!((progress.header("require"), progress.body.as_str()), ("100rel", SDP));
    let mut early = Dialog::begun(&outgoing, &progress);
    let rack = format!("RAck: {} {} INVITE\r\n", progress.header("rseq"), early.sequence);
    let prack = phone.ask_only(&mut early, "PRACK", &rack, "");
    let heard = gateway.request("PRACK");
    assert!(heard.header("rack").starts_with("4711 "), "each leg counts by itself: {heard:#?}");
    gateway.answer(&heard, "200 OK", "", "");
    assert_eq!(phone.answer_to(&early, &prack).status(), Some(200));

    for stage in ["early", "answered"] {
        let update = phone.ask_only(&mut early, "UPDATE", SDP_TYPE, SDP);
        let heard = gateway.request("UPDATE");
        assert_eq!(heard.body, SDP, "{stage}");
        gateway.answer(&heard, "200 OK", &format!("{contact}{SDP_TYPE}"), SDP);
        let answer = phone.answer_to(&early, &update);
        assert_eq!((answer.status(), answer.body.as_str()), (Some(200), SDP), "{stage}");
        if stage == "early" {
            gateway.answer(&invite, "200 OK", &contact, "");
            phone.expect_answered(&outgoing);
            gateway.request("ACK");
        }
    }
    phone.ask_only(&mut early, "BYE", "", "");
    gateway.expect_bye();
    trunked.expect_record(outgoing.call_id(), &json!({"reason": "completed"}));
}

#[test]
fn an_offer_may_come_in_the_200_and_its_answer_in_the_ack() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let mut draft = trunked.draft("+4930555");
    draft.body.clear();
    let outgoing = trunked.call(&mut phone, &draft);
    let invite = gateway.request("INVITE");
    assert!(invite.body.is_empty() && !invite.has("content-type"), "{invite:#?}");
    gateway.accept_call(&invite, "gw", SDP);
    let offer = phone.response_of(&outgoing, 200);
    assert_eq!(offer.body, SDP);
    let answer = SDP.replace("40002", "50002");
    let mut caller = phone.confirm(&outgoing, &offer, &answer);
    let ack = gateway.request("ACK");
    assert_eq!((ack.body.as_str(), ack.header("content-type")), (answer.as_str(), "application/sdp"));
    phone.ask_only(&mut caller, "BYE", "", "");
    gateway.expect_bye();
}

#[test]
fn a_transfer_is_refused_on_a_trunk_unless_its_rules_pass_it() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let (mut caller, _) = trunked.answered(&mut phone, &mut gateway, &trunked.draft("+4930555"));
    let within = format!("Refer-To: <sip:+4930777@{}>\r\n", trunked.account.sip_domain);
    let refused = phone.ask(&mut caller, "REFER", &within, "");
    assert_eq!(refused.status(), Some(403), "{refused:#?}");
    trunked.rules(&json!({"refer": "pass"}));
    let (mut caller, _) = trunked.answered(&mut phone, &mut gateway, &trunked.draft("+4930555"));
    let elsewhere = phone.ask(&mut caller, "REFER", "Refer-To: <sip:premium@evil.example>\r\n", "");
    assert_eq!(elsewhere.status(), Some(403), "{elsewhere:#?}");
    assert!(elsewhere.start.contains("Refer-To"), "it says why: {elsewhere:#?}");
    let passed = phone.ask_only(&mut caller, "REFER", &within, "");
    let refer = gateway.request("REFER");
    assert!(refer.header("refer-to").contains("+4930777"), "{refer:#?}");
    gateway.answer(&refer, "202 Accepted", "", "");
    assert_eq!(phone.answer_to(&caller, &passed).status(), Some(202));
}

#[test]
fn between_phones_a_transfer_that_stays_here_is_passed_with_its_notification() {
    let trunked = Trunked::start(&[]);
    let _other = trunked.api.credential("lobby", PASSWORD);
    let (mut caller, mut callee) = (trunked.phone(Transport::Udp), trunked.phone(Transport::Udp));
    trunked.register(&mut callee, "lobby");
    let (mut from, mut to) = trunked.answered(&mut caller, &mut callee, &trunked.draft("lobby"));
    let target = format!("Refer-To: <sip:third@{}>\r\nReferred-By: <sip:desk@here>\r\n", trunked.account.sip_domain);
    let cseq = caller.ask_only(&mut from, "REFER", &target, "");
    let refer = callee.request("REFER");
    assert_eq!(refer.address("refer-to"), format!("sip:third@{}", trunked.account.sip_domain));
    callee.answer(&refer, "202 Accepted", "", "");
    assert_eq!(caller.answer_to(&from, &cseq).status(), Some(202));
    let state = "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\nContent-Type: message/sipfrag\r\n";
    let cseq = callee.ask_only(&mut to, "NOTIFY", state, "SIP/2.0 200 OK\r\n");
    let notified = caller.request("NOTIFY");
    assert_eq!((notified.body.as_str(), notified.header("event")), ("SIP/2.0 200 OK\r\n", "refer"));
    caller.answer(&notified, "200 OK", "", "");
    assert_eq!(callee.answer_to(&to, &cseq).status(), Some(200));
    let elsewhere = caller.ask(&mut from, "REFER", "Refer-To: <sip:x@evil.example>\r\n", "");
    assert_eq!(elsewhere.status(), Some(403), "{elsewhere:#?}");
    caller.ask_only(&mut from, "BYE", "", "");
    callee.expect_bye();
}

#[test]
fn a_request_of_a_peer_that_is_out_of_order_or_of_no_call_is_refused() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let (mut caller, _) = trunked.answered(&mut phone, &mut gateway, &trunked.draft("+4930555"));
    let begun_at = caller.sequence;
    let info = phone.ask_only(&mut caller, "INFO", "", "");
    let heard = gateway.request("INFO");
    gateway.answer(&heard, "200 OK", "", "");
    assert_eq!(phone.answer_to(&caller, &info).status(), Some(200));
    caller.sequence = begun_at - 1;
    let early = phone.ask(&mut caller, "INFO", "", "");
    assert_eq!(early.status(), Some(500), "RFC 3261 section 12.2.2: {early:#?}");
    let mut unknown = caller.clone();
    unknown.call_id += "x";
    let answer = phone.ask(&mut unknown, "BYE", "", "");
    assert_eq!(answer.status(), Some(407), "{answer:#?}");
    let challenge = Challenge::parse(answer.header("proxy-authenticate"));
    let subject = Subject { method: "BYE", uri: &unknown.target, nonce_count: 1 };
    let proof = format!("Proxy-Authorization: {}\r\n", challenge.answer(&login(USERNAME), subject));
    let answer = phone.ask(&mut unknown, "BYE", &proof, "");
    assert_eq!(answer.status(), Some(481), "RFC 3261 section 12.2.2: {answer:#?}");
    caller.sequence = begun_at + 5;
    phone.ask_only(&mut caller, "BYE", "", "");
    gateway.expect_bye();
}
