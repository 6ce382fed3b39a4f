//! Where a request was sent, and whether anybody in between could read it.

use crate::api::Shared;
use crate::problem::Problem;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::HOST;
use axum::http::request::Parts;
use domain::HostName;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

/// Among a request's extensions where it came over TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encrypted;

/// Scheme and authority that a request named: where its sender reaches us.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    scheme: &'static str,
    /// `host` or `host:port`, of a host name or an address; `None` where the Host header is neither.
    authority: Option<String>,
    host: Option<String>,
}

impl Origin {
    /// `https://host:port`, empty where no host was named.
    pub fn to_text(&self) -> String {
        self.authority.as_ref().map(|authority| format!("{}://{authority}", self.scheme)).unwrap_or_default()
    }

    /// The host alone, an IPv6 address without brackets.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    fn of(parts: &Parts, shared: &Shared) -> Self {
        // What is served in the clear to other machines has something before it that speaks HTTPS.
        let is_encrypted = parts.extensions.get::<Encrypted>().is_some() || shared.config.provisioning_in_clear;
        let scheme = if is_encrypted { "https" } else { "http" };
        let named = parts.headers.get(HOST).and_then(|value| value.to_str().ok()).and_then(read);
        let (host, authority) = named.unzip();
        Self { scheme, authority, host }
    }
}

impl FromRequestParts<Arc<Shared>> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Infallible> {
        Ok(Self::of(parts, shared))
    }
}

/// A request that may be answered with a password: it came over TLS, or from this machine, or the operator lets it come
/// in the clear; and its address has not asked too often.
pub(super) struct Admitted;

impl FromRequestParts<Arc<Shared>> for Admitted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let client = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(client)| client.ip());
        let is_local = client.is_none_or(|client| client.to_canonical().is_loopback());
        let is_encrypted = parts.extensions.get::<Encrypted>().is_some();
        if !is_encrypted && !is_local && !shared.config.provisioning_in_clear {
            return Err(Problem::NeedsEncryption);
        }
        if let Some(client) = client {
            shared.limits.admit_unproven(client, Instant::now())?;
        }
        Ok(Self)
    }
}

/// Host and authority of a Host header's value.
fn read(value: &str) -> Option<(String, String)> {
    let (host, port) = match value.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':')?)),
        None => match value.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (value, None),
        },
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return None;
    }
    let is_host = host.parse::<IpAddr>().is_ok() || HostName::parse(host).is_ok();
    is_host.then(|| (host.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (value, host) in [
            ("sip.example.com", "sip.example.com"),
            ("sip.example.com:8443", "sip.example.com"),
            ("192.0.2.1:8080", "192.0.2.1"),
            ("[2001:db8::1]:8443", "2001:db8::1"),
            ("[::1]", "::1"),
        ] {
            assert_eq!(read(value), Some((host.to_owned(), value.to_owned())), "{value}");
        }
        for bad in ["", "a b", "h:x", "h:70000", "evil.example\"><script>", "[::1", "a/b", "user@host", "h:80/x"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
