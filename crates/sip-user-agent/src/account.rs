//! Whom the user agent speaks for, and to whom.

use crate::UserAgentError;
use crate::authentication::Identity;
use sip_digest::HashAlgorithm;
use sip_message::Uri;
use std::fmt;
use std::net::SocketAddr;
use tls_identity::{Connector, PeerName};
use zeroize::Zeroizing;

/// How requests travel.
#[derive(Clone, Debug)]
pub enum UaTransport {
    /// Datagrams, sent again until answered (RFC 3261 section 17.1.2).
    Udp,
    /// One connection, opened anew when the server has closed it.
    Tcp,
    /// The same, encrypted (RFC 3261 section 26.2.1).
    Tls(TlsPeer),
}

/// Who the server has to prove to be, and by whose word.
#[derive(Clone)]
pub struct TlsPeer {
    /// Does the handshakes.
    pub connector: Connector,
    /// What the certificate has to be for: the host that was asked for, not what it resolves to.
    pub name: PeerName,
}

impl fmt::Debug for TlsPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsPeer").field("name", &self.name).finish_non_exhaustive()
    }
}

impl UaTransport {
    /// Its name in a Via.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls(_) => "TLS",
        }
    }
}

/// Whether a request may be authenticated before it is challenged, with the nonce of the last challenge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NonceReuse {
    /// The next nonce-count of a known nonce is used, which saves a round trip (RFC 7616 section 3.6).
    #[default]
    WhenKnown,
    /// Every exchange begins unauthenticated.
    Never,
}

/// One account at one server.
#[derive(Clone)]
pub struct Account {
    /// Where requests are sent, whatever the domain.
    pub server: SocketAddr,
    /// How they are sent.
    pub transport: UaTransport,
    /// The host, with a port if need be, of Request-URI, From and To.
    pub domain: String,
    /// The user of From and To and the digest username.
    pub username: String,
    /// The password, wiped when dropped.
    pub password: Zeroizing<String>,
    /// The value of User-Agent; servers choose challenges by it.
    pub user_agent: String,
    /// Which challenges are answered, the most wanted first; others count as not acceptable.
    pub hashes: Vec<HashAlgorithm>,
}

impl Account {
    /// Checks what goes into URIs and between the quotes of digest credentials, where nothing is escaped.
    pub(crate) fn check(&self) -> Result<(), UserAgentError> {
        if !is_quotable(&self.username) {
            return Err(UserAgentError::InvalidUsername);
        }
        if is_host(&self.domain) { Ok(()) } else { Err(UserAgentError::InvalidDomain) }
    }

    /// Who answers challenges.
    pub(crate) fn identity(&self) -> Identity<'_> {
        Identity { username: &self.username, password: &self.password, hashes: &self.hashes }
    }

    /// The Request-URI of everything sent, and the digest `uri`.
    pub(crate) fn domain_uri(&self) -> String {
        format!("sip:{}", self.domain)
    }

    /// The address-of-record.
    pub(crate) fn address_of_record(&self) -> String {
        format!("sip:{}@{}", escaped_user(&self.username), self.domain)
    }
}

/// Shows neither the password nor its length.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("server", &self.server)
            .field("transport", &self.transport)
            .field("domain", &self.domain)
            .field("username", &self.username)
            .field("password", &format_args!("<redacted>"))
            .field("user_agent", &self.user_agent)
            .field("hashes", &self.hashes)
            .finish()
    }
}

/// Whether a username can stand between quotes as it is.
pub(crate) fn is_quotable(username: &str) -> bool {
    !username.is_empty() && !username.chars().any(|character| character.is_control() || matches!(character, '"' | '\\'))
}

/// Whether a text is a host, with a port or without, and nothing more.
pub(crate) fn is_host(text: &str) -> bool {
    let uri = format!("sip:{text}");
    Uri::parse(uri.as_bytes()).is_ok_and(|uri| {
        uri.user.is_none() && uri.params.as_octets().is_empty() && uri.headers.is_empty() && !uri.host.is_empty()
    })
}

/// The username as the user part of a URI (RFC 3261 section 25.1, `user`).
pub(crate) fn escaped_user(username: &str) -> String {
    let mut user = String::with_capacity(username.len());
    for octet in username.bytes() {
        let stays = octet.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&octet);
        if stays {
            user.push(char::from(octet));
        } else {
            user.push_str(&format!("%{octet:02X}"));
        }
    }
    user
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(username: &str, domain: &str) -> Account {
        Account {
            server: ([127, 0, 0, 1], 5060).into(),
            transport: UaTransport::Udp,
            domain: domain.to_owned(),
            username: username.to_owned(),
            password: Zeroizing::new("hush-hush".to_owned()),
            user_agent: "test".to_owned(),
            hashes: vec![HashAlgorithm::Md5],
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let shown = format!("{:?}", account("alice", "example.com"));
        assert!(shown.contains("alice") && !shown.contains("hush"), "{shown}");
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        for domain in ["example.com", "MA_X1.sip.localhost", "127.0.0.1:5060", "[::1]:5060"] {
            assert!(account("alice", domain).check().is_ok(), "{domain}");
        }
        for domain in ["", "a b", "bob@example.com", "h;lr", "h?x=y", "h:0", "h\r\nX: y", "h>"] {
            assert!(matches!(account("alice", domain).check(), Err(UserAgentError::InvalidDomain)), "{domain:?}");
        }
        for username in ["", "a\"b", "a\\b", "a\r\nb"] {
            let checked = account(username, "example.com").check();
            assert!(matches!(checked, Err(UserAgentError::InvalidUsername)), "{username:?}");
        }
    }

    #[test]
    fn users_are_escaped() {
        let escaped = account("a@b c+é", "example.com").address_of_record();
        assert_eq!(escaped, "sip:a%40b%20c+%C3%A9@example.com");
        assert!(Uri::parse(escaped.as_bytes()).is_ok());
    }
}
