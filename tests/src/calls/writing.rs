//! What phones and gateway write.

use super::heard::{Heard, Start, tag};
use std::fmt::Write;
use std::net::SocketAddr;

/// Not there in any message of a server that keeps its phones' secrets to itself.
pub const CREDENTIALS: [&str; 2] = ["Authorization", "Proxy-Authorization"];

/// Everything of a request but method-specific lines and body.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The method.
    pub method: &'r str,
    /// The Request-URI.
    pub uri: &'r str,
    /// Where the answer is to go.
    pub via: SocketAddr,
    /// Unique to the transaction.
    pub branch: &'r str,
    /// The Route headers, in order.
    pub routes: &'r [String],
    /// The whole value of From.
    pub from: &'r str,
    /// The whole value of To.
    pub to: &'r str,
    /// The Call-ID.
    pub call_id: &'r str,
    /// The number of the CSeq.
    pub sequence: u32,
    /// More header lines, each with its end.
    pub lines: &'r str,
    /// The body, a session description where there is one.
    pub body: &'r str,
}

impl Request<'_> {
    /// The message.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let Self { method, uri, via, branch, from, to, call_id, sequence, lines, body, .. } = self;
        let mut text = String::with_capacity(1_024);
        let _ = write!(
            text,
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch={branch};rport\r\nMax-Forwards: 70\r\n"
        );
        for route in self.routes {
            let _ = write!(text, "Route: {route}\r\n");
        }
        let _ = write!(text, "From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {sequence} {method}\r\n{lines}");
        end(&mut text, body);
        text.into_bytes()
    }
}

/// An answer to a request: what must be copied from it is, its Record-Route too. `own_tag` goes where To has none yet.
#[must_use]
pub fn response(request: &Heard<'_>, status: u16, own_tag: &str, lines: &str, body: &str) -> Vec<u8> {
    let mut text = String::with_capacity(1_024);
    let _ = write!(text, "SIP/2.0 {status} {}\r\n", phrase(status));
    for name in ["Via", "Record-Route", "From", "To", "Call-ID", "CSeq"] {
        for value in request.headers(name) {
            let _ = write!(text, "{name}: {value}");
            if name == "To" && status > 100 && tag(value).is_empty() {
                let _ = write!(text, ";tag={own_tag}");
            }
            text.push_str("\r\n");
        }
    }
    text.push_str(lines);
    end(&mut text, body);
    text.into_bytes()
}

/// The ACK of a final answer to an INVITE that was sent to `uri`: made of the answer alone, so that a repeated answer gets
/// the same ACK again, whatever has become of the call since.
#[must_use]
pub fn acknowledgement(answer: &Heard<'_>, uri: &str, via: SocketAddr) -> Vec<u8> {
    let accepted = matches!(answer.start, Start::Response(200..=299));
    // An ACK of success is a transaction of its own within the dialog; of failure, part of the INVITE's (section 17.1.1.3).
    let (uri, branch, routes) = if accepted {
        (answer.contact(), format!("{}.ack", answer.branch()), reversed(answer.recorded_routes()))
    } else {
        (uri, answer.branch().to_owned(), Vec::new())
    };
    Request {
        method: "ACK",
        uri,
        via,
        branch: &branch,
        routes: &routes,
        from: answer.header("From"),
        to: answer.header("To"),
        call_id: answer.header("Call-ID"),
        sequence: answer.sequence().map_or(0, |(number, _)| number),
        lines: "",
        body: "",
    }
    .write()
}

/// The route set of whoever called, from the Record-Route of the answer (section 12.1.2).
#[must_use]
pub fn reversed(mut routes: Vec<String>) -> Vec<String> {
    routes.reverse();
    routes
}

/// A session description that belongs to that call and side alone.
#[must_use]
pub fn session(side: &str, call: usize) -> String {
    format!(
        "v=0\r\no={side} {call} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"
    )
}

fn end(text: &mut String, body: &str) {
    if !body.is_empty() {
        text.push_str("Content-Type: application/sdp\r\n");
    }
    let _ = write!(text, "Content-Length: {}\r\n\r\n{body}", body.len());
}

const fn phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        200..=299 => "OK",
        407 => "Proxy Authentication Required",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        _ => "Refused",
    }
}
