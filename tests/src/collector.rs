//! An OpenTelemetry collector of a few lines: takes OTLP over HTTP and reads the protobuf by hand.

use crate::bounded::wait_for;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long spans may take to arrive.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(30);

/// What the collector does with what it is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// Takes it.
    Obliging,
    /// Reads it and never answers.
    Silent,
    /// Answers 503.
    Refusing,
}

/// A listening collector. Its threads end with the process.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Request line and headers.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// One span.
#[derive(Clone, Debug, Default)]
pub struct Span {
    /// In hexadecimal.
    pub trace_id: String,
    /// In hexadecimal.
    pub span_id: String,
    /// In hexadecimal; empty for the first of a trace.
    pub parent_id: String,
    /// The `tracestate` it carries.
    pub trace_state: String,
    /// Its name.
    pub name: String,
    /// 1 internal, 2 server, 3 client.
    pub kind: u64,
    /// Nanoseconds since 1970: its start and its end.
    pub times: (u64, u64),
    /// Texts as they are, numbers in decimal.
    pub attributes: BTreeMap<String, String>,
    /// 0 unset, 1 fine, 2 error.
    pub status: u64,
    /// The attributes of whoever sent it.
    pub resource: BTreeMap<String, String>,
}

impl Collector {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(&stream, manner, &kept));
            }
        });
        Self { address, received }
    }

    /// The base URL that it is reached by.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that was sent so far.
    ///
    /// # Panics
    /// When a thread of the collector panicked.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic").clone()
    }

    /// Every span so far.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.received().iter().flat_map(|received| spans(&received.body)).collect()
    }

    /// Waits until that many spans of that name are there.
    #[must_use]
    pub fn wait_for(&self, name: &str, count: usize) -> Vec<Span> {
        wait_for(&format!("{count} spans named {name}"), ARRIVAL_LIMIT, || {
            let found: Vec<_> = self.spans().into_iter().filter(|span| span.name == name).collect();
            (found.len() >= count).then_some(found)
        })
    }
}

fn serve(stream: &TcpStream, manner: Manner, kept: &Mutex<Vec<Received>>) {
    let mut reader = BufReader::new(stream);
    while let Some(received) = read_request(&mut reader) {
        kept.lock().expect("no panic").push(received);
        let answer: &[u8] = match manner {
            Manner::Obliging => b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n",
            Manner::Refusing => b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
            Manner::Silent => continue,
        };
        if (&mut &*stream).write_all(answer).is_err() {
            return;
        }
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Received> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = vec![0; length.unwrap_or_else(|| panic!("no Content-Length: {head}"))];
    reader.read_exact(&mut body).ok()?;
    Some(Received { head, body })
}

/// One field of a protobuf message.
enum Field<'m> {
    Number(u64),
    Octets(&'m [u8]),
}

/// The fields of a message, in order, with their numbers.
fn fields(mut message: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut message)),
            1 => Field::Number(u64::from_le_bytes(take(&mut message, 8).try_into().expect("eight octets"))),
            2 => {
                let length = usize::try_from(varint(&mut message)).expect("a length");
                Field::Octets(take(&mut message, length))
            }
            5 => Field::Number(u32::from_le_bytes(take(&mut message, 4).try_into().expect("four octets")).into()),
            other => panic!("wire type {other}"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

fn take<'m>(message: &mut &'m [u8], length: usize) -> &'m [u8] {
    let (taken, rest) = message.split_at(length);
    *message = rest;
    taken
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let octet = take(message, 1)[0];
        value |= u64::from(octet & 0x7f) << shift;
        if octet & 0x80 == 0 {
            return value;
        }
    }
    panic!("a number without an end")
}

/// The messages in the fields of that number.
fn inside<'m>(message: &'m [u8], number: u64) -> Vec<&'m [u8]> {
    let octets = |(found, field): (u64, Field<'m>)| match field {
        Field::Octets(octets) if found == number => Some(octets),
        _ => None,
    };
    fields(message).into_iter().filter_map(octets).collect()
}

/// The spans of an `ExportTraceServiceRequest`.
fn spans(request: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    for resource_spans in inside(request, 1) {
        let resources = inside(resource_spans, 1);
        let resource: BTreeMap<_, _> =
            resources.iter().flat_map(|resource| inside(resource, 1)).map(attribute).collect();
        for scope_spans in inside(resource_spans, 2) {
            spans.extend(
                inside(scope_spans, 2).into_iter().map(|octets| Span { resource: resource.clone(), ..span(octets) }),
            );
        }
    }
    spans
}

fn span(octets: &[u8]) -> Span {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).expect("a text");
    let mut span = Span::default();
    for field in fields(octets) {
        match field {
            (1, Field::Octets(id)) => span.trace_id = crate::needles::hexadecimal(id),
            (2, Field::Octets(id)) => span.span_id = crate::needles::hexadecimal(id),
            (3, Field::Octets(state)) => span.trace_state = text(state),
            (4, Field::Octets(id)) => span.parent_id = crate::needles::hexadecimal(id),
            (5, Field::Octets(name)) => span.name = text(name),
            (6, Field::Number(kind)) => span.kind = kind,
            (7, Field::Number(time)) => span.times.0 = time,
            (8, Field::Number(time)) => span.times.1 = time,
            (9, Field::Octets(pair)) => span.attributes.extend([attribute(pair)]),
            (11 | 13, _) => panic!("events and links are not sent"),
            (15, Field::Octets(status)) => {
                for field in fields(status) {
                    if let (3, Field::Number(code)) = field {
                        span.status = code;
                    }
                }
            }
            _ => {}
        }
    }
    span
}

/// A `KeyValue` whose value is a text, a truth or a number.
fn attribute(octets: &[u8]) -> (String, String) {
    let mut pair = (String::new(), String::new());
    for field in fields(octets) {
        match field {
            (1, Field::Octets(key)) => pair.0 = String::from_utf8(key.to_vec()).expect("a text"),
            (2, Field::Octets(value)) => {
                for field in fields(value) {
                    pair.1 = match field {
                        (1, Field::Octets(text)) => String::from_utf8(text.to_vec()).expect("a text"),
                        (2 | 3, Field::Number(number)) => number.to_string(),
                        (other, _) => panic!("a value of kind {other}"),
                    };
                }
            }
            _ => {}
        }
    }
    pair
}
