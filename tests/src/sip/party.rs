//! A user agent that a test plays line by line: a phone, a gateway, or a stranger who forges.

use super::message::framed_length;
use super::peer::Transport;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// How long a message may take on a busy machine.
pub const MESSAGE_LIMIT: Duration = Duration::from_secs(10);
const BIGGEST_MESSAGE: usize = 256 * 1024;

/// One SIP message, a request or a response.
#[derive(Clone, Debug)]
pub struct SipText {
    /// The first line.
    pub start: String,
    /// The headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// All after the empty line.
    pub body: String,
    /// Where it came from.
    pub source: SocketAddr,
}

impl SipText {
    fn parse(octets: &[u8], source: SocketAddr) -> Self {
        let text = String::from_utf8_lossy(octets);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no end of headers in {text}"));
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let headers = lines
            .map(|line| line.split_once(':').unwrap_or_else(|| panic!("no header: {line}")))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Self { start, headers, body: body.to_owned(), source }
    }

    /// The method of a request.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.start.strip_suffix(" SIP/2.0").and_then(|rest| rest.split(' ').next())
    }

    /// The Request-URI of a request.
    ///
    /// # Panics
    /// When it is a response.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.start.split(' ').nth(1).filter(|_| self.method().is_some()).expect("a request")
    }

    /// The status of a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// A header's first value, the empty text if it has none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// Whether it has that header.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Every value of a header.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The URI of a header with an address.
    #[must_use]
    pub fn address(&self, name: &str) -> &str {
        let value = self.header(name);
        let inside = value.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(uri, _)| uri);
        inside.unwrap_or_else(|| value.split(';').next().unwrap_or_default())
    }

    /// The tag of From or To.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.header(name).split(";tag=").nth(1)?.split(';').next()
    }

    fn is_same(&self, other: &Self) -> bool {
        self.start == other.start && self.headers == other.headers && self.body == other.body
    }
}

/// One socket of a user agent.
#[derive(Debug)]
pub struct Party {
    link: Link,
    /// The server it speaks to.
    pub server: SocketAddr,
    local: SocketAddr,
    /// Came, and nobody asked for it yet.
    waiting: VecDeque<SipText>,
    /// Everything that ever came, to know what is repeated.
    heard: Vec<SipText>,
}

#[derive(Debug)]
enum Link {
    Udp(UdpSocket),
    Tcp { stream: TcpStream, pending: Vec<u8> },
}

impl Party {
    /// A user agent on a UDP socket.
    #[must_use]
    pub fn udp(server: SocketAddr) -> Self {
        Self::udp_at(Ipv4Addr::LOCALHOST.into(), server)
    }

    /// The same on another address: below 127.0.0.0/8 all are ours.
    ///
    /// # Panics
    /// When there is no socket to be had.
    #[must_use]
    pub fn udp_at(source: IpAddr, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((source, 0)).expect("a socket");
        let local = socket.local_addr().expect("a bound socket");
        Self::on(Link::Udp(socket), local, server)
    }

