//! Traces for OpenTelemetry: what was asked and written arrives at a collector, and a collector that does not behave is
//! no trouble to anybody.

use acceptance::bounded::wait_for;
use acceptance::collector::{Manner, Span};
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Api, Collector, RawHttp, Server};
use serde_json::json;
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
const PASSWORD: &str = "correct horse battery";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
/// Everything that a span may say.
const ATTRIBUTES: [&str; 6] = [
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "sipwarden.request_id",
    "db.system.name",
    "sipwarden.outcome",
];

fn traced(collector: &Collector) -> Server {
    Server::start_with(&["--otlp-endpoint", &collector.url()])
}

fn create(api: &Api, username: &str, headers: &[(&str, &str)]) -> u16 {
    let body = json!({"username": username, "password": PASSWORD}).to_string();
    let headers = [&[("Content-Type", "application/json")], headers].concat();
    api.send_with("POST", &api.path("credentials"), &headers, body.as_bytes()).status
}

/// The span of the request with that id.
fn of_request<'s>(spans: &'s [Span], id: &str) -> &'s Span {
    let is_it = |span: &&Span| span.attributes.get("sipwarden.request_id").is_some_and(|found| found == id);
    spans.iter().find(is_it).unwrap_or_else(|| panic!("no {id} among {spans:#?}"))
}

#[test]
fn a_request_continues_the_trace_it_came_with_and_its_commit_is_part_of_it() {
    let collector = Collector::start(Manner::Obliging);
    let mut server = traced(&collector);
    let account = server.account("traced");
    let api = server.api(&account);
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let headers =
        [("traceparent", parent.as_str()), ("tracestate", "vendor=hidden_state"), ("X-Request-ID", "request-1")];
    assert_eq!(create(&api, "phone_one", &headers), 201);
    assert_eq!(create(&api, "phone_two", &[("X-Request-ID", "request-2")]), 201);
    assert_eq!(create(&api, "phone_two", &[("traceparent", "00-zz-1-01"), ("X-Request-ID", "request-3")]), 409);
    let unsampled = format!("00-{TRACE}-{PARENT}-00");
    assert_eq!(create(&api, "phone_four", &[("traceparent", &unsampled), ("X-Request-ID", "request-4")]), 201);
    let mut phone =
        HandmadePhone::new(Transport::Tcp, server.sip(Transport::Tcp), &account.sip_domain, "phone_one", PASSWORD);
    assert_eq!(phone.register(600).status, 200);
    // Before the server ends, too: batches leave by themselves.
    let _arrived = collector.wait_for("POST /api/v1/Account/{auth_id}/credentials", 3);
    assert!(server.stop().is_some_and(|status| status.success()));
    let spans = collector.spans();
    let first = of_request(&spans, "request-1");
    assert_eq!((first.trace_id.as_str(), first.parent_id.as_str(), first.trace_state.as_str()), (TRACE, PARENT, ""));
    assert_eq!((first.kind, first.status), (2, 0));
    assert!(first.times.0 > 0 && first.times.0 <= first.times.1);
    for (key, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/api/v1/Account/{auth_id}/credentials"),
        ("http.response.status_code", "201"),
    ] {
        assert_eq!(first.attributes.get(key).map(String::as_str), Some(value));
    }
    for (request, outcome) in [("request-1", "committed"), ("request-2", "committed"), ("request-3", "conflict")] {
        let asked = of_request(&spans, request);
        let is_child = |span: &&Span| span.parent_id == asked.span_id && span.name == "storage commit";
        let [commit] = spans.iter().filter(is_child).collect::<Vec<_>>()[..] else { panic!("{spans:#?}") };
        assert_eq!(commit.trace_id, asked.trace_id);
        assert_eq!((commit.attributes["sipwarden.outcome"].as_str(), commit.kind), (outcome, 3));
        assert!(asked.times.0 <= commit.times.0 && commit.times.1 <= asked.times.1, "{asked:?} {commit:?}");
    }
    let ids: BTreeSet<_> =
        ["request-1", "request-2", "request-3"].map(|id| of_request(&spans, id).trace_id.as_str()).into();
    assert_eq!(ids.len(), 3, "without a good parent a trace is a new one");
    assert!(!spans.iter().any(|span| span.attributes.values().any(|value| value == "request-4")), "not wanted");
    let saved = spans.iter().filter(|span| span.name == "storage commit" && span.parent_id.is_empty());
    assert!(saved.count() > 0, "registrations are written on nobody's behalf");
    nothing_else_is_said(&collector, &spans, &[&account.auth_id, "phone_one", "phone_two", PASSWORD, "hidden_state"]);
}

fn nothing_else_is_said(collector: &Collector, spans: &[Span], hidden: &[&str]) {
    for span in spans {
        assert!(span.attributes.keys().all(|key| ATTRIBUTES.contains(&key.as_str())), "{span:#?}");
        assert_eq!(span.resource.get("service.name").map(String::as_str), Some("sipwarden"));
        assert!(span.resource.contains_key("service.version"));
    }
    for received in collector.received() {
        assert!(received.head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{}", received.head);
        for text in hidden {
            let there = received.body.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!there, "{text} is sent to the collector");
        }
    }
}

/// Asks more often than spans are kept for a collector that does not take them.
fn ask_often(server: &Server) {
    let mut connection = RawHttp::connect(server.http());
    for _ in 0..2_500 {
        connection.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = connection.read_answer(LIMIT).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.shown());
    }
}

#[test]
fn a_collector_that_never_answers_holds_up_neither_requests_nor_the_end() {
    let collector = Collector::start(Manner::Silent);
    let mut server = traced(&collector);
    ask_often(&server);
    wait_for("a batch under way", LIMIT, || (!collector.received().is_empty()).then_some(()));
    ask_often(&server);
    assert_eq!(create(&server.api(&server.account("traced")), "phone", &[]), 201);
    assert!(server.stop().is_some_and(|status| status.success()), "SIGTERM must not wait for a collector");
}

#[test]
fn a_collector_that_is_not_there_or_refuses_is_said_once() {
    let refusing = Collector::start(Manner::Refusing);
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    for url in [refusing.url(), format!("http://{nobody}")] {
        let mut server = Server::start_with(&["--otlp-endpoint", &url]);
        ask_often(&server);
        wait_for("a warning", LIMIT, || server.stderr().contains("traces cannot be delivered").then_some(()));
        ask_often(&server);
        assert!(server.stop().is_some_and(|status| status.success()));
        assert_eq!(server.stderr().matches("traces cannot be delivered").count(), 1, "{}", server.stderr());
    }
}
