//! What strangers and tenants try with calls: each is refused with its reason, and nothing arrives where it was aimed.

use acceptance::Trunked;
use acceptance::sip::Transport;
use acceptance::sip::dialog::{Draft, SDP, SDP_TYPE};
use acceptance::sip::party::{Party, SipText};
use acceptance::trunked::{NUMBER, PASSWORD, USERNAME, send};
use serde_json::json;
use std::net::TcpListener;
use std::time::Duration;

/// How long nothing has to come where nothing should.
const QUIET: Duration = Duration::from_millis(300);

/// Somebody at an address that is nobody's of ours.
fn bystander(trunked: &Trunked) -> Party {
    Party::udp_at([127, 0, 0, 3].into(), trunked.server.sip(Transport::Udp))
}

/// Expects that a call is refused with that status and that reason phrase, and that the refusal is written down.
#[track_caller]
fn expect_refused(trunked: &Trunked, draft: &Draft, status: u16, phrase: &str) -> SipText {
    let mut phone = trunked.phone(Transport::Udp);
    let outgoing = trunked.call(&mut phone, draft);
    let refused = phone.expect_refusal(&outgoing, status);
    assert_eq!(refused.start, format!("SIP/2.0 {status} {phrase}"), "{refused:#?}");
    trunked.expect_record(outgoing.call_id(), &json!({"sip_status": status, "hung_up_by": "us", "duration_ms": 0}));
    refused
}

#[test]
fn no_route_of_a_phone_leads_anywhere_and_none_crosses() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway, mut elsewhere) =
        (trunked.phone(Transport::Udp), trunked.gateway(), bystander(&trunked));
    let there = elsewhere.local();
    for header in ["Route", "Record-Route", "Path"] {
        let forged = format!("{header}: <sip:{there};lr>\r\n");
        let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555").with(&forged));
        // A Route that is not ours may be refused as well as passed over; what counts is where nothing arrives.
        let invite = gateway.request("INVITE");
        assert!(!invite.has(&header.to_ascii_lowercase()), "{invite:#?}");
        let mut callee = gateway.accept_call(&invite, "gw", SDP);
        let mut caller = phone.expect_answered(&outgoing);
        gateway.request("ACK");
        let ask = gateway.ask_only(&mut callee, "INFO", "", "");
        let info = phone.request("INFO");
        phone.answer(&info, "200 OK", "", "");
        assert_eq!(gateway.answer_to(&callee, &ask).status(), Some(200));
        phone.ask_only(&mut caller, "BYE", &forged, "");
        gateway.expect_bye();
    }
    assert!(elsewhere.is_silent_for(QUIET));
}

#[test]
fn requests_within_a_call_go_to_where_the_phone_is_and_not_where_it_says() {
    let trunked = Trunked::start(&[]);
    let _other = trunked.api.credential("lobby", PASSWORD);
    let (mut phone, mut gateway, mut elsewhere) =
        (trunked.phone(Transport::Udp), trunked.gateway(), bystander(&trunked));
    let aimed = format!("Contact: <{}>\r\n", elsewhere.uri("victim"));
    let draft = trunked.draft("+4930555").with(&aimed);
    let (_, mut callee) = trunked.answered(&mut phone, &mut gateway, &draft);
    let bye = gateway.ask_only(&mut callee, "BYE", "", "");
    phone.expect_bye();
    assert_eq!(gateway.answer_to(&callee, &bye).status(), Some(200));

    let mut lobby = trunked.phone(Transport::Udp);
    trunked.register_at(&mut lobby, "lobby", &elsewhere.uri("victim"));
    let outgoing = trunked.call(&mut phone, &trunked.draft("lobby"));
    let invite = lobby.request("INVITE");
    let contact = format!("Contact: <{}>\r\n{SDP_TYPE}", elsewhere.uri("victim"));
    lobby.answer(&invite, "200 OK", &contact, SDP);
    let mut caller = phone.expect_answered(&outgoing);
    lobby.request("ACK");
    phone.ask_only(&mut caller, "BYE", "", "");
    lobby.expect_bye();
    assert!(elsewhere.is_silent_for(QUIET));
}

