//! What survives an orderly restart and a kill, and what must not come back.

use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Server};
use std::thread;
use std::time::Duration;

const USERNAME: &str = "lasting_phone";
const PASSWORD: &str = "Correct!Horse7";
/// Refreshed bindings are written behind within a second; nothing tells from outside when.
const WRITTEN_BEHIND: Duration = Duration::from_millis(1500);

fn server_with_phone() -> (Server, Account) {
    let server = Server::start();
    let account = server.account("restarts");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    (server, account)
}

/// A phone on a new socket, since the server's ports are new after each start.
fn phone(server: &Server, account: &Account, transport: Transport) -> HandmadePhone {
    HandmadePhone::new(transport, server.sip(transport), &account.sip_domain, USERNAME, PASSWORD)
}

#[test]
fn bindings_and_credentials_survive_sigterm() {
    let (mut server, account) = server_with_phone();
    let mut first = phone(&server, &account, Transport::Udp);
    assert_eq!(first.register(600).status, 200);
    let contact = first.contact();
    server.restart();
    let query = phone(&server, &account, Transport::Tcp).query();
    assert_eq!((query.status, query.contacts().len()), (200, 1), "{}", query.text);
    assert!(query.contacts()[0].starts_with(&contact), "{contact}: {}", query.text);
    let listed = server.api(&account).send("GET", &server.api(&account).path("trunks/credentials"), b"").expect(200);
    assert_eq!(listed["meta"]["total"], 1);
}

#[test]
fn bindings_survive_a_kill_once_they_are_written() {
    let (mut server, account) = server_with_phone();
    let mut first = phone(&server, &account, Transport::Udp);
    assert_eq!(first.register(600).status, 200);
    let contact = first.contact();
    thread::sleep(WRITTEN_BEHIND);
    server.kill_dash_nine();
    server.start_again();
    let query = phone(&server, &account, Transport::Udp).query();
    assert_eq!((query.status, query.contacts().len()), (200, 1), "{}", query.text);
    assert!(query.contacts()[0].starts_with(&contact), "{contact}: {}", query.text);
}

#[test]
fn a_deregistration_that_was_answered_is_not_undone_by_a_kill() {
    let (mut server, account) = server_with_phone();
    for transport in Transport::ALL {
        let mut leaving = phone(&server, &account, transport);
        assert_eq!(leaving.register(600).contacts().len(), 1);
        thread::sleep(WRITTEN_BEHIND);
        let gone = leaving.register(0);
        assert_eq!((gone.status, gone.contacts().len()), (200, 0), "{}", gone.text);
        server.kill_dash_nine();
        server.start_again();
        let query = phone(&server, &account, transport).query();
        assert_eq!((query.status, query.contacts().len()), (200, 0), "it came back: {}", query.text);
    }
}

#[test]
fn what_the_api_has_answered_survives_a_kill() {
    let (mut server, account) = server_with_phone();
    let api = server.api(&account);
    let (kept, deleted) = (api.credential("kept", PASSWORD), api.credential("deleted", PASSWORD));
    let disabled = api.update(&kept, &serde_json::json!({"enabled": false}));
    api.delete(&deleted);
    server.kill_dash_nine();
    server.start_again();
    let api = server.api(&account);
    assert_eq!(api.send("GET", &api.path(&format!("credentials/{kept}")), b"").expect(200), disabled);
    api.send("GET", &api.path(&format!("credentials/{deleted}")), b"").expect_error(404);
}

#[test]
fn a_request_captured_before_a_restart_is_worthless_after_it() {
    let (mut server, account) = server_with_phone();
    let mut captured = phone(&server, &account, Transport::Udp);
    let contact = format!("Contact: {}\r\n", captured.contact());
    captured.challenge("");
    let used = captured.reusing_request(&contact);
    assert_eq!(captured.peer.exchange(&used).status, 200);
    captured.challenge("");
    let unused = captured.reusing_request(&contact);
    server.kill_dash_nine();
    server.start_again();
    for request in [used, unused] {
        let mut thief = phone(&server, &account, Transport::Udp);
        let response = thief.peer.exchange(&request);
        assert_eq!(response.status, 401, "{}", response.text);
    }
    assert_eq!(phone(&server, &account, Transport::Udp).register(60).status, 200);
}
