//! What a recipe is filled in from, as the API tells it.

use super::template::{Fill, Values};
use crate::failure::Failure;
use crate::operator_commands::text;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest name of a credential at Vapi.
const VAPI_NAME_LENGTH: usize = 40;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Transport {
    Udp,
    Tcp,
    Tls,
}

impl Transport {
    /// In the order of preference.
    const EVERY: [Self; 3] = [Self::Tls, Self::Tcp, Self::Udp];

    fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    fn default_port(self) -> u64 {
        if self == Self::Tls { 5061 } else { 5060 }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Srtp {
    Allowed,
    Required,
}

/// Where the server is reached by the transport that the trunk's calls take.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) transport: Transport,
    pub(super) host: String,
    pub(super) port: u64,
}

impl Place {
    /// The listener of the trunk's transport; where there is none, of another one that the trunk takes.
    pub(super) fn of(trunk: &Value, settings: &Value, url_host: &str) -> Result<Self, Failure> {
        let servers = settings.get("servers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_secure = trunk.get("secure") == Some(&Value::Bool(true));
        let found = |transport: &Transport| servers.iter().find(|server| text(server, "transport") == transport.name());
        let own = Transport::EVERY.into_iter().find(|transport| transport.name() == text(trunk, "transport"));
        let usable = |transport: &Transport| !is_secure || *transport == Transport::Tls;
        let (transport, server) = own
            .into_iter()
            .chain(Transport::EVERY)
            .filter(usable)
            .find_map(|transport| Some((transport, found(&transport)?)))
            .ok_or_else(|| {
                let wanted = if is_secure { "tls" } else { "udp, tcp or tls" };
                Failure::Refused(format!(
                    "the server does not listen on {wanted}, which the trunk needs; see --sip-listen"
                ))
            })?;
        let host = server.get("host").and_then(Value::as_str).unwrap_or(url_host);
        let port = server.get("port").and_then(Value::as_u64).unwrap_or(transport.default_port());
        Ok(Self { transport, host: host.trim_matches(['[', ']']).to_owned(), port })
    }

    /// As it stands in a URI (RFC 3261 section 25.1).
    fn uri_host(&self) -> String {
        let is_v6 = self.host.parse::<Ipv6Addr>().is_ok();
        if is_v6 { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

/// A trunk and what belongs to it.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) realm: String,
    pub(super) place: Place,
    /// None where no credential is attached.
    pub(super) username: Option<String>,
    /// With which we answer the other side's challenge when a number is called; none where that has no secret.
    pub(super) upstream_username: Option<String>,
    pub(super) numbers: Vec<String>,
    pub(super) srtp: Srtp,
}

impl Facts {
    pub(super) fn fill(&self) -> Fill {
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

    fn settings() -> Value {
        json!({"servers": [
            {"transport": "udp", "host": "192.0.2.1", "port": 5060},
            {"transport": "tls", "port": 5061},
            {"transport": "wss", "host": "192.0.2.1", "port": 7443},
        ]})
    }

    #[test]
    fn a_trunk_is_reached_by_its_transport_or_by_one_it_takes() {
        let place =
            |trunk: Value| Place::of(&trunk, &settings(), "[::1]").map(|place| (place.transport, place.uri_host()));
        let (udp, tls) = ((Transport::Udp, "192.0.2.1".to_owned()), (Transport::Tls, "[::1]".to_owned()));
        assert_eq!(place(json!({"transport": "udp", "secure": false})).unwrap(), udp);
        assert_eq!(place(json!({"transport": "tcp"})).unwrap(), tls);
        assert_eq!(place(json!({"transport": "udp", "secure": true})).unwrap(), tls);
        for settings in [json!({"servers": [{"transport": "ws", "port": 80}]}), json!({})] {
            assert!(Place::of(&json!({"transport": "udp"}), &settings, "h").is_err());
        }
    }
}