#[test]
fn a_third_party_who_knows_every_tag_moves_no_call() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let (mut caller, callee) = trunked.answered(&mut phone, &mut gateway, &trunked.draft("+4930555"));
    let mut stranger = Party::udp_at([127, 0, 0, 2].into(), trunked.server.sip(Transport::Udp));
    for leg in [&caller, &callee] {
        for (method, headers, body) in [("BYE", "", ""), ("INVITE", SDP_TYPE, SDP), ("INFO", "", "")] {
            let mut forged = leg.clone();
            forged.sequence += 10;
            let answer = stranger.ask(&mut forged, method, headers, body);
            assert!(answer.status().is_some_and(|status| status >= 400), "{method}: {answer:#?}");
        }
    }
    assert!(phone.is_silent_for(QUIET) && gateway.is_silent_for(QUIET));
    assert_eq!(trunked.api.send("GET", &trunked.api.path("calls"), b"").expect(200)["meta"]["total"], 1);
    let bye = phone.ask_only(&mut caller, "BYE", "", "");
    gateway.expect_bye();
    assert_eq!(phone.answer_to(&caller, &bye).status(), Some(200));
}

#[test]
fn no_call_goes_to_a_host_that_is_not_ours_or_to_another_tenant() {
    let trunked = Trunked::start(&[]);
    let (mut gateway, mut elsewhere) = (trunked.gateway(), bystander(&trunked));
    let other = trunked.server.account("other");
    let others = trunked.server.api(&other);
    let _credential = others.credential("lobby", PASSWORD);
    let foreign = send(&others, "POST", "trunks", &json!({"name": "theirs"})).expect(201);
    let foreign = foreign["trunk_domain"].as_str().expect("a host").to_owned();
    let domain = &trunked.account.sip_domain;
    let to = |uri: String| Draft::new(USERNAME, &uri, domain);
    expect_refused(&trunked, &to(elsewhere.uri("+4930555")), 403, "Not A Domain Of This Server");
    expect_refused(&trunked, &to("sip:+4930555@sip.example.com".to_owned()), 403, "Not A Domain Of This Server");
    // At another tenant's hosts our credential proves nothing: they have a realm of their own.
    let mut phone = trunked.phone(Transport::Udp);
    for uri in [format!("sip:+4930555@{foreign}"), format!("sip:lobby@{}", other.sip_domain)] {
        let outgoing = trunked.call(&mut phone, &to(uri));
        let refused = phone.expect_refusal(&outgoing, 407);
        assert!(refused.header("proxy-authenticate").contains(&other.realm), "{refused:#?}");
    }
    assert!(gateway.is_silent_for(QUIET) && elsewhere.is_silent_for(QUIET));
}

#[test]
fn only_what_the_rules_allow_is_called() {
    let trunked = Trunked::start(&[]);
    let mut gateway = trunked.gateway();
    trunked.rules(&json!({"refused_prefixes": ["49900"], "allowed_prefixes": ["43"], "tech_prefix": "77"}));
    for premium in
        ["+49900123456", "0049900123456", "011-49-900-123456", "0900123456", "770900123456", "%2b49900123456"]
    {
        expect_refused(&trunked, &trunked.draft(premium), 403, "Destination Not Allowed");
    }
    for abroad in ["+12125550100", "0012125550100", "01112125550100"] {
        let refused = expect_refused(&trunked, &trunked.draft(abroad), 403, "International Calls Not Allowed");
        assert!(refused.header("reason").contains("Q.850;cause=21"), "{refused:#?}");
    }
    expect_refused(&trunked, &trunked.draft("112"), 403, "No Emergency Calls Here");
    expect_refused(&trunked, &trunked.draft("nobody"), 404, "Not Found");
    assert!(gateway.is_silent_for(QUIET));
    let mut phone = trunked.phone(Transport::Udp);
    let outgoing = trunked.call(&mut phone, &trunked.draft("+43123456"));
    let invite = gateway.request("INVITE");
    assert!(invite.uri().starts_with("sip:+43123456@"), "{invite:#?}");
    gateway.answer(&invite, "486 Busy Here", "", "");
    phone.expect_refusal(&outgoing, 486);
}

