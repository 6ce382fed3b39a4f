//! One request as it came.

use domain::{SignallingTransport, Timestamp};
use sip_message::{CheckedRequest, HeaderName, Rport, Via};
use sip_transaction::{MessageSource, Reliability};
use sip_transport::{Flow, Received, Transport};
use std::net::SocketAddr;

/// The port of a sent-by without one (RFC 3261 section 18.2.2).
const DEFAULT_SIP_PORT: u16 = 5060;

/// A request, its flow and the moment it came.
pub(crate) struct Incoming<'m> {
    pub(crate) request: &'m CheckedRequest<'m>,
    pub(crate) flow: &'m Flow,
    pub(crate) lane: usize,
    pub(crate) now: Timestamp,
    pub(crate) user_agent: &'m [u8],
    /// Octets of the whole request, at least those that its answer repeats.
    pub(crate) octets: usize,
}

impl<'m> Incoming<'m> {
    pub(crate) fn of(request: &'m CheckedRequest<'m>, received: &Received<'m>, now: Timestamp) -> Self {
        Self {
            request,
            flow: received.flow,
            lane: received.lane,
            now,
            user_agent: request.headers().first(HeaderName::UserAgent).unwrap_or_default(),
            octets: received.octets.len(),
        }
    }
}

impl Incoming<'_> {
    pub(crate) fn has_credentials(&self) -> bool {
        let headers = self.request.headers();
        headers.first(HeaderName::Authorization).is_some() || headers.first(HeaderName::ProxyAuthorization).is_some()
    }

    /// Where retransmissions of this request come from.
    pub(crate) fn source(&self) -> MessageSource {
        MessageSource { remote: self.flow.remote, discriminator: self.flow.connection.0 }
    }

    pub(crate) fn reliability(&self) -> Reliability {
        if self.flow.transport.is_datagram() { Reliability::Unreliable } else { Reliability::Reliable }
    }

    pub(crate) fn transport(&self) -> SignallingTransport {
        signalling_transport(self.flow.transport)
    }

    pub(crate) fn response_destination(&self) -> SocketAddr {
        response_destination(self.flow, Some(self.request.top_via()))
    }
}

/// The transport as events and counts name it.
pub(crate) const fn signalling_transport(transport: Transport) -> SignallingTransport {
    match transport {
        Transport::Udp => SignallingTransport::Udp,
        Transport::Tcp => SignallingTransport::Tcp,
        Transport::Tls => SignallingTransport::Tls,
        Transport::Ws => SignallingTransport::Ws,
        Transport::Wss => SignallingTransport::Wss,
    }
}

/// Where the response goes (RFC 3261 section 18.2.2, RFC 3581 section 4): back over the connection; over UDP to the
/// source address, and to its source port if asked, else to the port of sent-by. Never to another address, whatever
/// the Via says: a response must not be aimed at a third party.
pub(crate) fn response_destination(flow: &Flow, top_via: Option<&Via<'_>>) -> SocketAddr {
    match (flow.transport, top_via) {
        (Transport::Udp, Some(Via { rport: Rport::Absent, host, .. })) => {
            SocketAddr::new(flow.remote.ip(), host.port.unwrap_or(DEFAULT_SIP_PORT))
        }
        _ => flow.remote,
    }
}
