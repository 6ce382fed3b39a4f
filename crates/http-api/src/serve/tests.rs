//! The serving loop over real sockets, with octets written by hand.

use super::*;
use crate::Config;
use crate::test_api::{ACCOUNT, TestApi};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longer than anything here takes unless it hangs.
const FOREVER: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

struct Server {
    address: SocketAddr,
    token: String,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl Server {
    async fn start(config: Config) -> Self {
        let test = TestApi::with(config).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(serve(listener, test.api.clone(), async {
            let _ = stopped.await;
        }));
        Self { address, token: test.token, stop: Some(stop), running }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends octets on a new connection and reads until the server closes it.
    async fn exchange(&self, octets: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(octets).await.unwrap();
        read_all(&mut stream).await
    }

    /// The head of a request that creates a credential, for a body of that many octets.
    fn create_head(&self, length: usize) -> String {
        let token = &self.token;
        format!(
            "POST /api/v1/account/{ACCOUNT}/credentials HTTP/1.1\r\nHost: x\r\nX-Auth-ID: {ACCOUNT}\r\n\
             X-Auth-Token: {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
    }
}

fn credential(username: &str) -> String {
    format!(r#"{{"username":"{username}","password":"correct horse"}}"#)
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut octets = Vec::new();
    tokio::time::timeout(FOREVER, stream.read_to_end(&mut octets)).await.expect("the server closes").unwrap();
    String::from_utf8(octets).unwrap()
}

/// Reads one answer that has a body, leaving the connection open.
async fn read_one(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    loop {
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            body.len() == length.parse::<usize>().unwrap()
        });
        if whole {
            return text;
        }
        let mut buffer = [0; 1024];
        let count = tokio::time::timeout(FOREVER, stream.read(&mut buffer)).await.expect("an answer").unwrap();
        assert_ne!(count, 0, "closed after {text:?}");
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
}

/// Asserts an error answer: its status line, the headers every answer has, the body every error has.
fn assert_error(answer: &str, code: u16) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {code} ")), "{answer}");
    for header in [
        "x-request-id: ",
        "content-type: application/json",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
    ] {
        assert!(head.contains(&format!("\r\n{header}")), "{header} in {head}");
    }
    assert!(head.contains(&format!("\r\ncontent-length: {}", body.len())), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["code"], code);
    assert!(body["error"].is_string());
}

#[tokio::test]
async fn two_requests_at_once_are_answered_in_order() {
    let server = Server::start(Config::default()).await;
    let body = credential("first");
    let requests = format!(
        "{}{body}GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        server.create_head(body.len())
    );
    let answers = server.exchange(requests.as_bytes()).await;
    let (first, second) = answers.split_at(answers.rfind("HTTP/1.1 ").unwrap());
    assert!(first.starts_with("HTTP/1.1 201 Created\r\n"), "{first}");
    assert!(first.contains(r#""username":"first","password":"<redacted>""#), "{first}");
    assert!(second.starts_with("HTTP/1.1 200 OK\r\n") && second.ends_with(r#"{"status":"alive"}"#), "{second}");
}

#[tokio::test]
async fn http_1_0_and_a_closed_sending_side_are_served() {
    let server = Server::start(Config::default()).await;
    let answer = server.exchange(b"GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.ends_with(r#"{"status":"alive"}"#), "{answer}");
    let mut stream = server.connect().await;
    stream.write_all(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_error(&read_all(&mut stream).await, 404);
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let server = Server::start(Config::default()).await;
    let answer = server.exchange(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.contains("\r\ncontent-length: 18\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    let answer = server.exchange(b"HEAD /no/where HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_half_sent_head_ends_the_connection() {
    let server = Server::start(Config { header_read_timeout: SHORT, ..Config::default() }).await;
    let started = Instant::now();
    for half in ["", "GET /healthz HTT", "GET /healthz HTTP/1.1\r\nHost: x\r\nX-A"] {
        assert_eq!(server.exchange(half.as_bytes()).await, "", "{half:?}");
    }
    assert!(started.elapsed() >= 3 * SHORT);
}

#[tokio::test]
async fn a_half_sent_body_is_answered_408() {
    let server = Server::start(Config { body_read_timeout: SHORT, ..Config::default() }).await;
    let answer = server.exchange(format!("{}{{\"user", server.create_head(100)).as_bytes()).await;
    assert_error(&answer, 408);
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_slow_server_says_503() {
    let config = Config { request_timeout: SHORT, ..Config::default() };
    let server = Server::start(config).await;
    let mut stream = server.connect().await;
    stream.write_all(format!("{}{{", server.create_head(100)).as_bytes()).await.unwrap();
    let answer = read_one(&mut stream).await;
    assert_error(&answer, 503);
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
}

#[tokio::test]
async fn an_unwanted_body_does_not_cost_the_answer() {
    let server = Server::start(Config::default()).await;
    let megabyte = "x".repeat(1024 * 1024);
    let answer = server.exchange(format!("{}{megabyte}", server.create_head(megabyte.len())).as_bytes()).await;
    assert_error(&answer, 413);
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    // Chunked, so that only counting shows that it is too large.
    let chunked = server.create_head(0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let answer = server.exchange(format!("{chunked}100000\r\n{megabyte}\r\n0\r\n\r\n").as_bytes()).await;
    assert_error(&answer, 413);
    // Refused for another reason, in two pieces, and the connection stays in use.
    let mut stream = server.connect().await;
    let head = server.create_head(40_000).replace("X-Auth-Token: ", "X-Auth-Token: x");
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_error(&read_one(&mut stream).await, 401);
    stream.write_all(&megabyte.as_bytes()[..40_000]).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(read_one(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn a_client_that_asks_before_sending_is_told() {
    let server = Server::start(Config::default()).await;
    let body = credential("asked");
    let ask = |head: String| head.replace("Host: x", "Host: x\r\nExpect: 100-continue");
    let mut stream = server.connect().await;
    stream.write_all(ask(server.create_head(body.len())).as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).await.unwrap();
    assert!(read_one(&mut stream).await.starts_with("HTTP/1.1 201 Created\r\n"));
    // No 100 for what is refused anyway.
    assert_error(&server.exchange(ask(server.create_head(70_000)).as_bytes()).await, 413);
}

#[tokio::test]
async fn octets_that_are_no_http_get_the_same_kind_of_answer() {
    let server = Server::start(Config::default()).await;
    let long_header = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    let many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200));
    let cases: [(&[u8], u16); 6] = [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (long_header.as_bytes(), 431),
        (many_headers.as_bytes(), 431),
    ];
    for (octets, code) in cases {
        assert_error(&server.exchange(octets).await, code);
    }
}

#[tokio::test]
async fn a_refused_client_that_never_stops_sending_is_dropped() {
    let server = Server::start(Config::default()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"no HTTP\r\n\r\n").await.unwrap();
    let flooding = async { while stream.write_all(&[b'x'; 65_536]).await.is_ok() {} };
    tokio::time::timeout(FOREVER, flooding).await.expect("its connection is dropped");
}

#[tokio::test]
async fn broken_chunks_are_answered() {
    let server = Server::start(Config::default()).await;
    let head = server.create_head(0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
    assert_error(&server.exchange(format!("{head}zz\r\n").as_bytes()).await, 400);
}

#[tokio::test]
async fn more_connections_wait_for_a_free_place() {
    let server = Server::start(Config { max_connections: 1, ..Config::default() }).await;
    let mut first = server.connect().await;
    first.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_one(&mut first).await;
    let mut second = server.connect().await;
    second.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(tokio::time::timeout(SHORT, second.read_u8()).await.is_err(), "served beyond the limit");
    drop(first);
    assert!(read_one(&mut second).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped() {
    let server = Server::start(Config { write_timeout: SHORT, max_connections: 1, ..Config::default() }).await;
    let mut greedy = server.connect().await;
    let requests = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000);
    let flooding = async { while greedy.write_all(&requests).await.is_ok() {} };
    tokio::time::timeout(FOREVER, flooding).await.expect("its connection is dropped");
    let mut next = server.connect().await;
    next.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(read_one(&mut next).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn shutdown_finishes_what_is_under_way() {
    let mut server = Server::start(Config::default()).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_one(&mut idle).await;
    let body = credential("last");
    let (start, rest) = body.split_at(10);
    let mut busy = server.connect().await;
    // 100 Continue shows that the request is in a handler.
    let head = server.create_head(body.len()).replace("Host: x", "Host: x\r\nExpect: 100-continue");
    busy.write_all(head.as_bytes()).await.unwrap();
    busy.read_exact(&mut [0; 25]).await.unwrap();
    busy.write_all(start.as_bytes()).await.unwrap();
    server.stop.take().unwrap().send(()).unwrap();
    assert_eq!(read_all(&mut idle).await, "", "an idle connection is closed");
    assert!(!server.running.is_finished());
    assert!(TcpStream::connect(server.address).await.is_err(), "the port is free");
    busy.write_all(rest.as_bytes()).await.unwrap();
    let answer = read_all(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n") && answer.contains("\r\nconnection: close\r\n"), "{answer}");
    tokio::time::timeout(FOREVER, server.running).await.expect("it ends").unwrap();
}

#[test]
fn accepting_rests_only_when_there_is_no_room() {
    let pause = |code| pause_after(&io::Error::from_raw_os_error(code));
    let (emfile, enfile, enobufs, econnaborted) = (24, 23, 105, 103);
    for full in [emfile, enfile, enobufs] {
        assert_eq!(pause(full), Some(ACCEPT_PAUSE));
    }
    assert_eq!(pause(econnaborted), None);
}
