//! The messages of RFC 4475 and RFC 5118, held against `data/torture/table.txt` and `data/torture_ipv6/table.txt`: what
//! is answered over UDP, over TCP, and once the sender has authenticated.

use acceptance::bounded::wait_for;
use acceptance::sip::digest::{Challenge, Credentials, Subject};
use acceptance::sip::message::{Response, framed_length, options, unique};
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Server, data};
use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const USERNAME: &str = "torture";
const PASSWORD: &str = "Correct!Horse7";
/// How long the server may take for everything behind one message; never waited for unless it fails.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// One line of the table.
struct Row {
    /// The message's file, without its ending.
    name: String,
    /// Where an answer over UDP goes, because the message asks for no `rport`: the port of its topmost sent-by.
    port: u16,
    udp: String,
    tcp: String,
    authenticated: String,
    octets: Vec<u8>,
}

/// RFC 4475, and RFC 5118 about IPv6.
fn table() -> Vec<Row> {
    ["torture", "torture_ipv6"].into_iter().flat_map(rows_of).collect()
}

fn rows_of(folder: &str) -> Vec<Row> {
    let text = fs::read_to_string(data(folder).join("table.txt")).expect("the table");
    let rows = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let rows: Vec<Row> = rows.map(|line| Row::read(line, folder)).collect();
    let files = fs::read_dir(data(folder)).expect("the torture messages");
    let names = files.map(|entry| entry.expect("an entry").file_name().into_string().expect("a UTF-8 name"));
    let messages: BTreeSet<_> = names.filter_map(|name| name.strip_suffix(".dat").map(str::to_owned)).collect();
    let in_table: BTreeSet<_> = rows.iter().map(|row| row.name.clone()).collect();
    assert_eq!(in_table, messages, "the table and the folder name the same messages");
    assert_eq!(rows.len(), messages.len(), "no message twice");
    rows
}

impl Row {
    fn read(line: &str, folder: &str) -> Self {
        let fields: Vec<_> = line.split('|').map(str::trim).collect();
        let [name, section, port, udp, tcp, authenticated, why] = fields[..] else { panic!("seven fields: {line}") };
        assert!(!section.is_empty() && why.ends_with('.'), "a section and a sentence: {line}");
        Self {
            name: name.to_owned(),
            port: port.parse().unwrap_or_else(|_| panic!("a port: {line}")),
            udp: udp.to_owned(),
            tcp: tcp.to_owned(),
            authenticated: authenticated.to_owned(),
            octets: fs::read(data(folder).join(format!("{name}.dat"))).expect("a message"),
        }
    }
}

/// An address of the loopback network that nothing else uses: the answers go to a port that the message names, and on
/// 127.0.0.1 somebody may have it. Another one at each call.
fn address_of_our_own() -> IpAddr {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let number = std::process::id().wrapping_mul(256).wrapping_add(CALLS.fetch_add(1, Ordering::Relaxed));
    let [_, high, middle, low] = number.to_be_bytes();
    Ipv4Addr::new(127, 64 | (high & 63), middle, low.max(1)).into()
}

