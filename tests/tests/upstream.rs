//! Next hops are asked by OPTIONS whether they are there, and calls go by what they answer.

use acceptance::bounded::wait_for;
use acceptance::calls::{Heard, heard::Start, writing};
use acceptance::sip::digest::Subject;
use acceptance::sip::message::{framed_length, unique};
use acceptance::sip::wire::is_timeout;
use acceptance::sip::{Challenge, Credentials, RawSip, Response, Transport};
use acceptance::tls::Authority;
use acceptance::{Account, Api, Server};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Asked every second, a next hop that is gone is known for it within seconds; more is for a busy machine.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);
const PASSWORD: &str = "a password of some length";
const METRICS: [&str; 2] = ["--metrics-listen", "127.0.0.1:0"];

/// A carrier that answers OPTIONS, and is busy when it is called; or that says nothing at all.
struct Carrier {
    address: SocketAddr,
    transport: Transport,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    is_silent: AtomicBool,
    is_over: AtomicBool,
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

impl Carrier {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a limit");
        let (address, state) = (socket.local_addr().expect("an address"), Arc::new(State::default()));
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || shared.serve(&socket));
        Self { address, transport: Transport::Udp, state, thread: Some(thread) }
    }

    /// One that is spoken to over connections, one after the other: within TLS if it has an authority that certifies it.
    fn on_connections(certified_by: Option<&Authority>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        listener.set_nonblocking(true).expect("a listener that does not wait");
        let (address, state) = (listener.local_addr().expect("an address"), Arc::new(State::default()));
        let (shared, tls) = (Arc::clone(&state), certified_by.map(Authority::server));
        let thread = std::thread::spawn(move || shared.serve_connections(&listener, tls.as_ref()));
        let transport = if certified_by.is_some() { Transport::Tls } else { Transport::Tcp };
        Self { address, transport, state, thread: Some(thread) }
    }

    fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    fn be_silent(&self, is_silent: bool) {
        self.state.is_silent.store(is_silent, Ordering::SeqCst);
    }

    /// The requests of a method that it has heard, repeated ones included.
    fn heard(&self, method: &str) -> Vec<String> {
        let requests = self.state.requests.lock().expect("a lock");
        requests.iter().filter(|text| text.starts_with(&format!("{method} "))).cloned().collect()
    }
}

impl State {
    fn serve(&self, socket: &UdpSocket) {
        let mut octets = [0; 65_535];
        while !self.is_over.load(Ordering::SeqCst) {
            let Ok((length, from)) = socket.recv_from(&mut octets) else { continue };
            if let Some(answer) = self.answer(&octets[..length]) {
                socket.send_to(&answer, from).expect("a datagram that leaves");
            }
        }
    }

    fn serve_connections(&self, listener: &TcpListener, tls: Option<&Arc<ServerConfig>>) {
        while !self.is_over.load(Ordering::SeqCst) {
            let Ok((stream, _)) = listener.accept() else {
                std::thread::sleep(Duration::from_millis(10));
                continue;
            };
            stream.set_nonblocking(false).expect("a stream that waits");
            stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a limit");
            self.connections.fetch_add(1, Ordering::SeqCst);
            match tls {
                None => self.serve_connection(stream),
                Some(config) => {
                    let connection = ServerConnection::new(Arc::clone(config)).expect("a TLS connection");
                    self.serve_connection(StreamOwned::new(connection, stream));
                }
            }
        }
    }

    fn serve_connection(&self, mut stream: impl Read + Write) {
        let (mut pending, mut piece) = (Vec::new(), [0; 4_096]);
        while !self.is_over.load(Ordering::SeqCst) {
            match stream.read(&mut piece) {
                Ok(length) if length > 0 => pending.extend_from_slice(&piece[..length]),
                Err(error) if is_timeout(&error) => continue,
                // It ended, or nobody on the other side trusts us.
                Ok(_) | Err(_) => return,
            }
            while let Some(length) = framed_length(&pending) {
                let message: Vec<u8> = pending.drain(..length).collect();
                if let Some(answer) = self.answer(&message) {
                    stream.write_all(&answer).and_then(|()| stream.flush()).expect("octets that leave");
                }
            }
        }
    }

