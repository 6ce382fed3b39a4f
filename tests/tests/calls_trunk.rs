//! Calls over a trunk, out and in, and between phones: what crosses, what does not, and what is written down.

use acceptance::Trunked;
use acceptance::bounded::wait_for;
use acceptance::sip::dialog::{Draft, SDP};
use acceptance::sip::digest::{Subject, parameters};
use acceptance::sip::party::{Party, SipText};
use acceptance::sip::{Challenge, Credentials, Transport};
use acceptance::trunked::{NUMBER, PASSWORD, USERNAME, login, send};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::time::Duration;

const ABROAD_FROM: &str = "P-Asserted-Identity: <sip:+4999@example.net>\r\nP-Preferred-Identity: <tel:+4998>\r\n\
    Remote-Party-ID: <sip:boss@example.net>;party=calling\r\nX-Secret: 7\r\n";

#[test]
fn an_outbound_call_carries_the_number_and_nothing_of_the_phones_own_routing() {
    let trunked = Trunked::start(&[]);
    for transport in Transport::ALL {
        let (mut phone, mut gateway) = (trunked.phone(transport), trunked.gateway());
        let outgoing = trunked.call(&mut phone, &trunked.draft("030555").with(ABROAD_FROM));
        let invite = gateway.request("INVITE");
        assert_eq!(invite.uri(), format!("sip:+4930555@{}", gateway.local()), "the number with its country");
        assert_eq!(invite.address("to"), invite.uri());
        assert!(invite.address("from").starts_with(&format!("sip:{NUMBER}@")), "{invite:#?}");
        assert!(invite.header("p-asserted-identity").starts_with(&format!("<sip:{NUMBER}@")), "{invite:#?}");
        assert_eq!(invite.all("p-asserted-identity").count(), 1, "the phone's own is gone");
        for gone in ["p-preferred-identity", "remote-party-id", "proxy-authorization", "route", "record-route"] {
            assert!(!invite.has(gone), "{gone}: {invite:#?}");
        }
        assert!(!invite.has("x-secret"), "the trunk's rules do not let it pass: {invite:#?}");
        assert_ne!(invite.header("call-id"), outgoing.call_id(), "each leg has its own");
        assert_eq!(invite.all("via").count(), 1, "no trace of the phone: {invite:#?}");
        assert!(!invite.header("contact").contains(&phone.local().to_string()));
        assert_eq!(invite.header("max-forwards"), "69");
        assert_eq!(invite.body, SDP, "the description is untouched");

        gateway.answer(&invite, "183 Session Progress", "Content-Type: application/sdp\r\n", SDP);
        let early = phone.response_of(&outgoing, 183);
        assert_eq!(early.body, SDP);
        let answer = SDP.replace("40002", "50002");
        let mut callee = gateway.accept_call(&invite, "gw", &answer);
        let response = phone.response_of(&outgoing, 200);
        assert_eq!(response.body, answer);
        assert!(!response.header("contact").contains(&gateway.local().to_string()));
        let caller = phone.confirm(&outgoing, &response, "");
        gateway.request("ACK");

        let live = trunked.api.send("GET", &trunked.api.path("calls"), b"").expect(200);
        assert_eq!(live["meta"]["total"], 1, "{live}");
        gateway.hang_up(&mut callee);
        phone.expect_bye();
        let ended = trunked.expect_record(
            &caller.call_id,
            &json!({"direction": "outbound", "hung_up_by": "callee", "reason": "completed", "sip_status": 200,
                "q850_cause": 16, "from": NUMBER, "to": "+4930555", "trunk_id": trunked.trunk, "username": USERNAME,
                "credential_id": trunked.credential, "caller_transport": transport.name(),
                "callee_transport": "udp", "destination": gateway.local().to_string(),
                "source": phone.local().to_string(), "callee_call_id": invite.header("call-id")}),
        );
        assert!(ended["answered_at"].is_string() && ended["ringing_at"].is_null() || ended["ringing_at"].is_string());
        assert!(ended["duration_ms"].as_u64().is_some_and(|duration| duration < 10_000), "{ended}");
    }
}

#[test]
fn whoever_hangs_up_is_written_down_with_the_time_talked() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let (mut caller, _) = trunked.answered(&mut phone, &mut gateway, &trunked.draft("+4930555"));
    std::thread::sleep(Duration::from_millis(1_200));
    let ask = phone.ask_only(&mut caller, "BYE", "Reason: Q.850;cause=31\r\n", "");
    gateway.expect_bye();
    assert_eq!(phone.answer_to(&caller, &ask).status(), Some(200));
    let record = trunked.expect_record(&caller.call_id, &json!({"hung_up_by": "caller", "q850_cause": 31}));
    let talked = record["duration_ms"].as_u64().expect("a duration");
    assert!((1_150..4_000).contains(&talked), "{talked} ms of 1200");
}

