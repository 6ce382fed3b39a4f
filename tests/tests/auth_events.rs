//! Authentication events beyond their reasons: kept across a restart, watched as they happen, told to webhooks, and
//! without a secret anywhere.

use acceptance::bounded::wait_for;
use acceptance::needles::Needles;
use acceptance::sip::digest::parameters;
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::webhook_receiver::WebhookReceiver;
use acceptance::{Account, Api, Server};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const PASSWORD: &str = "Correct!Horse7";
const WRONG: &str = "Wrong-Needle!guessed";
const LIMIT: Duration = Duration::from_secs(20);

fn phone(server: &Server, account: &Account, username: &str, password: &str) -> HandmadePhone {
    HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, username, password)
}

fn events(api: &Api, query: &str) -> Vec<Value> {
    let page = api.send("GET", &api.path(&format!("auth-events?limit=1000{query}")), b"").expect(200);
    page["objects"].as_array().expect("a list").clone()
}

/// Waits until so many attempts are kept that match.
fn kept(api: &Api, query: &str, attempts: u64) -> Vec<Value> {
    wait_for(&format!("{attempts} attempts {query}"), LIMIT, || {
        let found = events(api, query);
        let count: u64 = found.iter().filter_map(|event| event["attempts"].as_u64()).sum();
        assert!(count <= attempts, "{count}: {found:?}");
        (count == attempts).then_some(found)
    })
}

/// A stream of events, read line by line.
struct Watcher {
    lines: BufReader<TcpStream>,
}

impl Watcher {
    /// Asks; the status, and what follows the head.
    fn open(server: &Server, account: &Account, query: &str, header: &str) -> (u16, Self) {
        let mut stream = TcpStream::connect(server.http()).expect("a connection");
        stream.set_read_timeout(Some(LIMIT)).expect("a limit");
        let Account { auth_id, auth_token, .. } = account;
        let request = format!(
            "GET /api/v1/Account/{auth_id}/auth-events/stream{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             X-Auth-ID: {auth_id}\r\nX-Auth-Token: {auth_token}\r\n{header}\r\n"
        );
        stream.write_all(request.as_bytes()).expect("a request");
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        lines.read_line(&mut line).expect("a status line");
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let mut watcher = Self { lines };
        while watcher.line().is_some_and(|line| !line.is_empty()) {}
        (status, watcher)
    }

    /// The next line; `None` once the stream has ended.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).expect("a line in time");
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// The next event: its id and what it says.
    fn event(&mut self) -> Option<(String, Value)> {
        let mut id = String::new();
        loop {
            let line = self.line()?;
            if let Some(value) = line.strip_prefix("id: ") {
                value.clone_into(&mut id);
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return Some((id, serde_json::from_str(data).expect("JSON")));
            }
        }
    }

    /// Reads to the end of the stream.
    fn ends_within(mut self, limit: Duration) -> bool {
        let begun = Instant::now();
        while self.line().is_some() {}
        begun.elapsed() <= limit
    }
}

#[test]
fn what_is_kept_outlives_a_crash_and_adds_up() {
    let mut server = Server::start();
    let account = server.account("kept");
    let api = server.api(&account);
    let id = api.credential("alice", PASSWORD);
    let mut wrong = phone(&server, &account, "alice", WRONG);
    for _ in 0..12 {
        assert_eq!(wrong.register(60).status, 401);
    }
    let failures = kept(&api, "&reason=wrong_password", 12);
    assert!(failures.iter().any(|event| event["sampled"] == true), "{failures:?}");
    let mut right = phone(&server, &account, "alice", PASSWORD);
    for _ in 0..5 {
        assert_eq!(right.register(60).status, 200);
    }
    let first = wait_for("a success", LIMIT, || events(&api, "&reason=ok").pop());
    server.kill_dash_nine();
    server.start_again();
    let api = server.api(&account);
    assert_eq!(events(&api, "&reason=wrong_password"), failures);
    assert_eq!(events(&api, "&reason=ok").len(), 1);
    assert_eq!(events(&api, "&reason=ok")[0]["id"], first["id"]);
    let of_credential = api.send("GET", &api.path(&format!("credentials/{id}/events?limit=1")), b"").expect(200);
    assert_eq!(of_credential["objects"][0]["credential_id"], id.as_str());

    // A server that is stopped writes what it has counted.
    let mut right = phone(&server, &account, "alice", PASSWORD);
    for _ in 0..5 {
        assert_eq!(right.register(60).status, 200);
    }
    server.restart();
    let api = server.api(&account);
    assert!(events(&api, "&reason=ok").iter().any(|event| event["attempts"] == 5), "{:?}", events(&api, "&reason=ok"));
}

