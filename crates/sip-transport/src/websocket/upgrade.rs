//! From HTTP to WebSocket (RFC 6455 section 4.2, RFC 7118 section 4.1): the request judged, the answer written.

use super::OriginPolicy;
use httparse::{EMPTY_HEADER, Header, Request};
use tungstenite::handshake::derive_accept_key;

/// Most octets of the request; browsers send below two thousand.
pub(super) const MAX_REQUEST_OCTETS: usize = 8_192;
const MAX_HEADERS: usize = 64;
/// The sub-protocol of SIP (RFC 7118 section 8.1).
const SIP: &str = "sip";

/// What is to be done with the octets so far.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Judgement {
    /// The request's end has not come.
    Incomplete,
    /// Send this; WebSocket frames begin after that many octets.
    Accepted { answer: String, request_octets: usize },
    /// Send this and close.
    Refused(String),
}

/// What is wrong with a request; each text says what to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refusal {
    NotHttp,
    TooLarge,
    NotWebSocket,
    Version,
    Key,
    Origin,
    Protocol,
}

impl Refusal {
    const fn status(self) -> &'static str {
        match self {
            Self::NotHttp | Self::Key | Self::Protocol => "400 Bad Request",
            Self::Origin => "403 Forbidden",
            Self::NotWebSocket | Self::Version => "426 Upgrade Required",
            Self::TooLarge => "431 Request Header Fields Too Large",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::NotHttp => {
                "This port speaks SIP over WebSocket, and this is no HTTP request; use a WebSocket client."
            }
            Self::TooLarge => "The request's headers are too large; a WebSocket handshake needs a few hundred octets.",
            Self::NotWebSocket => {
                "This port speaks SIP over WebSocket; connect with a SIP client for WebSocket, such as JsSIP or SIP.js."
            }
            Self::Version => "Only version 13 of WebSocket is spoken here; use a client of RFC 6455.",
            Self::Key => "Sec-WebSocket-Key must be one value of 16 octets in base64; use a client of RFC 6455.",
            Self::Origin => "Pages of this origin may not connect; the operator can allow it with --ws-origin.",
            Self::Protocol => "Only SIP is spoken here; offer the sub-protocol \"sip\" (Sec-WebSocket-Protocol: sip).",
        }
    }

    fn answer(self) -> Judgement {
        let more = match self {
            Self::NotWebSocket | Self::Version => {
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n"
            }
            _ => "",
        };
        let connection = if more.is_empty() { "close" } else { "Upgrade, close" };
        Judgement::Refused(format!(
            "HTTP/1.1 {}\r\n{more}Connection: {connection}\r\nContent-Type: text/plain\r\n\
             X-Content-Type-Options: nosniff\r\nContent-Length: {}\r\n\r\n{}\n",
            self.status(),
            self.sentence().len() + 1,
            self.sentence(),
        ))
    }
}

/// Judges the octets that a client began with.
pub(super) fn judge(octets: &[u8], origins: &OriginPolicy) -> Judgement {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut request = Request::new(&mut headers);
    match request.parse(octets) {
        Ok(httparse::Status::Complete(request_octets)) => match accept(&request, origins) {
            Ok(answer) => Judgement::Accepted { answer, request_octets },
            Err(refusal) => refusal.answer(),
        },
        Ok(httparse::Status::Partial) if octets.len() < MAX_REQUEST_OCTETS => Judgement::Incomplete,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => Refusal::TooLarge.answer(),
        Err(_) => Refusal::NotHttp.answer(),
    }
}

fn accept(request: &Request<'_, '_>, origins: &OriginPolicy) -> Result<String, Refusal> {
    let headers = Headers(request.headers);
    let upgrades = headers.lists("upgrade", "websocket") && headers.lists("connection", "upgrade");
    if request.method != Some("GET") || request.version != Some(1) || !upgrades {
        return Err(Refusal::NotWebSocket);
    }
    if headers.only("sec-websocket-version") != Some("13") {
        return Err(Refusal::Version);
    }
    let key = headers.only("sec-websocket-key").filter(|key| is_key(key)).ok_or(Refusal::Key)?;
    // More than one value, or none that can be read, is no browser's: then there is nothing that could be allowed.
    if headers.all("origin").next().is_some() {
        let origin = headers.only("origin").unwrap_or_default();
        if !origins.allows(origin, headers.only("host").unwrap_or_default()) {
            return Err(Refusal::Origin);
        }
    }
    if !headers.lists("sec-websocket-protocol", SIP) {
        return Err(Refusal::Protocol);
    }
    Ok(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: {SIP}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    ))
}

