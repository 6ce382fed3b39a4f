//! Who is online: by the API and by `sipwarden phones`, and registrations ended by force.

use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Server, binary};
use serde_json::Value;

const PASSWORD: &str = "correct horse battery";

fn phone(server: &Server, account: &Account, (username, transport): (&str, Transport)) -> HandmadePhone {
    HandmadePhone::new(transport, server.sip(transport), &account.sip_domain, username, PASSWORD)
}

fn phones(server: &Server, account: &Account, arguments: &[&str]) -> String {
    let output = binary::command()
        .arg("phones")
        .args(arguments)
        .env("SIPWARDEN_URL", format!("http://{}", server.http()))
        .env("SIPWARDEN_AUTH_ID", &account.auth_id)
        .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token)
        .output()
        .expect("a binary that can be started");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn phones_are_listed_filtered_and_removed() {
    let server = Server::start();
    let (account, other) = (server.account("online"), server.account("neighbour"));
    let api = server.api(&account);
    let (alice, bob) = (api.credential("alice", PASSWORD), api.credential("bob", PASSWORD));
    let list = |query: &str| api.send("GET", &api.path(&format!("registrations{query}")), b"").expect(200);
    assert_eq!(list("")["meta"]["total"], 0);
    assert!(phones(&server, &account, &[]).starts_with("No phone is online"));

    let mut desk = phone(&server, &account, ("alice", Transport::Udp));
    let mut cell = phone(&server, &account, ("alice", Transport::Tcp));
    let mut bobs = phone(&server, &account, ("bob", Transport::Udp));
    for phone in [&mut desk, &mut cell, &mut bobs] {
        assert_eq!(phone.register(600).status, 200);
    }
    let all = list("?limit=2");
    assert_eq!((&all["meta"]["total"], all["objects"].as_array().map(Vec::len)), (&3.into(), Some(2)));
    let cursor = all["meta"]["next_cursor"].as_str().expect("a second page");
    let rest = list(&format!("?limit=2&cursor={cursor}"));
    assert_eq!((&rest["objects"][0]["username"], &rest["meta"]["next_cursor"]), (&"bob".into(), &Value::Null));
    let first = &all["objects"][0];
    assert_eq!((&first["credential_id"], &first["transport"]), (&alice.as_str().into(), &"udp".into()));
    assert!(desk.contact().contains(first["contact"].as_str().expect("a contact")));
    for (query, total) in [
        ("?username=alice", 2),
        ("?transport=tcp", 1),
        ("?transport=wss", 0),
        ("?source=127.0.0.1", 3),
        ("?source=127.0.0.9", 0),
        (&format!("?credential={bob}"), 1),
    ] {
        assert_eq!(list(query)["meta"]["total"], total, "{query}");
    }
    let neighbour = server.api(&other);
    let theirs = neighbour.send("GET", &neighbour.path("registrations"), b"").expect(200);
    assert_eq!(theirs["meta"]["total"], 0);

    let table = phones(&server, &account, &["--username", "alice"]);
    assert_eq!(table.lines().count(), 3, "{table}");
    let id = first["id"].as_str().expect("an id");
    phones(&server, &account, &["remove", "alice", "--registration", id]);
    assert_eq!(list("?username=alice")["meta"]["total"], 1);
    let path = api.path(&format!("credentials/{alice}/registrations/{id}"));
    assert_eq!(api.send("DELETE", &path, b"").status, 404, "it has ended");
    phones(&server, &account, &["remove", &alice]);
    let json: Value = serde_json::from_str(&phones(&server, &account, &["--json"])).expect("JSON");
    assert_eq!((json["phones"].as_array().map(Vec::len), &json["phones"][0]["username"]), (Some(1), &"bob".into()));
    // Its connection was closed; the phone may come back over another.
    let mut back = phone(&server, &account, ("alice", Transport::Tcp));
    assert_eq!(back.register(600).contacts().len(), 1);
}

#[test]
fn a_removed_phone_does_not_come_back_with_a_restart() {
    let mut server = Server::start();
    let account = server.account("online");
    let alice = server.api(&account).credential("alice", PASSWORD);
    assert_eq!(phone(&server, &account, ("alice", Transport::Udp)).register(600).status, 200);
    let api = server.api(&account);
    // The binding is written behind: this comes before, with, or after it.
    assert_eq!(api.send("DELETE", &api.path(&format!("credentials/{alice}/registrations")), b"").status, 204);
    server.kill_dash_nine();
    server.start_again();
    assert_eq!(phone(&server, &account, ("alice", Transport::Udp)).query().contacts().len(), 0);
}