fn outcomes(rows: &[Row], expected: impl Fn(&Row) -> &str, mut actual: impl FnMut(&Row) -> String) {
    let failures: Vec<_> = rows
        .iter()
        .map(|row| (row, actual(row)))
        .filter(|(row, actual)| expected(row) != actual)
        .map(|(row, actual)| format!("{}: {actual}, not {}", row.name, expected(row)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn over_udp_each_is_answered_or_dropped_as_the_table_says() {
    let (server, account) = server_with_phone();
    outcomes(
        &table(),
        |row| &row.udp,
        |row| {
            let socket = DatagramPeer::bind(row.port, server.sip(Transport::Udp));
            socket.send(&row.octets);
            let codes = socket.codes_before_a_probe(&account.sip_domain);
            if codes.is_empty() { "dropped".to_owned() } else { codes }
        },
    );
    expect_registers(&server, &account);
}

#[test]
fn over_tcp_each_is_answered_or_dropped_as_the_table_says() {
    let (server, account) = server_with_phone();
    outcomes(
        &table(),
        |row| &row.tcp,
        |row| {
            let mut peer = StreamPeer::connect(server.sip(Transport::Tcp));
            peer.outcome(&row.octets, &account.sip_domain)
        },
    );
    expect_registers(&server, &account);
}

/// What is refused for its form is refused with credentials too; what was challenged is let in, and the method's own
/// rules decide.
#[test]
fn with_credentials_each_gets_as_far_as_the_table_says() {
    let (server, account) = server_with_phone();
    let mut phone =
        HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, USERNAME, PASSWORD);
    outcomes(
        &table(),
        |row| &row.authenticated,
        |row| {
            let mut peer = StreamPeer::connect(server.sip(Transport::Tcp));
            let octets = with_credentials(&row.octets, &phone.challenge(""), &phone.credentials);
            peer.outcome(&octets, &account.sip_domain)
        },
    );
    expect_registers(&server, &account);
}

/// The message with a right answer to that challenge behind its start line, in place of what it has of its own.
fn with_credentials(octets: &[u8], challenge: &Challenge, credentials: &Credentials) -> Vec<u8> {
    let end = octets.windows(2).position(|pair| pair == b"\r\n").map_or(octets.len(), |place| place + 2);
    let (start, rest) = octets.split_at(end);
    let words: Vec<_> = std::str::from_utf8(start).unwrap_or_default().split_whitespace().collect();
    let [method, uri, ..] = words[..] else { return octets.to_vec() };
    let value = challenge.answer(credentials, Subject { method, uri, nonce_count: 1 });
    let own = b"\r\nAuthorization: NoOne";
    let own = rest.windows(own.len()).position(|text| text == own);
    let mut message = [start, b"Authorization: ", value.as_bytes(), b"\r\n", rest].concat();
    if own.is_some() {
        let text = String::from_utf8(message).expect("a text");
        let kept = text.split_inclusive("\r\n").filter(|line| !line.starts_with("Authorization: NoOne"));
        message = kept.collect::<String>().into_bytes();
    }
    message
}

fn server_with_phone() -> (Server, Account) {
    let server = Server::start();
    let account = server.account("torture");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    (server, account)
}

fn expect_registers(server: &Server, account: &Account) {
    for transport in Transport::ALL {
        let address = server.sip(transport);
        let mut phone = HandmadePhone::new(transport, address, &account.sip_domain, USERNAME, PASSWORD);
        assert_eq!(phone.register(60).status, 200);
    }
}

struct DatagramPeer(UdpSocket);

impl DatagramPeer {
    fn bind(port: u16, server: SocketAddr) -> Self {
        // A program on this machine that has the port at every address is waited for.
        let socket = wait_for("a port that the message names", ANSWER_LIMIT, || {
            UdpSocket::bind((address_of_our_own(), port)).ok()
        });
        socket.set_read_timeout(Some(ANSWER_LIMIT)).expect("a socket that takes a time limit");
        socket.connect(server).expect("a server");
        Self(socket)
    }

    fn send(&self, octets: &[u8]) {
        self.0.send(octets).expect("a datagram");
    }

    /// The status codes that come before the answer to a probe sent last: one socket is served in order.
    fn codes_before_a_probe(&self, domain: &str) -> String {
        let probe = Probe::new(domain, "UDP", self.0.local_addr().expect("an address"));
        self.send(probe.request.as_bytes());
        let mut codes = Vec::new();
        let mut datagram = vec![0; 65_535];
        loop {
            let length = self.0.recv(&mut datagram).expect("an answer to the probe");
            let response = Response::parse(&datagram[..length]).expect("a response");
            if probe.is_answered_by(&response) {
                return codes.join(" ");
            }
            codes.push(response.status.to_string());
        }
    }
}

struct StreamPeer {
    stream: TcpStream,
    local: SocketAddr,
}

impl StreamPeer {
    fn connect(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).expect("a connection");
        stream.set_read_timeout(Some(ANSWER_LIMIT)).expect("a socket that takes a time limit");
        let local = stream.local_addr().expect("an address");
        Self { stream, local }
    }

    /// What came, and what became of the stream: `open` if a probe behind the message was answered, `closed` if not.
    /// With the probe the stream ends from our side, so nothing has to be waited for.
    fn outcome(&mut self, octets: &[u8], domain: &str) -> String {
        let probe = Probe::new(domain, "TCP", self.local);
        // At once, so that a server that closes has read all of it, and its answer is not lost to a reset.
        self.stream.write_all(&[octets, probe.request.as_bytes()].concat()).expect("a connection that takes it");
        // Fails where the server has closed already.
        let _ = self.stream.shutdown(Shutdown::Write);
        let mut received = Vec::new();
        match self.stream.read_to_end(&mut received) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return "left hanging".to_owned();
            }
            // A reset behind the answer is an end like any other.
            _ => {}
        }
        let mut outcome = String::new();
        while let Some(length) = framed_length(&received) {
            let response = Response::parse(&received[..length]).expect("a response");
            if probe.is_answered_by(&response) {
                return outcome + "open";
            }
            outcome += &format!("{} ", response.status);
            received.drain(..length);
        }
        outcome + "closed"
    }
}

/// A request that is always answered.
struct Probe {
    request: String,
    call_id: String,
}

impl Probe {
    fn new(domain: &str, transport: &str, local: SocketAddr) -> Self {
        let request = options(domain, &format!("SIP/2.0/{transport} {local}"));
        let call_id = request.split("Call-ID: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        Self { call_id: call_id.map_or_else(unique, str::to_owned), request }
    }

    fn is_answered_by(&self, response: &Response) -> bool {
        response.header("call-id") == Some(&self.call_id)
    }
}