#[test]
fn nothing_of_a_flood_is_left_out_and_nobody_else_is_touched() {
    let server = Server::start_with(&["--throttle-limit", "0"]);
    let (flooded, quiet) = (server.account("flooded"), server.account("quiet"));
    let (api, quiet_api) = (server.api(&flooded), server.api(&quiet));
    let _id = quiet_api.credential("alice", PASSWORD);
    for number in 0..600_u32 {
        assert_eq!(phone(&server, &flooded, &format!("name{number}"), WRONG).register(60).status, 401);
    }
    assert_eq!(phone(&server, &quiet, "alice", WRONG).register(60).status, 401);
    assert_eq!(kept(&quiet_api, "", 1)[0]["reason"], "wrong_password");
    let rows = kept(&api, "", 600);
    for row in rows.iter().filter(|row| row["attempts"] != 1) {
        assert_eq!((&row["username"], &row["source"], &row["sampled"]), (&Value::Null, &Value::Null, &json!(true)));
    }
}

#[test]
fn a_stream_tells_takes_up_and_ends_with_its_token() {
    let server = Server::start();
    let (account, other) = (server.account("watched"), server.account("other"));
    let api = server.api(&account);
    let _id = api.credential("alice", PASSWORD);
    let (status, mut watcher) = Watcher::open(&server, &account, "?reason=wrong_password", "");
    assert_eq!(status, 200);
    assert_eq!(phone(&server, &other, "alice", WRONG).register(60).status, 401);
    assert_eq!(phone(&server, &account, "alice", PASSWORD).register(60).status, 200);
    assert_eq!(phone(&server, &account, "alice", WRONG).register(60).status, 401);
    let (first, told) = watcher.event().expect("an event");
    assert_eq!((&told["event"]["reason"], &told["event"]["id"]), (&"wrong_password".into(), &first.clone().into()));
    assert_eq!(told["event"], events(&api, "&reason=wrong_password")[0]);
    drop(watcher);

    // What happened meanwhile comes first.
    for _ in 0..3 {
        assert_eq!(phone(&server, &account, "alice", WRONG).register(60).status, 401);
    }
    let missed = kept(&api, "&reason=wrong_password", 4);
    let (_, mut watcher) =
        Watcher::open(&server, &account, "?reason=wrong_password", &format!("Last-Event-ID: {first}\r\n"));
    for expected in missed.iter().rev().skip(1) {
        assert_eq!(&watcher.event().expect("an event").1["event"], expected);
    }
    for (query, header) in [("?cursor=nonsense", ""), ("", "Last-Event-ID: nonsense\r\n")] {
        assert_eq!(Watcher::open(&server, &account, query, header).0, 400);
    }

    // Ten at a time, that one among them; whoever leaves makes room once the server has noticed.
    let mut watchers = Vec::new();
    let refused = loop {
        match Watcher::open(&server, &account, "", "") {
            (200, watcher) => watchers.push(watcher),
            (status, _) => break status,
        }
        assert!(watchers.len() < 10);
    };
    assert!(refused == 429 && watchers.len() >= 7, "{refused} after {}", watchers.len());
    assert_eq!(Watcher::open(&server, &other, "", "").0, 200);
    watchers.clear();
    wait_for("room", LIMIT, || (Watcher::open(&server, &account, "", "").0 == 200).then_some(()));

    // A token that is revoked sees nothing more.
    let made = api.send("POST", &api.path("tokens"), br#"{"label":"watching","scope":"read_only"}"#).expect(201);
    let token = made["auth_token"].as_str().expect("a token").to_owned();
    let brief = Account { auth_token: token, ..account.clone() };
    let (status, watching) = Watcher::open(&server, &brief, "", "");
    assert_eq!(status, 200);
    let id = made["id"].as_str().expect("an id");
    assert_eq!(api.send("DELETE", &api.path(&format!("tokens/{id}")), b"").status, 204);
    assert!(watching.ends_within(Duration::from_secs(3)));
    // Nor does it go on once the server stops, or hold it up.
    let mut server = server;
    let begun = Instant::now();
    assert!(server.stop().is_some_and(|status| status.success()));
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert!(watcher.ends_within(Duration::from_secs(3)));
}

#[test]
fn refusals_are_told_to_webhooks_that_ask_for_it_without_a_secret_anywhere() {
    let server = Server::start_with(&["--log", "trace", "--webhook-allow-network", "127.0.0.0/8"]);
    let account = server.account("told");
    let api = server.api(&account);
    let receiver = WebhookReceiver::start();
    let put = |events: Value| {
        let body = json!({"url": receiver.url("/told"), "events": events}).to_string();
        api.send("PUT", &api.path("call-webhook"), body.as_bytes())
    };
    assert_eq!(put(json!(["auth.refused", "auth.refus"])).status, 400);
    put(json!(["auth.refused"])).expect(201);
    let _id = api.credential("alice", PASSWORD);
    let (_, mut watcher) = Watcher::open(&server, &account, "", "");
    let mut wrong = phone(&server, &account, "alice", WRONG);
    let mut needles = Needles::default();
    for username in ["alice", "nobody"] {
        for password in [PASSWORD, WRONG] {
            needles.add_password(&account.realm, username, password);
        }
    }
    needles.add("an API token", account.auth_token.as_bytes());
    let mut right = phone(&server, &account, "alice", PASSWORD);
    for (phone, times, status) in [(&mut wrong, 4, 401), (&mut right, 1, 200)] {
        let challenge = phone.challenge("");
        needles.add("a nonce", challenge.nonce.as_bytes());
        for _ in 0..times {
            let request = phone.reusing_request("");
            let authorization = request.lines().find(|line| line.starts_with("Authorization")).expect("its header");
            for (name, value) in parameters(authorization) {
                if name == "response" {
                    needles.add("a response", value.as_bytes());
                }
            }
            assert_eq!(phone.peer.exchange(&request).status, status);
        }
    }
    assert_eq!(phone(&server, &account, "nobody", WRONG).register(60).status, 401);
    let heard = receiver.accepted(2);
    // Refusals alike are one message.
    assert_eq!(heard.len(), 2, "{heard:?}");
    let of = |reason: &str| heard.iter().find(|heard| heard.json()["auth"]["reason"] == reason).expect("its message");
    assert!(of("unknown_user").json()["auth"]["username"] == "nobody");
    let told = of("wrong_password").json();
    assert_eq!((heard[0].event(), &told["account_id"]), ("auth.refused", &account.auth_id.clone().into()));
    assert!(told["auth"]["sentence"].is_string() && told["auth"]["mend"].is_string(), "{told}");

    let watched: Vec<String> = (0..6).map(|_| watcher.event().expect("an event").1.to_string()).collect();
    let listed = events(&api, "").into_iter().map(|event| event.to_string());
    let why = api.send("GET", &api.path("why"), b"").shown();
    let export = api.send("GET", &api.path("credentials/export"), b"").shown();
    let audit = api.send("GET", &api.path("audit-log"), b"").shown();
    assert!(export.contains("alice") && audit.contains("credential.created"), "{export} {audit}");
    let said = heard.iter().map(|heard| heard.body.clone());
    let mut places: Vec<_> =
        watched.into_iter().chain(listed).chain(said).chain([why, export, audit]).map(String::into_bytes).collect();
    for name in ["sipwarden.db", "sipwarden.db-wal"] {
        places.push(fs::read(server.data_dir().join(name)).expect("a file"));
    }
    places.push(server.stderr().into_bytes());
    for place in &places {
        assert_eq!(needles.found_in(place), Vec::<String>::new(), "{}", String::from_utf8_lossy(place));
    }
    assert!(!server.stderr().contains("nobody"), "a name that may be a password is logged");
}
