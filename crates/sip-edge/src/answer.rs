//! Writes answers into the outbox.

use crate::edge::Edge;
use crate::failure::Failure;
use crate::incoming::{Incoming, response_destination};
use sip_message::write::{Echoed, ResponseWriter, Status};
use sip_message::{CheckedRequest, Defect, HeaderName, Method, Request};
use sip_transport::{Flow, Outbox};
use std::hash::{BuildHasher, Hash, Hasher};

/// The methods we take, for Allow.
pub(crate) const ALLOW: &[u8] =
    b"REGISTER, OPTIONS, INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO, REFER, NOTIFY, MESSAGE";
/// The extensions we support, for Supported and against Require.
const SUPPORTED: [&[u8]; 2] = [b"path", b"outbound"];
/// The extensions that calls carry across besides (RFC 3262, RFC 4028).
const SUPPORTED_IN_CALLS: [&[u8]; 2] = [b"100rel", b"timer"];
/// The same as a header's value.
pub(crate) const SUPPORTED_VALUE: &[u8] = b"path, outbound";
/// Most octets of an answer over any transport: what a UDP datagram carries over IPv6, the smaller of the two.
pub(crate) const MAX_DATAGRAM_OCTETS: usize = 65_487;
/// Seconds an overloaded server asks to be left alone.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 5;

/// The option tags in Require and Proxy-Require that we do not support.
pub(crate) fn unsupported_options<'m>(request: &CheckedRequest<'m>) -> impl Iterator<Item = &'m [u8]> {
    let headers = request.headers();
    let required = headers.option_tags(HeaderName::Require).chain(headers.option_tags(HeaderName::ProxyRequire));
    let in_calls: &[&[u8]] = if request.method() == Method::Register { &[] } else { &SUPPORTED_IN_CALLS };
    required.filter(move |tag| !SUPPORTED.iter().chain(in_calls).any(|known| known.eq_ignore_ascii_case(tag)))
}

/// Answers one request.
pub(crate) struct Answer<'e, 'm> {
    edge: &'e Edge,
    incoming: &'e Incoming<'m>,
    outbox: &'e mut Outbox,
    /// How many messages of other requests stood in the outbox before.
    before: usize,
}

impl<'e, 'm> Answer<'e, 'm> {
    pub(crate) fn new(edge: &'e Edge, incoming: &'e Incoming<'m>, outbox: &'e mut Outbox) -> Self {
        let before = outbox.messages().len();
        Self { edge, incoming, outbox, before }
    }

    pub(crate) fn incoming(&self) -> &'e Incoming<'m> {
        self.incoming
    }

    /// Notes that the request has proven who sent it.
    pub(crate) fn note_known_peer(&mut self) {
        self.outbox.note_known_peer();
    }

