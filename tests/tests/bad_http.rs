//! What no client should send over HTTP, each with the exact answer, and nothing lost by it.

use acceptance::{Answer, Api, RawHttp, Server};
use serde_json::json;
use std::thread;
use std::time::Duration;

const PASSWORD: &str = "correct horse 1";
/// Longer than the server may take to give up on a client that stalls.
const STALL_LIMIT: Duration = Duration::from_secs(75);
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

#[test]
fn bodies_that_are_no_json_object() {
    let server = Server::start();
    let api = server.api(&server.account("bodies"));
    let deep = "[".repeat(4000);
    let bodies: [&[u8]; 14] = [
        b"",
        b" ",
        b"{",
        b"not json",
        b"null",
        b"[]",
        b"\"text\"",
        b"1",
        b"{}{}",
        b"{\"username\":\"a_user\",\"password\":\"correct horse 1\"} trailing",
        b"{'username':'a_user','password':'correct horse 1'}",
        b"{\"username\":\"a\xff\",\"password\":\"correct horse 1\"}",
        b"{\"username\":\"a\x00b\",\"password\":\"correct horse 1\"}",
        deep.as_bytes(),
    ];
    for body in bodies {
        api.send_with("POST", &api.path("credentials"), &[("Content-Type", "application/json")], body)
            .expect_error(400);
    }
    expect_nothing_was_created(&api);
}