    fn answer(&self, octets: &[u8]) -> Option<Vec<u8>> {
        let request = Heard::parse(octets)?;
        let Start::Request { method, .. } = request.start else { return None };
        self.requests.lock().expect("a lock").push(String::from_utf8_lossy(octets).into_owned());
        let status = match method {
            "OPTIONS" => 200,
            "INVITE" => 486,
            _ => return None,
        };
        let is_silent = self.is_silent.load(Ordering::SeqCst);
        (!is_silent).then(|| writing::response(&request, status, "carrier", "", ""))
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A phone that may call over a trunk whose next hops are those carriers, the first before the second.
struct Line {
    peer: RawSip,
    host: String,
    second_uri: String,
}

impl Line {
    fn open(server: &Server, account: &Account, carriers: [&Carrier; 2]) -> Self {
        let api = server.api(account);
        let credential = api.credential("phone", PASSWORD);
        let uri = |carrier: &Carrier| {
            let body = json!({"sip_uri": format!("sip:{}", carrier.address), "name": "carrier", "transport": carrier.transport.name()});
            post(&api, "origination-uris", &body)["id"].as_str().expect("an identifier").to_owned()
        };
        let [first, second] = carriers.map(uri);
        let trunk = json!({
            "name": "out", "trunk_direction": "outbound", "credential_uuid": credential,
            "primary_uri_uuid": first, "fallback_uri_uuid": second,
        });
        let host = post(&api, "trunks", &trunk)["trunk_domain"].as_str().expect("a host").to_owned();
        Self { peer: RawSip::connect(Transport::Udp, server.sip(Transport::Udp)), host, second_uri: second }
    }

    /// Calls somebody, and takes note of how that ends.
    fn call(&mut self) -> Response {
        let call_id = unique();
        let challenged = self.invite(&call_id, 1, "");
        assert_eq!(challenged.status, 407, "{}", challenged.text);
        let challenge = Challenge::parse(challenged.header("proxy-authenticate").expect("a challenge"));
        let credentials = Credentials { username: "phone".to_owned(), password: PASSWORD.to_owned() };
        let uri = format!("sip:1234@{}", self.host);
        let answer = challenge.answer(&credentials, Subject { method: "INVITE", uri: &uri, nonce_count: 1 });
        self.invite(&call_id, 2, &format!("Proxy-Authorization: {answer}\r\n"))
    }

    fn invite(&mut self, call_id: &str, sequence: u32, lines: &str) -> Response {
        let (host, via, local, branch) = (&self.host, self.peer.via(), self.peer.local(), unique());
        let head = |method: &str, to: &str, lines: &str| {
            format!(
                "{method} sip:1234@{host} SIP/2.0\r\nVia: {via};branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\n\
                 From: <sip:phone@{host}>;tag=phone\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {sequence} {method}\r\n\
                 Contact: <sip:phone@{local}>\r\n{lines}Content-Length: 0\r\n\r\n"
            )
        };
        let invite = head("INVITE", &format!("<sip:1234@{host}>"), lines);
        let response = self.peer.exchange(&invite);
        self.peer.send(head("ACK", response.header("to").expect("a To"), "").as_bytes());
        response
    }
}

fn post(api: &Api, resource: &str, body: &Value) -> Value {
    api.send("POST", &api.path(resource), body.to_string().as_bytes()).expect(201)
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    wait_for(what, NOTICED_WITHIN, || holds().then_some(()));
}

fn down(server: &Server) -> f64 {
    server.scrape().value("sipwarden_next_hops_down", &[])
}

#[test]
fn calls_go_first_to_a_next_hop_that_answers_options() {
    let [first, second] = [Carrier::start(), Carrier::start()];
    let asking = ["--next-hop-ping", "1", "--next-hop-timeout", "500", METRICS[0], METRICS[1]];
    let server = Server::start_with(&asking);
    let mut line = Line::open(&server, &server.account("calls"), [&first, &second]);
    wait_until("OPTIONS to both", || [&first, &second].iter().all(|carrier| !carrier.heard("OPTIONS").is_empty()));
    assert!(down(&server) < 0.5, "both answer");
    assert_eq!(line.call().status, 486);
    assert_eq!((first.heard("INVITE").len(), second.heard("INVITE").len()), (1, 0));

    first.be_silent(true);
    wait_until("one that is down", || down(&server) > 0.5);
    assert_eq!(line.call().status, 486, "the second one's answer");
    assert_eq!((first.heard("INVITE").len(), second.heard("INVITE").len()), (1, 1), "nobody waited for the first");

    first.be_silent(false);
    wait_until("none that is down", || down(&server) < 0.5);
    assert_eq!(line.call().status, 486);
    assert_eq!((first.heard("INVITE").len(), second.heard("INVITE").len()), (2, 1));
}

#[test]
fn options_are_complete_requests_to_the_uri() {
    let [first, second] = [Carrier::start(), Carrier::start()];
    let server = Server::start_with(&["--next-hop-ping", "1"]);
    let _line = Line::open(&server, &server.account("calls"), [&first, &second]);
    wait_until("two OPTIONS", || first.heard("OPTIONS").len() > 1);
    let asked = first.heard("OPTIONS");
    let [one, other] = [&asked[0], &asked[1]].map(|text| Heard::parse(text.as_bytes()).expect("a request"));
    let uri = format!("sip:{}", first.address);
    let here = server.sip(Transport::Udp);
    assert_eq!(one.start, Start::Request { method: "OPTIONS", uri: &uri });
    assert!(one.header("From").starts_with(&format!("<sip:ping@{here}>;tag=")), "{}", asked[0]);
    assert_eq!((one.header("To"), one.header("Max-Forwards")), (format!("<{uri}>").as_str(), "70"));
    assert_eq!(one.header("Contact"), format!("<sip:{here};transport=udp>"));
    let via = one.header("Via");
    assert!(via.starts_with(&format!("SIP/2.0/UDP {here};")) && via.matches("rport").count() == 1, "{via}");
    assert_ne!((one.header("Call-ID"), one.branch()), (other.header("Call-ID"), other.branch()), "each its own");
}

#[test]
fn over_tcp_and_tls_one_connection_serves_all_options_and_only_one_that_proves_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let [trusted, unknown] = ["trusted", "unknown"].map(|name| {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).expect("a folder");
        Authority::new(&folder)
    });
    let authority = trusted.file().display().to_string();
    let (plain, proven) = (Carrier::on_connections(None), Carrier::on_connections(Some(&trusted)));
    let (impostor, mortal) = (Carrier::on_connections(Some(&unknown)), Carrier::on_connections(None));
    let asking = ["--next-hop-ping", "1", "--next-hop-timeout", "1000", "--upstream-ca", &authority];
    let server = Server::start_with(&[&asking[..], &METRICS].concat());
    let account = server.account("calls");
    let _lines = Line::open(&server, &account, [&plain, &proven]);
    wait_until("three OPTIONS to both", || [&plain, &proven].iter().all(|carrier| carrier.heard("OPTIONS").len() > 2));
    assert_eq!((plain.connections(), proven.connections()), (1, 1), "a connection that is there is used again");
    for (carrier, name) in [(&plain, "TCP"), (&proven, "TLS")] {
        let asked = &carrier.heard("OPTIONS")[0];
        let first_line = format!("OPTIONS sip:{};transport={} SIP/2.0\r\n", carrier.address, name.to_lowercase());
        assert!(
            asked.starts_with(&first_line) && asked.contains(&format!("Via: SIP/2.0/{name} 127.0.0.1:")),
            "{asked}"
        );
    }
    assert!(down(&server) < 0.5, "both answer");

