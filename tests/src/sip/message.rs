//! Responses, read with the least that tells them apart.

use std::sync::atomic::{AtomicU64, Ordering};

/// One SIP response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The message as it came.
    pub text: String,
}

impl Response {
    /// Reads a response that is whole; `None` for anything else.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(octets).into_owned();
        let head = text.split("\r\n\r\n").next()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self { status, headers, text })
    }

    /// A header's first value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a header, one for each time it stands there.
    pub fn headers<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every contact binding it lists.
    #[must_use]
    pub fn contacts(&self) -> Vec<String> {
        // Our own contacts have no comma inside, so a comma separates.
        self.headers("contact").flat_map(|value| value.split(',')).map(|contact| contact.trim().to_owned()).collect()
    }
}

/// How many octets the first message of a stream has, once it is there as a whole.
#[must_use]
pub fn framed_length(stream: &[u8]) -> Option<usize> {
    let head_length = stream.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&stream[..head_length]).to_ascii_lowercase();
    let length: usize = head
        .split("\r\n")
        .find_map(|line| line.strip_prefix("content-length:").or_else(|| line.strip_prefix("l:")))
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0);
    (stream.len() >= head_length + length).then_some(head_length + length)
}

/// A text that no other message of these tests has: for branches, tags and Call-IDs.
#[must_use]
pub fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A complete OPTIONS request, as a monitoring probe sends it.
#[must_use]
pub fn options(host: &str, via: &str) -> String {
    let unique = unique();
    format!(
        "OPTIONS sip:{host} SIP/2.0\r\nVia: {via};branch=z9hG4bK{unique};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:probe@{host}>;tag={unique}\r\nTo: <sip:{host}>\r\nCall-ID: {unique}\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n"
    )
}