#[test]
fn fields_that_are_wrong_are_named() {
    let server = Server::start();
    let api = server.api(&server.account("fields"));
    let long = |length: usize| "p".repeat(length);
    let text = |username: &str, password: &str| json!({"username": username, "password": password}).to_string();
    let cases: Vec<(String, &str)> = vec![
        (json!({"password": PASSWORD}).to_string(), "username"),
        (json!({"username": "a_user"}).to_string(), "password"),
        ("{}".to_owned(), "username"),
        (json!({"username": 7, "password": PASSWORD}).to_string(), "username"),
        (json!({"username": null, "password": PASSWORD}).to_string(), "username"),
        (json!({"username": ["a"], "password": PASSWORD}).to_string(), "username"),
        (json!({"username": "a_user", "password": 12_345_678}).to_string(), "password"),
        (json!({"username": "a_user", "password": {"a": 1}}).to_string(), "password"),
        (json!({"username": "a_user", "password": PASSWORD, "enabled": true}).to_string(), "enabled"),
        (json!({"username": "a_user", "password": PASSWORD, "description": ""}).to_string(), "description"),
        (json!({"username": "a_user", "password": PASSWORD, "Username": "b"}).to_string(), "Username"),
        (json!({"username": "a_user", "password": PASSWORD, "trunk_id": "x"}).to_string(), "trunk_id"),
        (format!(r#"{{"username":"a_user","username":"b_user","password":"{PASSWORD}"}}"#), "username"),
        (format!(r#"{{"username":"a_user","password":"{PASSWORD}","password":"{PASSWORD}"}}"#), "password"),
        (text("", PASSWORD), "username"),
        (text(&"u".repeat(65), PASSWORD), "username"),
        (text("with-dash", PASSWORD), "username"),
        (text("with.dot", PASSWORD), "username"),
        (text("with space", PASSWORD), "username"),
        (text("a@b", PASSWORD), "username"),
        (text("jürgen", PASSWORD), "username"),
        (text("пользователь", PASSWORD), "username"),
        (text("a\u{0}b", PASSWORD), "username"),
        (text("a\r\nVia", PASSWORD), "username"),
        (text("a_user\n", PASSWORD), "username"),
        (text("a_user", ""), "password"),
        (text("a_user", &long(7)), "password"),
        (text("a_user", &long(129)), "password"),
        (text("a_user", "ппппппп"), "password"),
        (text("a_user", "correct\u{0}horse"), "password"),
        (text("a_user", "correct\u{7f}horse"), "password"),
        (text("a_user", "correct\nhorse"), "password"),
        (text("a_user", "correct\u{85}horse"), "password"),
    ];
    for (body, field) in &cases {
        let answer = api.send("POST", &api.path("credentials"), body.as_bytes());
        answer.expect_field_error(field);
        // What was sent as a password never comes back, not even in an error.
        assert!(!String::from_utf8_lossy(&answer.body).contains("horse"), "{}", answer.shown());
    }
    expect_nothing_was_created(&api);
    // The ends of what is allowed; characters count, not octets.
    api.create(&"u".repeat(64), &long(8)).expect(201);
    api.create("A_user_0", &long(128)).expect(201);
    api.create("_", &"п".repeat(128)).expect(201);
}

#[test]
fn bodies_that_are_too_big_or_of_the_wrong_type() {
    let server = Server::start();
    let account = server.account("sizes");
    let api = server.api(&account);
    let big = json!({"username": "a_user", "password": "p".repeat(1024 * 1024)}).to_string();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nX-Auth-ID: {}\r\nX-Auth-Token: {}\r\nContent-Type: application/json\r\n",
        api.path("credentials"),
        account.auth_id,
        account.auth_token
    );
    let with_length = format!("{head}Content-Length: {}\r\n\r\n{big}", big.len());
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{big}\r\n0\r\n\r\n", big.len());
    for request in [with_length, chunked] {
        let mut connection = RawHttp::connect(server.http());
        // The server may answer and close before it has taken all of it.
        connection.send(request.as_bytes());
        connection.read_answer(ANSWER_LIMIT).expect("an answer").expect_error(413);
    }
    let body = json!({"username": "a_user", "password": PASSWORD}).to_string();
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data; boundary=x"]
    {
        let headers = [("Content-Type", kind)];
        api.send_with("POST", &api.path("credentials"), &headers, body.as_bytes()).expect_error(415);
    }
    expect_nothing_was_created(&api);
}

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

#[test]
fn queries_and_ids_that_make_no_sense() {
    let server = Server::start();
    let api = server.api(&server.account("queries"));
    for query in [
        "limit=-1",
        "limit=0",
        "limit=1001",
        "limit=99999999999",
        "limit=99999999999999999999999999",
        "limit=abc",
        "limit=",
        "limit=1.5",
        "limit=0x10",
        "offset=-1",
        "offset=abc",
        "offset=99999999999999999999999999",
    ] {
        let field = query.split('=').next().expect("a name");
        api.send("GET", &api.path(&format!("trunks/credentials?{query}")), b"").expect_field_error(field);
    }
    for id in [
        "1",
        "not-a-uuid",
        "..",
        "%00",
        "%2e%2e%2f",
        "00000000-0000-4000-8000-00000000000",
        "00000000-0000-4000-8000-0000000000000",
        "00000000000040008000000000000000",
        "%7B00000000-0000-4000-8000-000000000000%7D",
        NOBODY,
        &"a".repeat(5000),
    ] {
        for (method, body) in [("GET", &b""[..]), ("PUT", b"{\"enabled\":true}"), ("DELETE", b"")] {
            api.send(method, &api.path(&format!("credentials/{id}")), body).expect_error(404);
        }
    }
    // A path that cannot be decoded is not even a path.
    for id in ["%ff", "%c0%af"] {
        api.send("GET", &api.path(&format!("credentials/{id}")), b"").expect_error(400);
    }
}

#[test]
fn clients_that_stall_are_given_up_and_hold_nobody_up() {
    let server = Server::start();
    let account = server.account("stalls");
    let api = server.api(&account);
    let identity = format!("X-Auth-ID: {}\r\nX-Auth-Token: {}\r\n", account.auth_id, account.auth_token);
    let head = format!("POST {} HTTP/1.1\r\nHost: x\r\n{identity}", api.path("credentials"));
    let stalled = [
        format!("{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"username\":"),
        format!("{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{{\"user"),
        head.clone(),
        "GET /heal".to_owned(),
        String::new(),
    ];
    thread::scope(|scope| {
        let address = server.http();
        let waiting: Vec<_> = stalled
            .iter()
            .map(|request| {
                scope.spawn(move || {
                    let mut connection = RawHttp::connect(address);
                    connection.send(request.as_bytes());
                    let answer: Option<Answer> = connection.read_answer(STALL_LIMIT);
                    if let Some(answer) = &answer {
                        assert_eq!(answer.status, 408, "{request:?}: {}", answer.shown());
                    }
                    assert!(connection.is_closed_within(STALL_LIMIT), "{request:?} was never given up");
                    answer
                })
            })
            .collect();
        // Meanwhile everybody else is served.
        for number in 0..20 {
            api.create(&format!("user_{number}"), PASSWORD).expect(201);
        }
        for (waiting, request) in waiting.into_iter().zip(&stalled) {
            let answer = waiting.join().expect("a stalled client");
            // Once the head is whole, the route is known and answers in its own form.
            if request.contains("\r\n\r\n") {
                answer.unwrap_or_else(|| panic!("no answer to {request:?}")).expect_error(408);
            }
        }
    });
}

#[test]
fn octets_that_are_no_http_at_all() {
    let server = Server::start();
    let api = server.api(&server.account("garbage"));
    let long_header = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(1024 * 1024));
    let many_headers = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: 1\r\n".repeat(10_000));
    let garbage: [&[u8]; 7] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"REGISTER sip:x SIP/2.0\r\n\r\n",
        b"GET  /healthz\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        long_header.as_bytes(),
        many_headers.as_bytes(),
    ];
    for octets in garbage {
        let mut connection = RawHttp::connect(server.http());
        connection.send(octets);
        if let Some(answer) = connection.read_answer(ANSWER_LIMIT) {
            assert!((400..500).contains(&answer.status), "{}", answer.shown());
        }
        assert!(connection.is_closed_within(ANSWER_LIMIT), "still open after {:?}", octets.get(..40));
    }
    // Half a request and gone, many times over.
    for _ in 0..200 {
        RawHttp::connect(server.http()).send(b"POST /api/v1/Account/x/credentials HTTP/1.1\r\nContent-Le");
    }
    api.create("still_served", PASSWORD).expect(201);
}

fn expect_nothing_was_created(api: &Api) {
    let list = api.send("GET", &api.path("trunks/credentials"), b"").expect(200);
    assert_eq!(list["meta"]["total"], 0, "{list}");
}