#[test]
fn busy_cancelled_and_unanswered_calls_end_as_they_should() {
    let trunked = Trunked::start(&["--ring-timeout", "5"]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    for (status, reason, cause) in [("486 Busy Here", "busy", 17), ("603 Decline", "rejected", 21)] {
        let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
        let invite = gateway.request("INVITE");
        gateway.answer(&invite, "180 Ringing", "", "");
        phone.response_of(&outgoing, 180);
        gateway.answer(&invite, status, "", "");
        gateway.request("ACK");
        let code: u16 = status[..3].parse().expect("a status");
        phone.expect_refusal(&outgoing, code);
        let record = trunked.expect_record(
            outgoing.call_id(),
            &json!({"reason": reason, "sip_status": code, "q850_cause": cause, "duration_ms": 0,
                "answered_at": Value::Null, "hung_up_by": "callee"}),
        );
        assert!(record["ringing_at"].is_string() && record["post_dial_delay_ms"].is_u64(), "{record}");
    }

    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    let invite = gateway.request("INVITE");
    gateway.answer(&invite, "180 Ringing", "", "");
    phone.response_of(&outgoing, 180);
    phone.cancel(&outgoing);
    let cancel = gateway.request("CANCEL");
    assert_eq!(cancel.header("call-id"), invite.header("call-id"));
    assert_eq!(cancel.header("via"), invite.header("via"), "RFC 3261 section 9.1");
    gateway.answer(&cancel, "200 OK", "", "");
    gateway.answer(&invite, "487 Request Terminated", "", "");
    gateway.request("ACK");
    let expected = json!({"reason": "cancelled", "hung_up_by": "caller", "sip_status": 487});
    trunked.expect_record(outgoing.call_id(), &expected);

    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    let invite = gateway.request("INVITE");
    gateway.answer(&invite, "180 Ringing", "", "");
    let refused = phone.expect_refusal(&outgoing, 480);
    assert!(refused.header("reason").contains("Q.850;cause=19"), "{refused:#?}");
    let cancel = gateway.request("CANCEL");
    gateway.answer(&cancel, "200 OK", "", "");
    gateway.answer(&invite, "487 Request Terminated", "", "");
    let expected = json!({"reason": "no_answer", "hung_up_by": "us", "sip_status": 480});
    trunked.expect_record(outgoing.call_id(), &expected);
}

#[test]
fn a_number_rings_the_phone_it_is_meant_for() {
    let trunked = Trunked::start(&[]);
    let mut phone = trunked.phone(Transport::Udp);
    trunked.register(&mut phone, USERNAME);
    trunked.change(&json!({"inbound_destination": USERNAME}));
    trunked.trust("127.0.0.1");
    let sip = trunked.server.sip(Transport::Tcp);
    for (place, uri_user) in [("to", USERNAME), ("request_uri", NUMBER)] {
        send(&trunked.api, "PUT", &format!("numbers/{NUMBER}"), &json!({"called_number_in": place})).expect(200);
        let mut gateway = Party::tcp(sip);
        let draft = Draft::new("+33123", &format!("sip:{NUMBER}@{sip}"), "carrier.example");
        let asserted = "P-Asserted-Identity: <sip:+33999@carrier.example>\r\n";
        let outgoing = gateway.invite(&draft.with(asserted));
        let invite = phone.request("INVITE");
        assert_eq!(invite.uri(), format!("sip:{uri_user}@{}", phone.local()), "{place}");
        assert!(invite.address("to").starts_with(&format!("sip:{NUMBER}@")), "{invite:#?}");
        assert_eq!(invite.address("from"), format!("sip:+33123@{}", trunked.account.sip_domain));
        assert!(!invite.has("p-asserted-identity"), "phones are told by From alone: {invite:#?}");
        let _callee = phone.accept_call(&invite, USERNAME, SDP);
        let mut caller = gateway.expect_answered(&outgoing);
        phone.request("ACK");
        let ask = gateway.ask_only(&mut caller, "BYE", "", "");
        phone.expect_bye();
        assert_eq!(gateway.answer_to(&caller, &ask).status(), Some(200));
        trunked.expect_record(
            outgoing.call_id(),
            &json!({"direction": "inbound", "hung_up_by": "caller", "reason": "completed", "from": "+33123",
                "credential_id": Value::Null, "username": Value::Null, "caller_transport": "tcp"}),
        );
    }
}

#[test]
fn an_address_alone_lets_nobody_in_over_udp_unless_the_operator_says_so() {
    for (options, is_let_in) in [(&[][..], false), (&["--acl-over-udp"][..], true)] {
        let trunked = Trunked::start(options);
        let mut phone = trunked.phone(Transport::Udp);
        trunked.register(&mut phone, USERNAME);
        trunked.change(&json!({"inbound_destination": USERNAME}));
        trunked.trust("127.0.0.1");
        let sip = trunked.server.sip(Transport::Udp);
        let mut gateway = Party::udp(sip);
        let draft = Draft::new("+33123", &format!("sip:{NUMBER}@{sip}"), "carrier.example");
        let outgoing = gateway.invite(&draft);
        if !is_let_in {
            gateway.expect_refusal(&outgoing, 407);
            assert!(phone.is_silent_for(Duration::from_millis(300)));
            continue;
        }
        let invite = phone.request("INVITE");
        let mut callee = phone.accept_call(&invite, USERNAME, SDP);
        gateway.expect_answered(&outgoing);
        phone.request("ACK");
        phone.hang_up(&mut callee);
        gateway.expect_bye();
        trunked.expect_record(outgoing.call_id(), &json!({"direction": "inbound", "hung_up_by": "callee"}));
        let mut stranger = Party::udp_at([127, 0, 0, 9].into(), sip);
        let outgoing = stranger.invite(&draft);
        stranger.expect_refusal(&outgoing, 407);
    }
}

#[test]
fn phones_of_an_account_call_each_other_and_all_phones_of_one_ring() {
    let trunked = Trunked::start(&[]);
    let _other = trunked.api.credential("lobby", PASSWORD);
    let (mut caller, mut first, mut second) =
        (trunked.phone(Transport::Udp), trunked.phone(Transport::Udp), trunked.phone(Transport::Tcp));
    let outgoing = trunked.call(&mut caller, &trunked.draft("lobby"));
    caller.expect_refusal(&outgoing, 480);
    trunked.register(&mut first, "lobby");
    trunked.register(&mut second, "lobby");

    let outgoing = trunked.call(&mut caller, &trunked.draft("lobby").with(ABROAD_FROM));
    let (at_first, at_second) = (first.request("INVITE"), second.request("INVITE"));
    assert_eq!(at_first.address("from"), format!("sip:{USERNAME}@{}", trunked.account.sip_domain));
    assert!(!at_first.has("p-asserted-identity") && at_first.has("x-secret"), "{at_first:#?}");
    first.answer(&at_first, "180 Ringing", "", "");
    second.answer(&at_second, "180 Ringing", "", "");
    caller.response_of(&outgoing, 180);
    let mut callee = second.accept_call(&at_second, "lobby", SDP);
    caller.expect_answered(&outgoing);
    second.request("ACK");
    let cancel = first.request("CANCEL");
    assert_eq!(
        cancel.header("reason"),
        "SIP;cause=200;text=\"Call completed elsewhere\"",
        "no missed call: {cancel:#?}"
    );
    first.answer(&cancel, "200 OK", "", "");
    first.answer(&at_first, "487 Request Terminated", "", "");
    second.hang_up(&mut callee);
    caller.expect_bye();
    let expected = json!({"direction": "internal", "trunk_id": Value::Null, "hung_up_by": "callee",
        "callee_transport": "tcp", "to": "lobby"});
    trunked.expect_record(outgoing.call_id(), &expected);
}

#[test]
fn a_gateway_that_challenges_gets_its_password_and_nobody_elses() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), Party::udp(trunked.server.sip(Transport::Udp)));
    let id = trunked.uri(&json!({"uri": format!("sip:{}", gateway.local())}));
    trunked.attach(&json!({"origination_uris": [id]}));
    let challenge = "Proxy-Authenticate: Digest realm=\"carrier\", nonce=\"n1\", qop=\"auth\", algorithm=MD5\r\n";

    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    let invite = gateway.request("INVITE");
    gateway.answer(&invite, "407 Proxy Authentication Required", challenge, "");
    gateway.request("ACK");
    let refused = phone.final_of(&outgoing);
    phone.refuse_ack(&outgoing, &refused);
    assert!(!matches!(refused.status(), Some(401 | 407)), "a phone cannot answer for the gateway: {refused:#?}");
    assert!(!refused.has("proxy-authenticate"), "{refused:#?}");

    let path = format!("origination-uris/{id}/secret");
    send(&trunked.api, "PUT", &path, &json!({"username": "us", "password": "upstream secret 1"})).expect(200);
    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    let first = gateway.request("INVITE");
    gateway.answer(&first, "407 Proxy Authentication Required", challenge, "");
    let again = gateway.request("INVITE");
    let authorization = again.header("proxy-authorization");
    assert!(authorization.contains("username=\"us\"") && authorization.contains("realm=\"carrier\""), "{again:#?}");
    assert_eq!(expected_response(authorization, again.uri()), parameter(authorization, "response"), "{again:#?}");
    let number = |message: &SipText| -> u32 {
        message.header("cseq").split(' ').next().and_then(|n| n.parse().ok()).expect("a CSeq")
    };
    assert_eq!(number(&again), number(&first) + 1);
    assert_eq!(again.header("call-id"), first.header("call-id"));
    let mut callee = gateway.accept_call(&again, "gw", SDP);
    phone.expect_answered(&outgoing);
    gateway.hang_up(&mut callee);
    phone.expect_bye();
}

