//! Where a URL leads.

use hyper::Uri;
use std::fmt::Write as _;

/// What connecting and asking need of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    /// Without brackets.
    pub host: String,
    pub port: u16,
    pub is_secure: bool,
    /// As in the request line.
    pub path: String,
    /// As in `Host`: without a port where it is the scheme's own.
    pub authority: String,
}

impl Destination {
    /// Reads a URL that was checked when it was given; `None` for one that still cannot be asked.
    pub fn of(url: &str) -> Option<Self> {
        let uri: Uri = url.split('#').next()?.parse().ok()?;
        let is_secure = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let own_port = if is_secure { 443 } else { 80 };
        let port = authority.port_u16().unwrap_or(own_port);
        // A query may follow the authority at once, but not begin a request line.
        let path = uri.path_and_query().map_or("", |path| path.as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let shown_host = authority.host();
        let authority = if port == own_port { shown_host.to_owned() } else { format!("{shown_host}:{port}") };
        Some(Self { host, port, is_secure, path, authority })
    }

    /// The path for a request without a body: the JSON is the query's last parameter, `payload`.
    pub fn path_with_payload(&self, json: &str) -> String {
        let separator = if self.path.contains('?') { '&' } else { '?' };
        let mut path = format!("{}{separator}payload=", self.path);
        for octet in json.bytes() {
            if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~') {
                path.push(char::from(octet));
            } else {
                // Writing to a String does not fail.
                let _ = write!(path, "%{octet:02X}");
            }
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (url, expected) in [
            ("https://a.example/x?y=1#z", ("a.example", 443, true, "/x?y=1", "a.example")),
            ("http://a.example", ("a.example", 80, false, "/", "a.example")),
            ("HTTP://A.example:80/", ("A.example", 80, false, "/", "A.example")),
            ("https://[2001:db8::1]:8443/a", ("2001:db8::1", 8443, true, "/a", "[2001:db8::1]:8443")),
            ("http://192.0.2.1:81?b", ("192.0.2.1", 81, false, "/?b", "192.0.2.1:81")),
        ] {
            let found = Destination::of(url).unwrap();
            assert_eq!((&*found.host, found.port, found.is_secure, &*found.path, &*found.authority), expected, "{url}");
        }
        let with_payload = |url: &str| Destination::of(url).unwrap().path_with_payload("{\"a\":\"\u{e9} b\"}");
        assert_eq!(with_payload("http://a.example"), "/?payload=%7B%22a%22%3A%22%C3%A9%20b%22%7D");
        assert!(with_payload("http://a.example/x?y=1").starts_with("/x?y=1&payload=%7B"));
        for none in ["", "a.example", "ftp://a.example/", "/x"] {
            assert_eq!(Destination::of(none), None, "{none}");
        }
    }
}
