//! The one pass over a message's octets.

use crate::grammar::{TOKEN, closing_quote, is_space, trim};
use crate::limits::MAX_MESSAGE_OCTETS;
use crate::spans::Span;
use crate::{Defect, HeaderName, HeaderSpans, Headers, Message, Method, Request, Response, Unparseable};

/// Reads the message those octets are, from any transport; `spans` is overwritten.
///
/// CRLFs before the start line are passed over (RFC 3261 section 7.5). Octets after the body that Content-Length
/// announces are ignored, as section 18.3 asks for datagrams.
///
/// # Errors
/// [`Unparseable`] when there is no start line and head from which an answer could be made. Any other fault is recorded
/// and found by [`Request::check`] or [`Response::check`].
pub fn parse<'m>(octets: &'m [u8], spans: &'m mut HeaderSpans) -> Result<Message<'m>, Unparseable> {
    spans.reset();
    if octets.len() > MAX_MESSAGE_OCTETS {
        return Err(Unparseable::TooLarge);
    }
    let mut begin = 0;
    while octets.get(begin..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
        begin += 2;
    }
    if begin == octets.len() {
        return Err(Unparseable::Empty);
    }
    let line = Line::find(octets, begin, Folding::Ends).ok_or(Unparseable::NoStartLine)?;
    note_forbidden(line, octets.get(begin..line.end).unwrap_or_default(), spans);
    let start = StartLine::read(octets.get(begin..line.end).unwrap_or_default(), spans)?;
    let head_end = scan_headers(octets, line.next, spans)?;
    let body = find_body(octets, head_end, spans);
    let headers = Headers { octets, spans };
    Ok(match start {
        StartLine::Request { method, uri, version } => {
            Message::Request(Request { method, uri, version, headers, body })
        }
        StartLine::Response { version, status, reason } => {
            Message::Response(Response { version, status, reason, headers, body })
        }
    })
}

/// Whether a CRLF followed by white space ends a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folding {
    /// It does: a start line is never folded.
    Ends,
    /// It does not: a header goes on (RFC 3261 section 7.3.1).
    Continues,
}

/// One line of the head, folds included.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    /// Where its CRLF stands.
    pub(crate) end: usize,
    /// Where the next line begins.
    pub(crate) next: usize,
    has_nul: bool,
    has_bare_break: bool,
}

impl Line {
    /// The line that begins at `start`, unless the octets end before it does.
    pub(crate) fn find(octets: &[u8], start: usize, folding: Folding) -> Option<Self> {
        let (mut has_nul, mut has_bare_break) = (false, false);
        let mut from = start;
        loop {
            let rest = octets.get(from..)?;
            let length = memchr::memchr3(b'\r', b'\n', 0, rest)?;
            let end = from + length;
            from = match rest.get(length..).unwrap_or_default() {
                [b'\r', b'\n', b' ' | b'\t', ..] if folding == Folding::Continues => end + 3,
                [b'\r', b'\n', ..] => return Some(Self { end, next: end + 2, has_nul, has_bare_break }),
                [0, ..] => {
                    has_nul = true;
                    end + 1
                }
                _ => {
                    has_bare_break = true;
                    end + 1
                }
            };
        }
    }
}

/// Goes over the header lines that begin at `start` and returns where the body begins.
fn scan_headers(octets: &[u8], start: usize, spans: &mut HeaderSpans) -> Result<usize, Unparseable> {
    let mut begin = start;
    loop {
        match octets.get(begin..).unwrap_or_default() {
            [] => {
                spans.note(Defect::HeadNotTerminated);
                return Ok(begin);
            }
            [b'\r', b'\n', ..] => return Ok(begin + 2),
            _ => {}
        }
        let line = Line::find(octets, begin, Folding::Continues).ok_or(Unparseable::HeadCutOff)?;
        match header_span(octets, begin, line.end) {
            Some(span) => {
                let value = octets.get(usize::from(span.value_start)..usize::from(span.value_end)).unwrap_or_default();
                note_forbidden(line, value, spans);
                spans.push(span);
            }
            None => spans.note(Defect::MalformedHeaderLine),
        }
        begin = line.next;
    }
}

/// The parts of the header line between those places, if it has a name and a colon.
pub(crate) fn header_span(octets: &[u8], begin: usize, end: usize) -> Option<Span> {
    let line = octets.get(begin..end)?;
    let name_length = line.iter().position(|octet| !TOKEN.has(*octet)).filter(|length| *length > 0)?;
    let (name, mut after) = line.split_at_checked(name_length)?;
    while let [b' ' | b'\t', rest @ ..] = after {
        after = rest;
    }
    let [b':', value @ ..] = after else { return None };
    let leading = value.iter().position(|octet| !is_space(*octet)).unwrap_or(value.len());
    let trailing = value.iter().rposition(|octet| !is_space(*octet)).map_or(leading, |last| last + 1);
    let value_begin = end.checked_sub(value.len())?;
    let place = |offset: usize| u16::try_from(offset).ok();
    Some(Span {
        name: HeaderName::from_octets(name),
        name_start: place(begin)?,
        name_end: place(begin + name_length)?,
        value_start: place(value_begin + leading)?,
        value_end: place(value_begin + trailing)?,
    })
}

