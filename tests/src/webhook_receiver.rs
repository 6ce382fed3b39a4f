//! A tenant's server that is told of calls: over HTTP or HTTPS, and as obliging as the test wants it to be.

use crate::bounded::wait_for;
use crate::tls::Authority;
use rustls::{ServerConnection, StreamOwned};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long messages may take to come.
pub const ARRIVAL_LIMIT: Duration = Duration::from_secs(30);
/// How long one that hangs holds its connection.
const HANGING: Duration = Duration::from_secs(60);

/// What a receiver answers with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reply {
    /// That status line, after `HTTP/1.1`, and a Location that nobody is to follow.
    Status(&'static str),
    /// Nothing, for a minute.
    Nothing,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Heard {
    /// `POST` or `GET`.
    pub method: String,
    /// The path with its query.
    pub target: String,
    headers: Vec<(String, String)>,
    /// The body's octets.
    pub body: String,
    /// Whether it was answered with 2xx.
    pub accepted: bool,
}

impl Heard {
    /// A header's value; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// The message.
    ///
    /// # Panics
    /// When it is no JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What happened, as the header says it.
    #[must_use]
    pub fn event(&self) -> &str {
        self.header("x-sipwarden-event")
    }
}

/// A listening receiver. Its threads end with the process.
#[derive(Debug)]
pub struct WebhookReceiver {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    heard: Mutex<Vec<Heard>>,
    reply: Mutex<Reply>,
    connections: AtomicUsize,
}

impl WebhookReceiver {
    /// One that takes HTTP and answers 200.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with("http", serve)
    }

    /// One that takes HTTPS, with a certificate of that authority for this machine.
    #[must_use]
    pub fn start_tls(authority: &Authority) -> Self {
        let config = authority.server();
        Self::start_with("https", move |stream, shared| {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            serve(StreamOwned::new(connection, stream), shared);
        })
    }

    fn start_with(scheme: &'static str, serve: impl Fn(TcpStream, &Shared) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            heard: Mutex::default(),
            reply: Mutex::new(Reply::Status("200 OK")),
            connections: AtomicUsize::new(0),
        });
        let (served, serve) = (Arc::clone(&shared), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                served.connections.fetch_add(1, Ordering::Relaxed);
                let (shared, serve) = (Arc::clone(&served), Arc::clone(&serve));
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, scheme, shared }
    }

    /// Where it is told, below that path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers so from now on.
    pub fn answer_with(&self, reply: Reply) {
        *self.shared.reply.lock().unwrap_or_else(PoisonError::into_inner) = reply;
    }

    /// Everything it has heard so far, in the order in which it came.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many connections were made to it.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Waits until it has accepted so many messages, and tells those it has.
    #[must_use]
    pub fn accepted(&self, count: usize) -> Vec<Heard> {
        wait_for(&format!("{count} accepted messages"), ARRIVAL_LIMIT, || {
            let accepted: Vec<_> = self.heard().into_iter().filter(|heard| heard.accepted).collect();
            (accepted.len() >= count).then_some(accepted)
        })
    }

    /// Waits until it has heard so many requests, accepted or not.
    #[must_use]
    pub fn asked(&self, count: usize) -> Vec<Heard> {
        wait_for(&format!("{count} requests"), ARRIVAL_LIMIT, || {
            let heard = self.heard();
            (heard.len() >= count).then_some(heard)
        })
    }
}

fn serve(stream: impl Read + Write, shared: &Shared) {
    let mut reader = BufReader::new(stream);
    // Whoever hangs up in the middle has told nothing.
    let Some(mut heard) = read(&mut reader) else { return };
    let reply = *shared.reply.lock().unwrap_or_else(PoisonError::into_inner);
    heard.accepted = matches!(reply, Reply::Status(status) if status.starts_with('2'));
    shared.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
    match reply {
        Reply::Status(status) => {
            let answer = format!(
                "HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:1/elsewhere\r\nContent-Length: 6\r\n\r\nsecret"
            );
            // The peer may have had enough.
            let _ = reader.get_mut().write_all(answer.as_bytes()).and_then(|()| reader.get_mut().flush());
        }
        Reply::Nothing => thread::sleep(HANGING),
    }
}

fn read(reader: &mut impl BufRead) -> Option<Heard> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => break,
        }
    }
    let mut heard = Heard { method, target, headers, body: String::new(), accepted: false };
    let mut body = vec![0; heard.header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    heard.body = String::from_utf8(body).ok()?;
    Some(heard)
}