/// Sixteen octets in base64.
fn is_key(text: &str) -> bool {
    let digits = text.strip_suffix("==").unwrap_or_default();
    digits.len() == 22 && digits.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/'))
}

struct Headers<'r>(&'r [Header<'r>]);

impl<'r> Headers<'r> {
    fn all(&self, name: &'static str) -> impl Iterator<Item = &'r [u8]> + use<'r> {
        self.0.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
    }

    /// The value of a header that stands there once.
    fn only(&self, name: &'static str) -> Option<&'r str> {
        let mut all = self.all(name);
        let value = all.next().and_then(|value| std::str::from_utf8(value).ok())?;
        all.next().is_none().then_some(value.trim())
    }

    /// Whether one of the values of a header, separated by commas, is that token.
    fn lists(&self, name: &'static str, token: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(|octet| *octet == b','))
            .any(|value| value.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7118 section 4.1.
    const EXAMPLE: &str = "GET / HTTP/1.1\r\nHost: sip-ws.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://www.example.com\r\nSec-WebSocket-Protocol: sip\r\n\
        Sec-WebSocket-Version: 13\r\n\r\n";

    fn status(request: &str) -> String {
        match judge(request.as_bytes(), &OriginPolicy::Any) {
            Judgement::Incomplete => "incomplete".into(),
            Judgement::Accepted { .. } => "accepted".into(),
            Judgement::Refused(answer) => {
                let (head, body) = answer.split_once("\r\n\r\n").unwrap();
                assert!(head.contains(&format!("Content-Length: {}", body.len())), "{answer}");
                assert!(body.contains("; ") && body.ends_with(".\n"), "a sentence that says what to do: {body}");
                answer.split(' ').nth(1).unwrap().into()
            }
        }
    }

    #[test]
    fn the_rfcs_example_is_answered_as_there() {
        let octets = [EXAMPLE.as_bytes(), b"\x81\x80"].concat();
        let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
        let accepted = Judgement::Accepted { answer: answer.into(), request_octets: EXAMPLE.len() };
        assert_eq!(judge(&octets, &OriginPolicy::Any), accepted);
        for end in 0..EXAMPLE.len() {
            assert_eq!(judge(&EXAMPLE.as_bytes()[..end], &OriginPolicy::Any), Judgement::Incomplete, "{end}");
        }
    }

    #[test]
    fn whatever_is_missing_is_said() {
        for (from, to, expected) in [
            ("Upgrade: websocket\r\n", "", "426"),
            ("Connection: Upgrade\r\n", "Connection: keep-alive\r\n", "426"),
            ("Connection: Upgrade\r\n", "connection: keep-alive, UPGRADE\r\n", "accepted"),
            ("GET / HTTP/1.1", "GET / HTTP/1.0", "426"),
            ("GET / HTTP/1.1", "POST / HTTP/1.1", "426"),
            ("Version: 13", "Version: 8", "426"),
            ("Sec-WebSocket-Protocol: sip\r\n", "", "400"),
            ("Protocol: sip", "Protocol: xmpp, SIP", "accepted"),
            ("Protocol: sip", "Protocol: sips", "400"),
            ("dGhlIHNhbXBsZSBub25jZQ==", "short", "400"),
            ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", "400"),
            ("GET / ", "\x16\x03\x01", "400"),
            ("GET / HTTP/1.1", "REGISTER sip:example.com SIP/2.0", "400"),
            ("Host: ", "X-Long: \0\r\nHost: ", "400"),
        ] {
            assert_eq!(status(&EXAMPLE.replacen(from, to, 1)), expected, "{to}");
        }
        assert_eq!(status(&EXAMPLE.replacen("Host", &"A: b\r\n".repeat(70), 1)), "431");
        assert_eq!(status(&format!("GET /{}", "a".repeat(MAX_REQUEST_OCTETS))), "431");
    }

    #[test]
    fn a_page_of_another_site_is_refused() {
        let judged = judge(EXAMPLE.as_bytes(), &OriginPolicy::SameHost);
        assert!(matches!(judged, Judgement::Refused(answer) if answer.starts_with("HTTP/1.1 403 ")));
        let own = EXAMPLE.replace("//www.example.com", "//sip-ws.example.com");
        assert!(matches!(judge(own.as_bytes(), &OriginPolicy::SameHost), Judgement::Accepted { .. }));
        let none = EXAMPLE.replace("Origin: http://www.example.com\r\n", "");
        assert!(matches!(judge(none.as_bytes(), &OriginPolicy::SameHost), Judgement::Accepted { .. }));
        let two = own.replace("Origin", "Origin: http://sip-ws.example.com\r\nOrigin");
        assert!(matches!(judge(two.as_bytes(), &OriginPolicy::SameHost), Judgement::Refused(_)));
    }
}