fn note_forbidden(line: Line, text: &[u8], spans: &mut HeaderSpans) {
    if line.has_bare_break {
        spans.note(Defect::BareLineBreak);
    }
    if line.has_nul && !nuls_are_quoted(text) {
        spans.note(Defect::ForbiddenNul);
    }
}

/// Whether every NUL is a quoted-pair within a quoted string, the one place where the grammar has it.
fn nuls_are_quoted(value: &[u8]) -> bool {
    let mut rest = value;
    loop {
        let (outside, quoted) = match memchr::memchr(b'"', rest) {
            Some(quote) => (rest.get(..quote), rest.get(quote + 1..)),
            None => (Some(rest), None),
        };
        if outside.is_some_and(|outside| outside.contains(&0)) {
            return false;
        }
        let Some(quoted) = quoted else { return true };
        let Some(length) = closing_quote(quoted) else { return !quoted.contains(&0) };
        let content = quoted.get(..length).unwrap_or_default();
        let mut escaped = false;
        let bare_nul = content.iter().any(|octet| {
            let bare = *octet == 0 && !escaped;
            escaped = *octet == b'\\' && !escaped;
            bare
        });
        if bare_nul {
            return false;
        }
        rest = quoted.get(length + 1..).unwrap_or_default();
    }
}

fn find_body<'m>(octets: &'m [u8], head_end: usize, spans: &mut HeaderSpans) -> &'m [u8] {
    let rest = octets.get(head_end..).unwrap_or_default();
    let headers = Headers { octets, spans };
    let length = headers.content_length();
    let lengths_differ = {
        let mut lengths = headers.all(HeaderName::ContentLength);
        let first = lengths.next();
        lengths.any(|other| Some(other) != first)
    };
    if lengths_differ {
        spans.replace_duplicate_content_length();
    }
    match length.map(|length| length.map(|length| rest.get(..usize::try_from(length).unwrap_or(usize::MAX)))) {
        Ok(Some(Some(body))) => body,
        Ok(None) => rest,
        Ok(Some(None)) => {
            spans.note(Defect::BodyTruncated);
            rest
        }
        Err(defect) => {
            spans.note(defect);
            rest
        }
    }
}

enum StartLine<'m> {
    Request { method: Method<'m>, uri: &'m [u8], version: &'m [u8] },
    Response { version: &'m [u8], status: u16, reason: &'m [u8] },
}

impl<'m> StartLine<'m> {
    fn read(line: &'m [u8], spans: &mut HeaderSpans) -> Result<Self, Unparseable> {
        let (first, rest) = split_at_space(line).ok_or(Unparseable::NoStartLine)?;
        if is_version(first) { Self::read_status(first, rest) } else { Self::read_request(first, rest, spans) }
    }

    fn read_status(version: &'m [u8], rest: &'m [u8]) -> Result<Self, Unparseable> {
        // A missing space after the code is forgiven: nothing else could be meant.
        let (code, reason) = split_at_space(rest).unwrap_or((rest, &[]));
        let &[hundreds @ b'1'..=b'6', tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = code else {
            return Err(Unparseable::StatusCode);
        };
        let digit = |octet: u8| u16::from(octet - b'0');
        let status = digit(hundreds) * 100 + digit(tens) * 10 + digit(ones);
        Ok(Self::Response { version, status, reason })
    }

    /// The version is what follows the last space, so that a Request-URI with a space in it can still be refused with
    /// a response.
    fn read_request(method: &'m [u8], rest: &'m [u8], spans: &mut HeaderSpans) -> Result<Self, Unparseable> {
        let trimmed = trim(rest);
        let last_space = memchr::memrchr2(b' ', b'\t', trimmed).ok_or(Unparseable::NoStartLine)?;
        let (uri, version) = trimmed.split_at_checked(last_space).ok_or(Unparseable::NoStartLine)?;
        let version = trim(version);
        if !TOKEN.covers(method) || !is_version(version) {
            return Err(Unparseable::NoStartLine);
        }
        let single_spaces = trimmed.len() == rest.len() && trim(uri).len() == uri.len();
        if !single_spaces {
            spans.note(Defect::MalformedStartLine);
        }
        Ok(Self::Request { method: Method::from_octets(method), uri: trim(uri), version })
    }
}

fn is_version(octets: &[u8]) -> bool {
    octets.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"SIP/"))
}

fn split_at_space(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr::memchr(b' ', octets)?;
    Some((octets.get(..space)?, octets.get(space + 1..)?))
}