    let _others = Line::open(&server, &server.account("others"), [&impostor, &mortal]);
    wait_until("one that is down", || down(&server) > 0.5);
    assert!(impostor.connections() > 1 && impostor.heard("OPTIONS").is_empty(), "it is told nothing");
    wait_until("OPTIONS", || !mortal.heard("OPTIONS").is_empty());
    drop(mortal);
    wait_until("two that are down", || down(&server) > 1.5);
}

#[test]
fn nobody_is_asked_where_that_is_switched_off_or_nothing_leads_there() {
    let carriers: [Carrier; 4] = std::array::from_fn(|_| Carrier::start());
    let [asked, beside, unasked, unasked_too] = &carriers;
    let [asking, off] = ["1", "0"].map(|seconds| Server::start_with(&["--next-hop-ping", seconds]));
    let mut line = Line::open(&off, &off.account("calls"), [unasked, unasked_too]);
    let account = asking.account("calls");
    let id = Line::open(&asking, &account, [asked, beside]).second_uri;
    let api = asking.api(&account);
    wait_until("OPTIONS to both", || [asked, beside].iter().all(|carrier| !carrier.heard("OPTIONS").is_empty()));
    api.send("PUT", &api.path(&format!("origination-uris/{id}")), br#"{"enabled": false}"#).expect(200);
    // Within a second it is known that the URI is not used any more.
    let later = asked.heard("OPTIONS").len() + 2;
    wait_until("two more", || asked.heard("OPTIONS").len() >= later);
    let before = beside.heard("OPTIONS").len();
    wait_until("three more", || asked.heard("OPTIONS").len() >= later + 3);
    assert_eq!(beside.heard("OPTIONS").len(), before, "it is disabled");
    assert_eq!(line.call().status, 486, "calls go there");
    assert_eq!((unasked.heard("OPTIONS").len(), unasked_too.heard("OPTIONS").len()), (0, 0), "it is switched off");
}
