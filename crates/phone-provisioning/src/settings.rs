//! What a phone is told.

use domain::{MacAddress, Timestamp};
use std::fmt;

/// What a phone is told: who it is, and where its server is.
#[derive(Clone, Copy)]
pub struct PhoneSettings<'s> {
    /// The digest username, and the user of its address.
    pub username: &'s str,
    /// The device's password.
    pub password: &'s str,
    /// The account's legal SIP domain.
    pub domain: &'s str,
    /// The digest realm.
    pub realm: &'s str,
    /// What the account is called on the phone.
    pub label: &'s str,
    /// Where SIP is served.
    pub server: PhoneServer<'s>,
    /// The phone's hardware address, where one is known.
    pub mac: Option<MacAddress>,
    /// When any of it last changed: some phones take a configuration only where it is newer than theirs.
    pub changed_at: Timestamp,
}

/// Where SIP is served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PhoneServer<'s> {
    /// A host name or an address, an IPv6 address without brackets.
    pub host: &'s str,
    /// The port.
    pub port: u16,
    /// The transport.
    pub transport: PhoneTransport,
}

/// A transport that phones speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PhoneTransport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
}

impl PhoneTransport {
    /// The lower-case name, as in a `transport` parameter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    /// The transport of that lower-case name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls].into_iter().find(|transport| transport.as_str() == name)
    }
}

impl PhoneServer<'_> {
    /// The host as it stands in a URI (RFC 3986 section 3.2.2), without port.
    pub(crate) fn uri_host(&self) -> impl fmt::Display {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.to_owned() }
    }
}

/// Never shows the password.
impl fmt::Debug for PhoneSettings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneSettings").field("username", &self.username).finish_non_exhaustive()
    }
}
