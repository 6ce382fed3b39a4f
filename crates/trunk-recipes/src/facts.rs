//! What a recipe is filled in from.

use crate::RecipeError;
use crate::template::{Fill, Values};
use serde_json::json;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest name of a credential at Vapi.
const VAPI_NAME_LENGTH: usize = 40;

/// A transport that gateways speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
}

impl Transport {
    /// In the order of preference.
    const EVERY: [Self; 3] = [Self::Tls, Self::Tcp, Self::Udp];

    /// The transport of that lower-case name; none of those that browsers speak.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|transport| transport.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    fn default_port(self) -> u16 {
        if self == Self::Tls { 5061 } else { 5060 }
    }
}

/// Whether media have to be encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Srtp {
    /// They may be.
    Allowed,
    /// They have to be.
    Required,
}

/// What a trunk's signalling may go over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signalling {
    /// Any transport.
    Any,
    /// TLS only.
    Encrypted,
}

/// Where the server listens for SIP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener<'l> {
    /// The lower-case name of its transport, those of browsers too.
    pub transport: &'l str,
    /// The host it is reached by; `None` where it is whatever host this machine is reached by.
    pub host: Option<&'l str>,
    /// The port.
    pub port: Option<u16>,
}

/// Where the server is reached by the transport that the trunk's calls take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The transport.
    pub transport: Transport,
    /// A host name or an address, an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Place {
    /// The listener of the trunk's transport; where there is none, of another one that the trunk takes. `otherwise` is the
    /// host where a listener names none.
    ///
    /// # Errors
    /// [`RecipeError::NotServed`].
    pub fn of(
        (own, signalling): (Option<Transport>, Signalling),
        listeners: &[Listener<'_>],
        otherwise: &str,
    ) -> Result<Self, RecipeError> {
        let found = |transport: Transport| listeners.iter().find(|listener| listener.transport == transport.name());
        let is_usable = |transport: &Transport| signalling == Signalling::Any || *transport == Transport::Tls;
        let wanted = if signalling == Signalling::Any { "udp, tcp or tls" } else { "tls" };
        let (transport, listener) = own
            .into_iter()
            .chain(Transport::EVERY)
            .filter(is_usable)
            .find_map(|transport| Some((transport, found(transport)?)))
            .ok_or(RecipeError::NotServed { wanted })?;
        let host = listener.host.unwrap_or(otherwise).trim_matches(['[', ']']).to_owned();
        Ok(Self { transport, host, port: listener.port.unwrap_or(transport.default_port()) })
    }

    /// As it stands in a URI (RFC 3261 section 25.1).
    fn uri_host(&self) -> String {
        let is_v6 = self.host.parse::<Ipv6Addr>().is_ok();
        if is_v6 { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

/// A trunk and what belongs to it.
#[derive(Debug)]
pub struct Facts {
    /// What people call the trunk.
    pub name: String,
    /// The trunk's own host name, which its calls name.
    pub domain: String,
    /// The digest realm.
    pub realm: String,
    /// Where the server is reached.
    pub place: Place,
    /// With which the other side authenticates; `None` where no credential is attached.
    pub username: Option<String>,
    /// With which we answer the other side's challenge when a number is called; `None` where that has no secret.
    pub upstream_username: Option<String>,
    /// The trunk's numbers, as E.164 has them.
    pub numbers: Vec<String>,
    /// Whether media have to be encrypted.
    pub srtp: Srtp,
}

impl Facts {
    pub(crate) fn fill(&self) -> Fill {
        let number = |number: &str| Values::from([("number", json!(number))]);
        let numbers = match self.numbers.as_slice() {
            [] => vec![number("<a number: sipwarden number assign>")],
            numbers => numbers.iter().map(|text| number(text)).collect(),
        };
        let tls = if self.place.transport == Transport::Tls { vec![Values::new()] } else { vec![] };
        Fill { values: self.values(), parts: [("numbers", numbers), ("tls", tls)].into() }
    }

    fn values(&self) -> Values {
        let Place { transport, port, .. } = &self.place;
        let upstream = self.upstream_username.as_deref();
        let mut values = Values::from([
            ("name", json!(self.name)),
            ("short_name", json!(self.name.chars().take(VAPI_NAME_LENGTH).collect::<String>())),
            ("section", json!(self.section())),
            ("trunk_domain", json!(self.domain)),
            ("address", json!(self.address())),
            ("realm", json!(self.realm)),
            ("host", json!(self.place.uri_host())),
            ("ipv4", json!(self.ipv4())),
            ("port", json!(port)),
            ("transport", json!(transport.name())),
            ("username", json!(self.username.as_deref().unwrap_or("<a username: sipwarden trunk attach>"))),
            ("password", json!("<its password: sipwarden credential create or rotate>")),
            ("upstream_username", json!(upstream.unwrap_or("<a username: sipwarden origination-uri secret>"))),
            ("upstream_password", json!("<the password given to sipwarden origination-uri secret>")),
            ("numbers", json!(self.numbers)),
            ("numbers_or_any", if self.numbers.is_empty() { json!(["*"]) } else { json!(self.numbers) }),
            ("numbers_text", json!(if self.numbers.is_empty() { "none".into() } else { self.numbers.join(", ") })),
            ("dial_out_uri", json!(format!("sip:<number>@{}:{port};transport={}", self.domain, transport.name()))),
        ]);
        values.extend(self.products_words());
        values
    }

    /// Transport and SRTP in the words of each product.
    fn products_words(&self) -> Values {
        let Self { place: Place { transport, .. }, srtp, .. } = self;
        let is_required = *srtp == Srtp::Required;
        let vapi = if is_required && *transport == Transport::Tls { "tls/srtp" } else { transport.name() };
        let either =
            |required: &'static str, allowed: &'static str| json!(if is_required { required } else { allowed });
        Values::from([
            ("livekit_transport", json!(format!("SIP_TRANSPORT_{}", transport.name().to_uppercase()))),
            ("vapi_protocol", json!(vapi)),
            ("livekit_media", either("SIP_MEDIA_ENCRYPT_REQUIRE", "SIP_MEDIA_ENCRYPT_ALLOW")),
            ("elevenlabs_media", either("required", "allowed")),
            ("asterisk_media", either("sdes", "no")),
            ("freeswitch_media", either("mandatory", "optional")),
        ])
    }

    /// A name for sections and files: the first label of the trunk's host.
    fn section(&self) -> String {
        let label = self.domain.split('.').next().unwrap_or_default();
        format!("sipwarden-{}", label.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
    }

    /// The trunk's host, since it is what the Request-URI will name, with the port where that is not the usual one.
    fn address(&self) -> String {
        let Place { transport, port, .. } = &self.place;
        if *port == transport.default_port() { self.domain.clone() } else { format!("{}:{port}", self.domain) }
    }

    fn ipv4(&self) -> String {
        match self.place.host.parse::<Ipv4Addr>() {
            Ok(address) => address.to_string(),
            Err(_) => format!("<the IPv4 address from which {} sends>", self.place.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trunk_is_reached_by_its_transport_or_by_one_it_takes() {
        let listener = |transport, host, port| Listener { transport, host, port };
        let listeners = [
            listener("udp", Some("192.0.2.1"), Some(5060)),
            listener("tls", None, None),
            listener("wss", Some("192.0.2.1"), Some(7443)),
        ];
        let place = |own: &str, signalling| {
            let place = Place::of((Transport::from_name(own), signalling), &listeners, "[::1]").unwrap();
            (place.transport, place.uri_host(), place.port)
        };
        let (udp, tls) = ((Transport::Udp, "192.0.2.1".to_owned(), 5060), (Transport::Tls, "[::1]".to_owned(), 5061));
        assert_eq!(place("udp", Signalling::Any), udp);
        assert_eq!(place("tcp", Signalling::Any), tls);
        assert_eq!(place("udp", Signalling::Encrypted), tls);
        for listeners in [&[listener("ws", None, Some(80))][..], &[]] {
            assert!(Place::of((Some(Transport::Udp), Signalling::Any), listeners, "h").is_err());
        }
    }
}