#[test]
fn a_caller_shows_only_a_number_it_has() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let claimed = |number: &str| {
        let mut draft = trunked.draft("+4930555");
        draft.from = format!("\"Bank\" <sip:{number}@{}>", trunked.account.sip_domain);
        draft
    };
    for (rule, number, shown, asserted) in [
        ("replace", "+491709", NUMBER, NUMBER),
        ("allow", "+491709", "+491709", NUMBER),
        ("reject", NUMBER, NUMBER, NUMBER),
        ("reject", "030123456", NUMBER, NUMBER),
    ] {
        trunked.rules(&json!({"caller_identity": rule}));
        let outgoing = trunked.call(&mut phone, &claimed(number));
        let invite = gateway.request("INVITE");
        assert!(invite.address("from").starts_with(&format!("sip:{shown}@")), "{rule} {number}: {invite:#?}");
        let asserts = invite.header("p-asserted-identity");
        assert!(asserts.starts_with(&format!("<sip:{asserted}@")), "{rule} {number}: {invite:#?}");
        gateway.answer(&invite, "486 Busy Here", "", "");
        phone.expect_refusal(&outgoing, 486);
    }
    expect_refused(&trunked, &claimed("+491709"), 403, "Caller Number Not Of This Trunk");
    trunked.rules(&json!({"caller_identity": "allow"}));
    let anonymous = claimed("+491709").with("Privacy: id\r\n");
    let outgoing = trunked.call(&mut phone, &anonymous);
    let invite = gateway.request("INVITE");
    assert!(invite.header("from").contains("anonymous@anonymous.invalid"), "RFC 3323 section 4.1.1.3: {invite:#?}");
    assert!(invite.header("p-asserted-identity").contains(NUMBER) && invite.header("privacy").contains("id"));
    gateway.answer(&invite, "486 Busy Here", "", "");
    phone.expect_refusal(&outgoing, 486);
}

#[test]
fn a_trunk_carries_nothing_that_it_is_not_meant_to() {
    let trunked = Trunked::start(&[]);
    let mut gateway = trunked.gateway();
    let draft = trunked.draft("+4930555");
    let domain = &trunked.account.sip_domain;
    let trunk = send(&trunked.api, "GET", &format!("trunks/{}", trunked.trunk), &json!(null)).expect(200);
    let host = trunk["trunk_domain"].as_str().expect("a host").to_owned();
    let named = Draft::new(USERNAME, &format!("sip:+4930555@{host}"), domain);
    trunked.change(&json!({"secure": true}));
    expect_refused(&trunked, &named, 403, "Trunk Requires TLS");
    expect_refused(&trunked, &draft, 403, "Trunk Requires TLS");
    trunked.change(&json!({"secure": false, "trunk_direction": "inbound"}));
    expect_refused(&trunked, &named, 403, "Trunk Not Active In This Direction");
    expect_refused(&trunked, &draft, 403, "Credential Has No Outbound Trunk");
    trunked.change(&json!({"trunk_direction": "both", "trunk_status": "inactive"}));
    expect_refused(&trunked, &named, 403, "Trunk Not Active In This Direction");
    trunked.change(&json!({"trunk_status": "active"}));
    trunked.rules(&json!({"require_srtp": true}));
    expect_refused(&trunked, &draft, 488, "Trunk Requires SRTP");
    trunked.rules(&json!({"require_srtp": false}));
    let entry = send(&trunked.api, "POST", "ip-acl", &json!({"ip_address": "192.0.2.1"})).expect(201);
    trunked.attach(&json!({"ip_acls": [entry["id"]]}));
    expect_refused(&trunked, &draft, 403, "Source Not In Access List");
    trunked.attach(&json!({"ip_acls": [], "credentials": []}));
    expect_refused(&trunked, &named, 403, "Credential Not Attached To Trunk");
    assert!(gateway.is_silent_for(QUIET));
}