/// What the gateway computes from the secret that it shares with us.
fn expected_response(authorization: &str, uri: &str) -> String {
    let challenge = "Digest realm=\"carrier\", nonce=\"n1\", qop=\"auth\"";
    let nonce_count = u32::from_str_radix(&parameter(authorization, "nc"), 16).expect("a count");
    let us = Credentials { username: "us".to_owned(), password: "upstream secret 1".to_owned() };
    let subject = Subject { method: "INVITE", uri, nonce_count };
    let client_nonce = parameter(authorization, "cnonce");
    parameter(&Challenge::parse(challenge).answer_with(&us, subject, &client_nonce), "response")
}

fn parameter(value: &str, name: &str) -> String {
    let found = parameters(value).into_iter().find(|(key, _)| key == name);
    found.unwrap_or_else(|| panic!("no {name} in {value}")).1
}

#[test]
fn a_gateway_over_tcp_is_connected_to_and_kept() {
    let trunked = Trunked::start(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let place = listener.local_addr().expect("an address");
    let id = trunked.uri(&json!({"uri": format!("sip:{place}"), "transport": "tcp"}));
    trunked.attach(&json!({"origination_uris": [id]}));
    let mut phone = trunked.phone(Transport::Udp);
    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    let mut gateway = Party::accept(&listener);
    for round in 0..2 {
        let outgoing = if round == 0 { outgoing.clone() } else { trunked.call(&mut phone, &trunked.draft("+4930555")) };
        let invite = gateway.request("INVITE");
        assert_eq!(invite.uri(), format!("sip:+4930555@{place};transport=tcp"));
        let contact = format!("<sip:gw@{place};transport=tcp>");
        gateway.answer(&invite, "200 OK", &format!("Contact: {contact}\r\nContent-Type: application/sdp\r\n"), SDP);
        let mut caller = phone.expect_answered(&outgoing);
        gateway.request("ACK");
        let ask = phone.ask_only(&mut caller, "BYE", "", "");
        gateway.expect_bye();
        assert_eq!(phone.answer_to(&caller, &ask).status(), Some(200));
    }
}

#[test]
fn live_calls_are_ended_by_request_and_keep_their_credential() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let (caller, _) = trunked.answered(&mut phone, &mut gateway, &trunked.draft("+4930555"));
    let (second, _) = trunked.answered(&mut phone, &mut gateway, &trunked.draft("+4930556"));
    let live = trunked.api.send("GET", &trunked.api.path("calls"), b"").expect(200);
    assert_eq!(live["meta"]["total"], 2, "{live}");
    let credential = trunked.api.path(&format!("credentials/{}", trunked.credential));
    trunked.api.send("DELETE", &credential, b"").expect_error(409);
    let oldest = &live["objects"][0];
    let path = trunked.api.path(&format!("calls/{}", oldest["id"].as_str().expect("an id")));
    assert_eq!(trunked.api.send("DELETE", &path, b"").status, 204);
    let (at_phone, at_gateway) = (phone.expect_bye(), gateway.expect_bye());
    assert_eq!(at_phone.header("call-id"), caller.call_id);
    assert_ne!(at_gateway.header("call-id"), caller.call_id);
    trunked.expect_record(&caller.call_id, &json!({"hung_up_by": "us", "reason": "ended_by_api"}));
    trunked.api.send("GET", &path, b"").expect_error(404);

    let ended = trunked.api.send("DELETE", &format!("{credential}/calls"), b"").expect(200);
    assert_eq!(ended, json!({"ended": 1}));
    phone.expect_bye();
    gateway.expect_bye();
    trunked.expect_record(&second.call_id, &json!({"reason": "ended_by_api"}));
    wait_for("a credential without calls", Duration::from_secs(5), || {
        (trunked.api.send("DELETE", &credential, b"").status == 204).then_some(())
    });
    let outgoing = phone.call(&trunked.draft("+4930555"), &login(USERNAME));
    phone.expect_refusal(&outgoing, 407);
}
