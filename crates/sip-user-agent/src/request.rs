//! The requests this user agent sends.

use crate::account::escaped_user;
use crate::authenticator::Credentials;
use crate::identifiers::Identifiers;
use crate::{Account, UaTransport};
use sip_message::write::RequestWriter;
use sip_message::{HeaderName, Method};
use std::net::SocketAddr;

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// A REGISTER that binds the contact for so many seconds; 0 removes it (RFC 3261 section 10.2.2).
    Bind { expires_seconds: u32 },
    /// A REGISTER without Contact, which asks for the bindings (RFC 3261 section 10.2.3).
    Query,
    /// An OPTIONS (RFC 3261 section 11).
    Options,
}

impl Purpose {
    pub(crate) const fn method(self) -> Method<'static> {
        match self {
            Self::Bind { .. } | Self::Query => Method::Register,
            Self::Options => Method::Options,
        }
    }
}

/// What stays the same when a request is repeated with credentials (RFC 3261 section 8.1.3.5).
pub(crate) struct Draft<'a> {
    pub(crate) account: &'a Account,
    pub(crate) purpose: Purpose,
    pub(crate) contact: &'a str,
    pub(crate) call_id: &'a str,
    pub(crate) from_tag: &'a str,
}

/// What differs each time.
pub(crate) struct Sending<'a> {
    /// Our address, for sent-by.
    pub(crate) local: SocketAddr,
    pub(crate) branch: &'a str,
    pub(crate) cseq: u32,
    pub(crate) credentials: Option<&'a Credentials>,
}

/// A branch of its own for each request.
pub(crate) fn new_branch(identifiers: &mut Identifiers) -> String {
    format!("z9hG4bK{}", identifiers.unique())
}

/// The address where this user agent can be reached. Its port is that of the socket requests are sent from.
pub(crate) fn contact_uri(account: &Account, local: SocketAddr) -> String {
    let transport = transport_parameter(&account.transport);
    format!("sip:{}@{}{transport}", escaped_user(&account.username), host_port(local))
}

/// What a contact says of the transport; nothing of the usual one.
pub(crate) const fn transport_parameter(transport: &UaTransport) -> &'static str {
    match transport {
        UaTransport::Udp => "",
        UaTransport::Tcp => ";transport=tcp",
        UaTransport::Tls(_) => ";transport=tls",
    }
}

impl Draft<'_> {
    /// The request's octets.
    pub(crate) fn write(&self, sending: &Sending<'_>) -> Vec<u8> {
        let Account { transport, user_agent, .. } = self.account;
        let (domain_uri, own) = (self.account.domain_uri(), self.account.address_of_record());
        let to = if self.purpose == Purpose::Options { &domain_uri } else { &own };
        let method = self.purpose.method();
        let via = format!("SIP/2.0/{} {};rport;branch=", transport.as_str(), host_port(sending.local));
        let cseq = format!("{} ", sending.cseq);
        let mut out = Vec::with_capacity(1024);
        let mut writer = RequestWriter::start(&mut out, method, domain_uri.as_bytes())
            .header_parts(HeaderName::Via, &[via.as_bytes(), sending.branch.as_bytes()])
            .header_u32(HeaderName::MaxForwards, 70)
            .header_parts(HeaderName::From, &[b"<", own.as_bytes(), b">;tag=", self.from_tag.as_bytes()])
            .header_parts(HeaderName::To, &[b"<", to.as_bytes(), b">"])
            .header(HeaderName::CallId, self.call_id.as_bytes())
            .header_parts(HeaderName::CSeq, &[cseq.as_bytes(), method.as_bytes()])
            .header(HeaderName::UserAgent, user_agent.as_bytes());
        if self.purpose != Purpose::Query {
            writer = writer.header_parts(HeaderName::Contact, &[b"<", self.contact.as_bytes(), b">"]);
        }
        writer = match self.purpose {
            Purpose::Bind { expires_seconds } => writer.header_u32(HeaderName::Expires, expires_seconds),
            Purpose::Options => writer.header(HeaderName::Accept, b"application/sdp"),
            Purpose::Query => writer,
        };
        if let Some(credentials) = sending.credentials {
            writer = writer.header(credentials.header, &credentials.value);
        }
        writer.finish(b"");
        out
    }
}

/// Without the scope that an IPv6 address may have on this machine only.
pub(crate) fn host_port(address: SocketAddr) -> String {
    SocketAddr::new(address.ip(), address.port()).to_string()
}