    /// A user agent on a connection to the server.
    ///
    /// # Panics
    /// When there is none to be had.
    #[must_use]
    pub fn tcp(server: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&server, MESSAGE_LIMIT).expect("a connection");
        Self::on_stream(stream, server)
    }

    /// The connection that the server has opened to a listener of ours.
    ///
    /// # Panics
    /// When it has opened none.
    #[must_use]
    pub fn accept(listener: &TcpListener) -> Self {
        Self::accept_within(listener, MESSAGE_LIMIT)
    }

    /// The same, where the server takes its time.
    ///
    /// # Panics
    /// When it has opened none.
    #[must_use]
    pub fn accept_within(listener: &TcpListener, limit: Duration) -> Self {
        listener.set_nonblocking(true).expect("a listener");
        let (stream, server) = crate::bounded::wait_for("a connection", limit, || listener.accept().ok());
        stream.set_nonblocking(false).expect("a connection");
        Self::on_stream(stream, server)
    }

    fn on_stream(stream: TcpStream, server: SocketAddr) -> Self {
        stream.set_nodelay(true).expect("a connection");
        let local = stream.local_addr().expect("a connection");
        Self::on(Link::Tcp { stream, pending: Vec::new() }, local, server)
    }

    fn on(link: Link, local: SocketAddr, server: SocketAddr) -> Self {
        Self { link, server, local, waiting: VecDeque::new(), heard: Vec::new() }
    }

    /// Our own address.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The transport it speaks.
    #[must_use]
    pub fn transport(&self) -> Transport {
        if matches!(self.link, Link::Udp(_)) { Transport::Udp } else { Transport::Tcp }
    }

    /// A Via of our own with that branch.
    #[must_use]
    pub fn via(&self, branch: &str) -> String {
        let transport = self.transport().name().to_ascii_uppercase();
        format!("Via: SIP/2.0/{transport} {};branch=z9hG4bK{branch};rport\r\n", self.local)
    }

    /// The URI at which that user is reached here.
    #[must_use]
    pub fn uri(&self, user: &str) -> String {
        match self.transport() {
            Transport::Tcp => format!("sip:{user}@{};transport=tcp", self.local),
            _ => format!("sip:{user}@{}", self.local),
        }
    }

    /// Sends a message to the server.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub fn send(&mut self, text: &str) {
        match &mut self.link {
            Link::Udp(socket) => drop(socket.send_to(text.as_bytes(), self.server).expect("a datagram that is sent")),
            Link::Tcp { stream, .. } => stream.write_all(text.as_bytes()).expect("octets that are sent"),
        }
    }

    /// The first message that is as wanted; others stay for later. What is repeated is passed over.
    pub fn try_take(&mut self, limit: Duration, wanted: impl Fn(&SipText) -> bool) -> Option<SipText> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(at) = self.waiting.iter().position(&wanted) {
                return self.waiting.remove(at);
            }
            let message = self.next(deadline)?;
            if !self.heard.iter().any(|heard| heard.is_same(&message)) {
                self.heard.push(message.clone());
                self.waiting.push_back(message);
            }
        }
    }

    /// The same, within the limit of a busy machine.
    ///
    /// # Panics
    /// When it does not come, with what came instead.
    pub fn take(&mut self, what: &str, wanted: impl Fn(&SipText) -> bool) -> SipText {
        self.try_take(MESSAGE_LIMIT, wanted)
            .unwrap_or_else(|| panic!("no {what} at {}; {:#?} came", self.local, self.waiting))
    }

    /// The next request of that method.
    pub fn request(&mut self, method: &str) -> SipText {
        self.take(method, |message| message.method() == Some(method))
    }

    /// Forgets what came before, for tests of very many calls.
    pub fn forget(&mut self) {
        self.waiting.clear();
        self.heard.clear();
    }

    /// Whether nothing comes that was not asked for, within that time; a 100 is no news.
    pub fn is_silent_for(&mut self, limit: Duration) -> bool {
        self.try_take(limit, |message| message.status() != Some(100)).is_none()
    }

    /// Answers a request with that status line's rest, headers and body; the tag is To's where it has none.
    pub fn answer(&mut self, request: &SipText, status: &str, headers: &str, body: &str) {
        let text = answer_text(request, status, headers, body);
        self.send(&text);
    }

    fn next(&mut self, deadline: Instant) -> Option<SipText> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let is_over = Instant::now() >= deadline;
            match &mut self.link {
                Link::Udp(socket) => {
                    socket.set_read_timeout(Some(left)).expect("a socket that takes a time limit");
                    let mut datagram = vec![0; BIGGEST_MESSAGE];
                    match socket.recv_from(&mut datagram) {
                        // A datagram of a few octets keeps a way through a NAT open.
                        Ok((length, _)) if length < 16 => {}
                        Ok((length, source)) => return Some(SipText::parse(&datagram[..length], source)),
                        Err(_) if is_over => return None,
                        Err(_) => {}
                    }
                }
                Link::Tcp { stream, pending } => {
                    let blank = pending.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
                    pending.drain(..blank);
                    if let Some(length) = framed_length(pending) {
                        let message: Vec<u8> = pending.drain(..length).collect();
                        return Some(SipText::parse(&message, self.server));
                    }
                    stream.set_read_timeout(Some(left)).expect("a socket that takes a time limit");
                    let mut chunk = [0; 16 * 1024];
                    match stream.read(&mut chunk) {
                        Ok(0) => return None,
                        Ok(length) => pending.extend_from_slice(&chunk[..length]),
                        Err(_) if is_over => return None,
                        Err(_) => {}
                    }
                }
            }
        }
    }
}

/// A response to that request.
#[must_use]
pub fn answer_text(request: &SipText, status: &str, headers: &str, body: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for name in ["via", "from", "call-id", "cseq", "record-route"] {
        request.all(name).for_each(|value| text += &format!("{name}: {value}\r\n"));
    }
    let tag = if request.tag("to").is_some() || status.starts_with("100") {
        String::new()
    } else {
        format!(";tag=t{}", request.header("call-id").replace('@', "-"))
    };
    text + &format!("To: {}{tag}\r\n{headers}Content-Length: {}\r\n\r\n{body}", request.header("to"), body.len())
}
