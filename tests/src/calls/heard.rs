//! A SIP message as it came, read with the least that calls need.

/// One request or response; borrows what was received.
#[derive(Clone, Debug)]
pub struct Heard<'m> {
    /// What the first line says.
    pub start: Start<'m>,
    /// What follows the empty line.
    pub body: &'m str,
    /// Name as written, but compact ones in full, and value.
    headers: Vec<(&'m str, &'m str)>,
}

/// A first line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start<'m> {
    /// `METHOD uri SIP/2.0`
    Request {
        /// The method.
        method: &'m str,
        /// The Request-URI.
        uri: &'m str,
    },
    /// `SIP/2.0 status reason`
    Response(u16),
}

impl<'m> Heard<'m> {
    /// Reads a datagram; `None` where it is no SIP message.
    #[must_use]
    pub fn parse(octets: &'m [u8]) -> Option<Self> {
        let text = std::str::from_utf8(octets).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let first = lines.next()?;
        let start = if let Some(status) = first.strip_prefix("SIP/2.0 ") {
            Start::Response(status.get(..3)?.parse().ok()?)
        } else {
            let (method, rest) = first.split_once(' ')?;
            Start::Request { method, uri: rest.strip_suffix(" SIP/2.0")? }
        };
        let headers: Option<Vec<_>> = lines
            .map(|line| line.split_once(':').map(|(name, value)| (in_full(name.trim_end()), value.trim())))
            .collect();
        Some(Self { start, body, headers: headers? })
    }

    /// A header's first value; nothing where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &'m str {
        self.headers(name).next().unwrap_or_default()
    }

    /// A header's values, one for each line.
    pub fn headers<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'m str> + use<'s, 'm> {
        self.headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The number and the method of its CSeq.
    #[must_use]
    pub fn sequence(&self) -> Option<(u32, &'m str)> {
        let (number, method) = self.header("CSeq").split_once(' ')?;
        Some((number.parse().ok()?, method.trim_start()))
    }

    /// The values of Record-Route, one for each proxy, as they stand.
    #[must_use]
    pub fn recorded_routes(&self) -> Vec<String> {
        let lines = self.headers("Record-Route");
        lines.flat_map(|line| line.split(',')).map(|route| route.trim().to_owned()).collect()
    }

    /// The URI of its Contact.
    #[must_use]
    pub fn contact(&self) -> &'m str {
        uri(self.header("Contact"))
    }

    /// The branch of its first Via.
    #[must_use]
    pub fn branch(&self) -> &'m str {
        parameter(self.header("Via"), "branch")
    }
}

/// The tag of a From or To; nothing where there is none.
#[must_use]
pub fn tag(value: &str) -> &str {
    parameter(value.rsplit_once('>').map_or(value, |(_, behind)| behind), "tag")
}

/// The URI of a value that may have a name before it and parameters behind.
#[must_use]
pub fn uri(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, inside)) => inside.split('>').next().unwrap_or_default(),
        None => value.split(';').next().unwrap_or_default(),
    }
}

/// The user of a `sip:` URI.
#[must_use]
pub fn user(uri: &str) -> &str {
    let behind_scheme = uri.split_once(':').map_or("", |(_, rest)| rest);
    behind_scheme.split_once('@').map_or("", |(user, _)| user)
}

fn parameter<'v>(value: &'v str, name: &str) -> &'v str {
    let parameters = value.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut named = parameters.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    named.next().map_or("", |(_, value)| value.trim())
}

/// RFC 3261 section 7.3.3.
fn in_full(name: &str) -> &str {
    match name {
        "v" => "Via",
        "f" => "From",
        "t" => "To",
        "i" => "Call-ID",
        "m" => "Contact",
        "l" => "Content-Length",
        "c" => "Content-Type",
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read() {
        let octets = b"INVITE sip:7@example.test SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK1\r\n\
                       Record-Route: <sip:a;lr>, <sip:b;lr>\r\nrecord-route: <sip:c;lr>\r\nTo: <sip:7@x;tag=no>\r\n\
                       From: \"A\" <sip:a@x>;tag=yes\r\nCSeq: 12 INVITE\r\nContact: <sip:a@192.0.2.1;x=y>;q=1\r\n\r\nbody";
        let heard = Heard::parse(octets).expect("a message");
        assert_eq!(heard.start, Start::Request { method: "INVITE", uri: "sip:7@example.test" });
        assert_eq!((heard.branch(), heard.sequence(), heard.body), ("z9hG4bK1", Some((12, "INVITE")), "body"));
        assert_eq!(heard.recorded_routes(), ["<sip:a;lr>", "<sip:b;lr>", "<sip:c;lr>"]);
        assert_eq!((tag(heard.header("From")), tag(heard.header("To"))), ("yes", ""));
        assert_eq!((heard.contact(), user(heard.contact())), ("sip:a@192.0.2.1;x=y", "a"));
    }

    #[test]
    fn a_response_is_read_and_nothing_else() {
        let heard = Heard::parse(b"SIP/2.0 480 Temporarily Unavailable\r\nReason: Q.850;cause=42\r\n\r\n");
        let heard = heard.expect("a message");
        assert_eq!(
            (heard.start, heard.header("reason"), heard.sequence()),
            (Start::Response(480), "Q.850;cause=42", None)
        );
        for bad in [&b"SIP/2.0 x80 No\r\n\r\n"[..], b"INVITE sip:a\r\n\r\n", b"\r\n\r\n", b"", b"\xff\r\n\r\n"] {
            assert!(Heard::parse(bad).is_none(), "{bad:?}");
        }
    }
}
