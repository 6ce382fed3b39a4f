//! Two servers on one PostgreSQL: what is changed on one holds on the other at once, also when that is cut off.

use acceptance::bounded::{run, wait_for};
use acceptance::postgres::url_at;
use acceptance::sip::{HandmadePhone, Response, Transport};
use acceptance::{Account, Api, Postgres, RawHttp, Relay, Server, binary};
use serde_json::json;
use std::time::{Duration, Instant};

const PASSWORD: &str = "Correct!Horse7";
const LIMIT: Duration = Duration::from_secs(30);

/// A server of that name on that database, with the master key of the first.
fn node(name: &str, url: &str, first: Option<&Server>) -> Server {
    let mut options = vec!["--database-url", url, "--node-name", name, "--metrics-listen", "127.0.0.1:0"];
    let key = first.map(|first| first.data_dir().join("master.key").display().to_string());
    options.extend(key.iter().flat_map(|key| ["--master-key-file", key]));
    Server::start_with(&options)
}

fn phone(server: &Server, account: &Account, username: &str) -> HandmadePhone {
    HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, username, PASSWORD)
}

/// The first answer to a REGISTER without credentials.
fn asked(server: &Server, account: &Account) -> Response {
    let mut phone = phone(server, account, "desk");
    let request = phone.request("");
    phone.peer.exchange(&request)
}

fn enable(api: &Api, id: &str, is_enabled: bool) {
    api.update(id, &json!({ "enabled": is_enabled }));
}

fn readiness(server: &Server) -> u16 {
    let mut connection = RawHttp::connect(server.http());
    connection.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    connection.read_answer(LIMIT).expect("an answer").status
}

#[test]
fn what_is_changed_on_one_node_holds_on_the_other() {
    let database = Postgres::start();
    let first = node("first", &database.url(), None);
    let second = node("second", &database.url(), Some(&first));
    let account = first.account("nodes");
    let (here, there) = (first.api(&account), second.api(&account));

    // Created on one, used on the other with the answer.
    let id = here.credential("desk", PASSWORD);
    assert_eq!(phone(&second, &account, "desk").register(600).status, 200);
    for round in 0..20 {
        let (changer, other) = if round % 2 == 0 { (&here, &second) } else { (&there, &first) };
        enable(changer, &id, false);
        assert_eq!(phone(other, &account, "desk").register(600).status, 401, "round {round}");
        enable(changer, &id, true);
        assert_eq!(phone(other, &account, "desk").register(600).status, 200, "round {round}");
    }
    there.delete(&id);
    assert_eq!(phone(&first, &account, "desk").register(600).status, 401);

    // A name is taken for all, whoever asks at the same moment.
    let taken: Vec<u16> = std::thread::scope(|threads| {
        let asked: Vec<_> = (0..16)
            .map(|number| {
                let api = if number % 2 == 0 { &here } else { &there };
                threads.spawn(move || api.create("contested", PASSWORD).status)
            })
            .collect();
        asked.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    assert_eq!(taken.iter().filter(|status| **status == 201).count(), 1, "{taken:?}");

    // A token that is revoked on one is refused by the other, with the answer.
    let tokens = here.path("tokens");
    let made = here.send("POST", &tokens, br#"{"label":"short-lived","scope":"all"}"#).expect(201);
    let (token, token_id) = (made["auth_token"].as_str().expect("a token"), made["id"].as_str().expect("an id"));
    let brief = Account { auth_token: token.to_owned(), ..account.clone() };
    let with_it = |api: &Api| api.send("GET", &api.path("trunks/credentials"), b"").status;
    let (here_briefly, there_briefly) = (first.api(&brief), second.api(&brief));
    assert_eq!((with_it(&here_briefly), with_it(&there_briefly)), (200, 200));
    assert_eq!(there.send("DELETE", &there.path(&format!("tokens/{token_id}")), b"").status, 204);
    assert_eq!((with_it(&here_briefly), with_it(&there_briefly)), (401, 401));

    // The log of who did what is one chain, whoever wrote it; and commands work on either.
    let checked = binary::sipwarden_on(&second.data_dir(), &["audit", "check"]);
    assert!(checked.contains("sound") || checked.contains("records"), "{checked}");
    assert_eq!(database.query("SELECT string_agg(name, ',' ORDER BY name) FROM nodes"), "first,second");
}

#[test]
fn a_node_that_is_cut_off_refuses_before_anybody_is_told_of_a_change() {
    let database = Postgres::start();
    let wire = Relay::to(database.address());
    let first = node("first", &database.url(), None);
    let second = node("second", &url_at(wire.address()), Some(&first));
    let account = first.account("nodes");
    let api = first.api(&account);
    let id = api.credential("desk", PASSWORD);
    let mut desk = phone(&second, &account, "desk");
    assert_eq!(desk.register(600).status, 200);

    wire.cut();
    let began = Instant::now();
    enable(&api, &id, false);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
    // From the answer on, the other node lets nobody in by what it knew.
    let refused = asked(&second, &account);
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(refused.header("retry-after").is_some(), "{}", refused.text);
    assert_eq!(second.api(&account).send("GET", &api.path("trunks/credentials"), b"").status, 503);
    assert_eq!(readiness(&second), 503);
    assert_eq!(second.scrape().value("sipwarden_lease_remaining_seconds", &[]).to_bits(), 0.0_f64.to_bits());
    assert_eq!(readiness(&first), 200);
    // Nobody waits for it a second time.
    let began = Instant::now();
    assert_eq!(api.create("another", PASSWORD).status, 201);
    assert!(began.elapsed() < Duration::from_secs(2));

    wire.mend();
    let status = wait_for("an answer that is no refusal", LIMIT, || {
        let answer = asked(&second, &account);
        (answer.status != 503).then_some(answer.status)
    });
    assert_eq!(status, 401);
    assert_eq!(phone(&second, &account, "desk").register(600).status, 401);
    assert_eq!(phone(&second, &account, "another").register(600).status, 200);
    wait_for("a ready node", LIMIT, || (readiness(&second) == 200).then_some(()));
}

#[test]
fn a_node_says_what_is_wrong_with_its_place() {
    let database = Postgres::start();
    let first = node("first", &database.url(), None);
    let serve = |name: &str, key: Option<String>| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = binary::command();
        command.args(["serve", "--http-listen", "127.0.0.1:0", "--sip-listen", "udp:127.0.0.1:0", "--data-dir"]);
        command.arg(folder.path().join("data")).args(["--database-url", &database.url(), "--node-name", name]);
        command.args(key.iter().flat_map(|key| ["--master-key-file", key]));
        run(&mut command, LIMIT)
    };
    let key = first.data_dir().join("master.key").display().to_string();
    let namesake = serve("first", Some(key));
    assert!(namesake.stderr.contains("--node-name"), "{namesake:?}");
    let keyless = serve("second", None);
    assert!(keyless.stderr.contains("copy the key file of another node"), "{keyless:?}");
    let doctor = run(
        binary::command()
            .arg("doctor")
            .arg("--data-dir")
            .arg(first.data_dir())
            .args(["--database-url", &database.url()]),
        LIMIT,
    );
    assert!(doctor.stdout.contains("nodes: first"), "{doctor:?}");
}
