//! What an earlier version stored, this one serves.

use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Server, data};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// What the README beside a fixture says of it.
struct Fixture {
    folder: &'static str,
    auth_id: &'static str,
    auth_token: &'static str,
    /// The first ones of `created_at`.
    created: &'static str,
    /// The identifiers of [`PHONES`].
    ids: [&'static str; 2],
}

const VERSION_1: Fixture = Fixture {
    folder: "installation-v1",
    auth_id: "MA_VERSION1",
    auth_token: "f8215d4c5c8050b3e76f8286cd069f12cb32327dc8f3a31fa9ec44d35c0b0a11",
    created: "2026-11-22T08:36:42",
    ids: ["01a20266-82f0-71a4-b3a2-dae73fc15a85", "01a20266-82ff-7b7f-ae0b-c19da3a162e0"],
};
const VERSION_2: Fixture = Fixture {
    folder: "installation-v2",
    auth_id: "MA_VERSION2",
    auth_token: "270f55442658586b6b0c85ffd9886c12fd055744826471e1b1aaa1cba0ef542f",
    created: "2026-11-22T11:44:03",
    ids: ["01a20312-07fc-7aa4-b15f-861b50d44d74", "01a20312-080f-794c-bdaa-c0f835fbb49d"],
};
const PHONES: [(&str, &str); 2] = [("office_phone_01", "Correct-Horse-7"), ("lobby", "Battery-Staple-8")];
const REGISTERED: &str = "<sip:office_phone_01@192.0.2.10:5062>";

fn account(fixture: &Fixture) -> Account {
    Account {
        auth_id: fixture.auth_id.to_owned(),
        auth_token: fixture.auth_token.to_owned(),
        realm: format!("{}.sip.localhost", fixture.auth_id),
        sip_domain: format!("{}.sip.localhost", fixture.auth_id.to_lowercase().replace('_', "-")),
    }
}

/// A server that is not started yet, on a copy of that installation with the modes it had.
fn installation(fixture: &Fixture) -> Server {
    let server = Server::not_started();
    let folder = server.data_dir();
    fs::create_dir(&folder).expect("a new folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("a folder of our own");
    for name in ["master.key", "sipwarden.db"] {
        let copy = folder.join(name);
        fs::copy(data(fixture.folder).join(name), &copy).expect("a file of the fixture");
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).expect("a file of our own");
    }
    server
}

fn assert_served(server: &Server, fixture: &Fixture) {
    let account = account(fixture);
    let api = server.api(&account);
    let listed = api.send("GET", &api.path("trunks/credentials"), b"").expect(200);
    assert_eq!(listed["meta"]["total"], PHONES.len(), "{listed}");
    let objects = listed["objects"].as_array().expect("a list");
    for ((object, (username, _)), id) in objects.iter().zip(PHONES).zip(fixture.ids) {
        assert_eq!((object["username"].as_str(), object["id"].as_str()), (Some(username), Some(id)), "{listed}");
        assert_eq!((&object["realm"], &object["enabled"]), (&account.realm.clone().into(), &true.into()), "{listed}");
        assert!(object["created_at"].as_str().is_some_and(|at| at.starts_with(fixture.created)), "{listed}");
    }
    for (username, password) in PHONES {
        let mut phone =
            HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, username, password);
        let registered = phone.register(600);
        assert_eq!(registered.status, 200, "{}", registered.text);
        let kept = registered.contacts().iter().any(|contact| contact.starts_with(REGISTERED));
        assert_eq!(kept, username == "office_phone_01", "{}", registered.text);
        assert_eq!(phone.register(0).status, 200);
    }
}

fn check(fixture: &Fixture) {
    let mut server = installation(fixture);
    server.start_again();
    assert_served(&server, fixture);
    let api = server.api(&account(fixture));
    let created = api.credential("after_the_upgrade", "Correct-Horse-9");
    api.delete(&created);
    server.restart();
    assert_served(&server, fixture);
}

#[test]
fn an_installation_of_version_1_is_served_with_all_that_is_in_it() {
    check(&VERSION_1);
}

#[test]
fn an_installation_of_version_2_is_served_with_all_that_is_in_it() {
    check(&VERSION_2);
}

#[test]
fn a_wrong_token_is_refused_after_an_upgrade() {
    let mut server = installation(&VERSION_1);
    server.start_again();
    let stranger = Account { auth_token: "0".repeat(64), ..account(&VERSION_1) };
    let api = server.api(&stranger);
    api.send("GET", &api.path("trunks/credentials"), b"").expect_error(401);
}
