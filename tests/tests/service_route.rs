//! Phones that are told by Service-Route which flow they registered over, and come with it in Route.

use acceptance::bounded::wait_for;
use acceptance::sip::digest::Subject;
use acceptance::sip::message::unique;
use acceptance::sip::{Challenge, Credentials, HandmadePhone, RawSip, Response, Transport};
use acceptance::{Account, Server};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);
const USERNAME: &str = "following";
const PASSWORD: &str = "correct horse battery";

fn account(server: &Server) -> Account {
    let account = server.account("routes");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    account
}

fn phone(server: &Server, account: &Account, transport: Transport) -> HandmadePhone {
    HandmadePhone::new(transport, server.sip(transport), &account.sip_domain, USERNAME, PASSWORD)
}

/// An OPTIONS to the account's domain with that Route, its challenge answered; the final answer.
fn probe(peer: &mut RawSip, account: &Account, route: &str) -> Response {
    let domain = &account.sip_domain;
    let (uri, call) = (format!("sip:{domain}"), unique());
    let request = |peer: &RawSip, sequence: u32, line: &str| {
        format!(
            "OPTIONS {uri} SIP/2.0\r\nVia: {via};branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\nRoute: {route}\r\n\
             From: <sip:{USERNAME}@{domain}>;tag={call}\r\nTo: <{uri}>\r\nCall-ID: {call}\r\n\
             CSeq: {sequence} OPTIONS\r\n{line}Content-Length: 0\r\n\r\n",
            via = peer.via(),
            branch = unique(),
        )
    };
    let first = request(peer, 1, "");
    let challenged = peer.exchange(&first);
    assert_eq!(challenged.status, 407, "{}", challenged.text);
    let challenge = Challenge::parse(challenged.header("proxy-authenticate").expect("a challenge"));
    let credentials = Credentials { username: USERNAME.to_owned(), password: PASSWORD.to_owned() };
    let value = challenge.answer(&credentials, Subject { method: "OPTIONS", uri: &uri, nonce_count: 1 });
    let second = request(peer, 2, &format!("Proxy-Authorization: {value}\r\n"));
    peer.exchange(&second)
}

/// Registers; the one value of Service-Route.
fn told(phone: &mut HandmadePhone) -> String {
    let registered = phone.register(600);
    assert_eq!(registered.status, 200, "{}", registered.text);
    registered.header("service-route").expect("a Service-Route").to_owned()
}

#[test]
fn a_phone_may_follow_its_service_route_for_as_long_as_its_flow_lives() {
    let server = Server::start_with(&["--service-route"]);
    let account = account(&server);
    for transport in Transport::ALL {
        let mut following = phone(&server, &account, transport);
        let route = told(&mut following);
        let end = format!("@{};transport={};lr>", server.sip(transport), transport.name());
        assert!(route.starts_with("<sip:") && route.ends_with(&end), "{route}");
        assert_eq!(probe(&mut following.peer, &account, &route).status, 200, "{transport:?}");
        let character = if route.as_bytes()[5] == b'A' { "B" } else { "A" };
        let changed = format!("{}{character}{}", &route[..5], &route[6..]);
        let refused = probe(&mut following.peer, &account, &changed);
        assert!(refused.text.starts_with("SIP/2.0 403 Flow Token Not Valid\r\n"), "{}", refused.text);
        assert_eq!(probe(&mut following.peer, &account, "<sip:proxy.example.com;lr>").status, 200, "not ours");
    }
}

#[test]
fn a_token_of_a_connection_that_was_closed_has_failed() {
    let server = Server::start_with(&["--service-route", "--metrics-listen", "127.0.0.1:0"]);
    let account = account(&server);
    let mut first = phone(&server, &account, Transport::Tcp);
    let route = told(&mut first);
    let mut other = RawSip::connect(Transport::Tcp, server.sip(Transport::Tcp));
    assert_eq!(probe(&mut other, &account, &route).status, 480, "the other is there, and nothing is relayed");
    drop(first);
    let failed = wait_for("the closed connection", LIMIT, || {
        Some(probe(&mut other, &account, &route)).filter(|answer| answer.status != 480)
    });
    assert!(failed.text.starts_with("SIP/2.0 430 Flow Failed\r\n"), "{}", failed.text);
    assert!(server.scrape().value("sipwarden_sip_responses_total", &[("code", "430")]) >= 1.0);
}

/// Connections end with the process, datagrams do not.
#[test]
fn after_a_restart_only_datagrams_flow_on() {
    let mut server = Server::start_with(&["--service-route"]);
    let account = account(&server);
    let mut over_udp = phone(&server, &account, Transport::Udp);
    let mut over_tcp = phone(&server, &account, Transport::Tcp);
    let (udp_route, tcp_route) = (told(&mut over_udp), told(&mut over_tcp));
    server.restart_in_place();
    assert_eq!(probe(&mut over_udp.peer, &account, &udp_route).status, 200);
    let mut anew = RawSip::connect(Transport::Tcp, server.sip(Transport::Tcp));
    let failed = probe(&mut anew, &account, &tcp_route);
    assert!(failed.text.starts_with("SIP/2.0 430 Flow Failed\r\n"), "{}", failed.text);
}

#[test]
fn nothing_is_told_unless_asked_for() {
    let server = Server::start();
    let account = account(&server);
    let registered = phone(&server, &account, Transport::Udp).register(600);
    assert_eq!((registered.status, registered.header("service-route")), (200, None), "{}", registered.text);
}