    /// Sends a response with those headers besides what every response has.
    pub(crate) fn respond(
        &mut self,
        status: Status<'_>,
        headers: impl FnOnce(ResponseWriter<'_>) -> ResponseWriter<'_>,
    ) {
        let incoming = self.incoming;
        let echoed = Echoed::from(incoming.request);
        let tag = self.edge.to_tag(&echoed);
        self.outbox.push(incoming.response_destination(), |out| {
            let start = out.len();
            headers(ResponseWriter::start(out, echoed, status, incoming.flow.remote, &tag)).finish(b"");
            if incoming.flow.transport.is_datagram() && out.len() - start > MAX_DATAGRAM_OCTETS {
                out.truncate(start);
                write_too_long(out, echoed, incoming.flow, &tag);
            }
        });
    }

    /// Sends an error.
    pub(crate) fn failure(&mut self, failure: Failure) {
        let incoming = self.incoming;
        let min_expires = self.edge.parts.config.registrar.min_expires_seconds;
        self.respond(failure.status(), |writer| match failure {
            Failure::BadExtension => {
                unsupported_options(incoming.request).fold(writer, |writer, tag| writer.header("Unsupported", tag))
            }
            Failure::IntervalTooBrief => writer.header_u32("Min-Expires", min_expires),
            Failure::MethodNotAllowed => writer.header("Allow", ALLOW),
            Failure::Overloaded | Failure::NoLease => writer.header_u32("Retry-After", RETRY_AFTER_SECONDS),
            // Why, for whatever stands between us and the phone (RFC 3326).
            Failure::Call(refusal) => {
                writer.header_parts("Reason", &[b"Q.850;cause=", refusal.q850_cause().to_string().as_bytes()])
            }
            _ => writer,
        });
    }

    /// Sends octets that were sent before.
    pub(crate) fn repeat(&mut self, octets: &[u8]) {
        self.outbox.push(self.incoming.response_destination(), |out| out.extend_from_slice(octets));
    }

    /// The last answer put into the outbox; empty if there was none.
    pub(crate) fn last(&self) -> &[u8] {
        let own = self.outbox.messages().get(self.before..).unwrap_or_default();
        own.last().map(|message| self.outbox.octets_of(message)).unwrap_or_default()
    }

    /// Writes an answer for later instead of putting it into the outbox.
    pub(crate) fn compose(
        &self,
        status: Status<'_>,
        headers: impl FnOnce(ResponseWriter<'_>) -> ResponseWriter<'_>,
    ) -> Vec<u8> {
        let mut octets = Vec::with_capacity(512);
        let echoed = Echoed::from(self.incoming.request);
        let tag = self.edge.to_tag(&echoed);
        headers(ResponseWriter::start(&mut octets, echoed, status, self.incoming.flow.remote, &tag)).finish(b"");
        octets
    }
}

/// Says that the answer has no room; nothing, if not even that has: what the request has that an answer must repeat
/// fills a datagram by itself.
fn write_too_long(out: &mut Vec<u8>, echoed: Echoed<'_>, flow: &Flow, tag: &[u8]) {
    let start = out.len();
    let status = Failure::TooLongToAnswer.status();
    ResponseWriter::start(out, echoed, status, flow.remote, tag).finish(b"");
    if out.len() - start > MAX_DATAGRAM_OCTETS {
        out.truncate(start);
    }
}

impl Edge {
    /// Answers a request that did not pass the check. One without any Via cannot be answered (RFC 3261 section 8.2.6.2:
    /// a response goes the way of its Via values) and is dropped; so may be what is called a request and is none.
    pub(crate) fn refuse(&self, request: &Request<'_>, defect: Defect, flow: &Flow, outbox: &mut Outbox) {
        if request.headers().first(HeaderName::Via).is_none() {
            tracing::debug!(remote = %flow.remote, reason = defect.reason_phrase(), "dropped a request without Via");
            return;
        }
        let echoed = Echoed::from(request);
        let tag = self.to_tag(&echoed);
        let status = Failure::from(defect).status();
        outbox.push(response_destination(flow, echoed.top_via()), |out| {
            ResponseWriter::start(out, echoed, status, flow.remote, &tag).finish(b"");
        });
    }

    /// A To tag that a retransmission of the same request gets again, without anything being remembered; and the CANCEL
    /// of an INVITE the INVITE's (RFC 3261 section 9.2), so of CSeq only the number counts.
    pub(crate) fn to_tag(&self, echoed: &Echoed<'_>) -> [u8; 16] {
        let headers = echoed.headers();
        let mut hasher = self.tags.build_hasher();
        headers.first(HeaderName::CallId).hash(&mut hasher);
        headers.first(HeaderName::From).hash(&mut hasher);
        headers.cseq().map(|cseq| cseq.number).ok().hash(&mut hasher);
        echoed.top_via().and_then(|via| via.branch).hash(&mut hasher);
        let number = hasher.finish();
        std::array::from_fn(|index| {
            let nibble = u8::try_from((number >> (index * 4)) & 15).unwrap_or(0);
            if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
        })
    }
}
