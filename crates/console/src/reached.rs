//! How a browser reaches us: what stands before the paths that a page gives to phones and people.

use crate::Shared;
use crate::session::{SessionCookie, is_secure};
use axum::extract::FromRequestParts;
use axum::http::header::HOST;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

/// Scheme and authority that the browser named.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    is_secure: bool,
    /// `host` or `host:port`; nothing else can stand here, since it ends up in pages and policies.
    authority: Option<String>,
}

impl Reached {
    /// The whole address of a path.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        self.authority
            .as_ref()
            .map(|authority| format!("{scheme}://{authority}{path}"))
            .unwrap_or_else(|| path.to_owned())
    }

    /// The host alone, an IPv6 address in brackets.
    pub fn host(&self) -> Option<&str> {
        let authority = self.authority.as_deref()?;
        Some(match authority.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => name,
            _ => authority,
        })
    }

    /// Why others cannot use an address that is made of this, if so: it is this machine's own, or nobody may read along.
    pub fn problem_for_others(&self) -> Option<&'static str> {
        let host = self.host().unwrap_or_default().trim_matches(['[', ']']);
        let is_local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if is_local {
            Some(
                "It leads to this machine only. For others, open the console under the name by which they reach the server.",
            )
        } else if self.is_secure {
            None
        } else {
            Some(
                "You are here over HTTP, and passwords are given to other machines over HTTPS only. Open the console with https:// (see --https-listen) for an address that works there.",
            )
        }
    }
}

impl FromRequestParts<Arc<Shared>> for Reached {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _shared: &Arc<Shared>) -> Result<Self, Infallible> {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let authority = host.filter(|host| is_plain(host)).map(str::to_owned);
        // A page that was merely asked for says no origin; the cookie of an HTTPS session tells the same.
        let is_secure = is_secure(parts) || SessionCookie::is_sent_securely(parts);
        Ok(Self { is_secure, authority })
    }
}

fn is_plain(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|octet| octet.is_ascii_alphanumeric() || b".-:[]".contains(&octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_whole_and_say_nothing_else() {
        let reached = |is_secure, host: &str| Reached { is_secure, authority: is_plain(host).then(|| host.to_owned()) };
        let sip = reached(true, "sip.example.com:8443");
        assert_eq!((sip.url("/a").as_str(), sip.host()), ("https://sip.example.com:8443/a", Some("sip.example.com")));
        assert_eq!(sip.problem_for_others(), None);
        assert_eq!(reached(false, "[::1]:80").host(), Some("[::1]"));
        assert_eq!(reached(false, "a; script-src *").host(), None);
        assert_eq!(reached(false, "").url("/a"), "/a");
        for local in ["localhost:8080", "127.0.0.1", "[::1]:8080"] {
            assert!(
                reached(true, local).problem_for_others().is_some_and(|text| text.contains("this machine")),
                "{local}"
            );
        }
        assert!(reached(false, "192.0.2.1").problem_for_others().is_some_and(|text| text.contains("over HTTPS only")));
    }
}
