//! HTTP by hand, for requests that no client library would send.

use crate::api::Answer;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// One connection, written to octet by octet.
#[derive(Debug)]
pub struct RawHttp {
    stream: TcpStream,
    /// Octets read beyond the last answer.
    pending: Vec<u8>,
    closed: bool,
}

impl RawHttp {
    /// Connects.
    ///
    /// # Panics
    /// When nobody listens.
    #[must_use]
    pub fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).unwrap_or_else(|| panic!("nobody listens at {address}"))
    }

    /// Connects, if somebody listens.
    #[must_use]
    pub fn try_connect(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(10)).ok()?;
        stream.set_write_timeout(Some(Duration::from_secs(10))).ok()?;
        Some(Self { stream, pending: Vec::new(), closed: false })
    }

    /// Sends octets; `false` when the server would not take them all, which is its right.
    pub fn send(&mut self, octets: &[u8]) -> bool {
        self.stream.write_all(octets).is_ok()
    }

    /// Reads one answer; `None` when the server closed without one or the time was over.
    #[must_use]
    pub fn read_answer(&mut self, limit: Duration) -> Option<Answer> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some((answer, used)) = parse(&self.pending, self.closed) {
                self.pending.drain(..used);
                return Some(answer);
            }
            if self.closed || !self.read_more(deadline) {
                return None;
            }
        }
    }

    /// Everything that came, once that text is in it: of an answer that goes on and on.
    ///
    /// # Panics
    /// When the text does not come in time.
    #[must_use]
    pub fn read_until(&mut self, text: &str, limit: Duration) -> String {
        let deadline = Instant::now() + limit;
        loop {
            let read = String::from_utf8_lossy(&self.pending).into_owned();
            if read.contains(text) {
                return read;
            }
            assert!(!self.closed && self.read_more(deadline), "{text} does not come: {read}");
        }
    }

    /// Takes what comes within that time.
    pub fn read_for(&mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        while !self.closed && self.read_more(deadline) {}
    }

    /// Whether that text is among what came and was not taken yet; then everything up to its end is taken.
    pub fn take_if_read(&mut self, text: &str) -> bool {
        let found = self.pending.windows(text.len()).position(|part| part == text.as_bytes());
        self.pending.drain(..found.map_or(0, |at| at + text.len()));
        found.is_some()
    }

    /// Whether the server closes the connection within that time.
    #[must_use]
    pub fn is_closed_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while !self.closed && self.read_more(deadline) {}
        self.closed
    }

    /// Reads what comes next; `false` when the time is over.
    fn read_more(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || self.stream.set_read_timeout(Some(left)).is_err() {
            return false;
        }
        let mut chunk = [0; 8192];
        match self.stream.read(&mut chunk) {
            Ok(0) => self.closed = true,
            Ok(length) => self.pending.extend_from_slice(&chunk[..length]),
            Err(error) if is_timeout(&error) => return false,
            Err(_) => self.closed = true,
        }
        true
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}

/// One whole answer at the start of the octets, and its length.
fn parse(octets: &[u8], closed: bool) -> Option<(Answer, usize)> {
    let head_length = octets.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&octets[..head_length]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let declared = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let available = octets.len() - head_length;
    let body_length: usize = match declared {
        Some(length) => length,
        None if matches!(status, 100..=199 | 204 | 304) => 0,
        None if closed => available,
        None => return None,
    };
    if available < body_length {
        return None;
    }
    let end = head_length + body_length;
    Some((Answer { status, headers, body: octets[head_length..end].to_vec() }, end))
}