#[test]
fn no_text_of_the_api_becomes_a_header() {
    let trunked = Trunked::start(&[]);
    let evil = "x\r\nX-Injected: 1";
    let id = trunked.uri(&json!({"uri": "sip:gw.example.com"}));
    let trunk = format!("trunks/{}", trunked.trunk);
    for (method, path, body) in [
        ("POST", "credentials".to_owned(), json!({"username": evil, "password": PASSWORD})),
        ("POST", "origination-uris".to_owned(), json!({"uri": format!("sip:gw.example.com;{evil}")})),
        ("PUT", format!("origination-uris/{id}"), json!({"uri": format!("sip:{evil}@gw.example.com")})),
        ("PUT", format!("origination-uris/{id}"), json!({"uri": "sip:gw.example.com?Route=%3Csip:evil%3E"})),
        ("PUT", format!("origination-uris/{id}/secret"), json!({"username": evil, "password": "upstream secret 1"})),
        ("PUT", trunk.clone(), json!({"inbound_destination": evil})),
        ("PUT", trunk.clone(), json!({"name": evil})),
        ("PUT", format!("{trunk}/rules"), json!({"passed_headers": [format!("X-{evil}")]})),
        ("PUT", format!("{trunk}/rules"), json!({"passed_headers": ["Route"]})),
        ("PUT", format!("{trunk}/rules"), json!({"tech_prefix": evil})),
        ("PUT", format!("{trunk}/rules"), json!({"emergency_numbers": [evil]})),
        ("PUT", format!("numbers/{NUMBER}"), json!({"target": "username", "target_username": evil})),
    ] {
        let answer = send(&trunked.api, method, &path, &body);
        assert_eq!(answer.status, 400, "{path} {body}: {}", answer.shown());
    }
}

#[test]
fn a_next_hop_that_is_ourselves_goes_round_no_second_time() {
    let trunked = Trunked::start(&["--acl-over-udp"]);
    for own in ["sip:sip.localhost", "sip:gw.sip.localhost", &format!("sip:{}", trunked.account.sip_domain)] {
        let answer = send(&trunked.api, "POST", "origination-uris", &json!({"uri": own}));
        assert_eq!(answer.status, 400, "{own}: {}", answer.shown());
    }
    let sip = trunked.server.sip(Transport::Udp);
    let id = trunked.uri(&json!({"uri": format!("sip:{sip}")}));
    trunked.attach(&json!({"origination_uris": [id]}));
    trunked.trust("127.0.0.1");
    let mut gateway = Party::udp(sip);
    let outgoing = gateway.invite(&Draft::new("+33123", &format!("sip:+4930555@{sip}"), "carrier.example"));
    let refused = gateway.final_of(&outgoing);
    gateway.refuse_ack(&outgoing, &refused);
    assert!(refused.status().is_some_and(|status| (400..600).contains(&status)), "{refused:#?}");
    let _written = trunked.record(outgoing.call_id());
    let page = trunked.api.send("GET", &trunked.api.path("cdrs?limit=100"), b"").expect(200);
    let rounds = page["objects"].as_array().expect("a list").len();
    assert!(rounds <= 2, "it went round {rounds} times");
}

#[test]
fn a_description_of_60_kilobytes_crosses_over_connections() {
    let trunked = Trunked::start(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let place = listener.local_addr().expect("an address");
    let id = trunked.uri(&json!({"uri": format!("sip:{place};transport=tcp")}));
    trunked.attach(&json!({"origination_uris": [id]}));
    let mut draft = trunked.draft("+4930555");
    while draft.body.len() < 60_000 {
        draft.body += "a=candidate:1 1 UDP 2130706431 192.0.2.1 54400 typ host\r\n";
    }
    let mut phone = trunked.phone(Transport::Tcp);
    let outgoing = trunked.call(&mut phone, &draft);
    let mut gateway = Party::accept(&listener);
    let invite = gateway.request("INVITE");
    assert_eq!(invite.body, draft.body);
    let contact = format!("Contact: <sip:gw@{place};transport=tcp>\r\n{SDP_TYPE}");
    gateway.answer(&invite, "200 OK", &contact, &draft.body);
    let answered = phone.final_of(&outgoing);
    assert_eq!((answered.status(), &answered.body), (Some(200), &draft.body));
    let mut caller = phone.confirm(&outgoing, &answered, "");
    gateway.request("ACK");
    phone.ask_only(&mut caller, "BYE", "", "");
    gateway.expect_bye();
}
