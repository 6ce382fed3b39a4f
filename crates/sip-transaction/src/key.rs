//! Which transaction a request belongs to (RFC 3261 section 17.2.3).

use sip_message::{CheckedRequest, HeaderName, Method};
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;

/// The branch prefix of RFC 3261 elements; with nothing behind it a branch names no transaction (RFC 4475 3.2.1).
const MAGIC_COOKIE: &[u8] = b"z9hG4bK";

/// Where a message came from. Part of the key: the same octets from another source are no retransmission but a
/// replay, and must not be given somebody else's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageSource {
    /// The remote address and port.
    pub remote: SocketAddr,
    /// Tells transports and connections with equal addresses apart.
    pub discriminator: u64,
}

/// A transaction's key as octets in a reused buffer, and what its request has in common with copies of itself.
#[derive(Debug, Default)]
pub struct TransactionKey {
    octets: Vec<u8>,
    /// Empty inside a dialog, where no request is merged.
    request: Vec<u8>,
}

impl TransactionKey {
    /// An empty key whose buffer will be reused.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: Vec::new(), request: Vec::new() }
    }

    /// Makes this the key of the server transaction that the request creates or belongs to: branch, sent-by and
    /// method, or for a branch without the magic cookie the fields RFC 2543 compares.
    pub fn read(&mut self, request: &CheckedRequest<'_>, source: MessageSource) {
        self.read_as(request, method_of_transaction(request.method()), source);
        self.read_request(request, source);
    }

    /// Makes this the key of the INVITE that a CANCEL means (RFC 3261 section 9.2).
    pub fn read_cancelled(&mut self, cancel: &CheckedRequest<'_>, source: MessageSource) {
        self.read_as(cancel, Method::Invite, source);
        self.request.clear();
    }

    fn read_as(&mut self, request: &CheckedRequest<'_>, method: Method<'_>, source: MessageSource) {
        let octets = &mut self.octets;
        octets.clear();
        push_source(octets, source);
        let via = request.top_via();
        match via.branch {
            Some(branch) if branch.len() > MAGIC_COOKIE.len() && has_cookie(branch) => {
                push(octets, branch);
                push(octets, via.host.octets);
                push(octets, &via.host.port.unwrap_or(0).to_be_bytes());
            }
            _ => push_rfc2543(octets, request),
        }
        push(octets, method.as_bytes());
    }

    /// What RFC 3261 section 8.2.2.2 compares, and the source: a phone that tries another way is no loop.
    fn read_request(&mut self, request: &CheckedRequest<'_>, source: MessageSource) {
        let octets = &mut self.request;
        octets.clear();
        if request.to_header().address.tag().is_none() {
            push_source(octets, source);
            push(octets, request.from_header().address.tag().unwrap_or_default());
            push(octets, request.call_id());
            push(octets, &request.cseq_number().to_be_bytes());
            push(octets, request.method().as_bytes());
        }
    }

    pub(crate) fn as_octets(&self) -> &[u8] {
        &self.octets
    }

    /// What copies of one request have in common; `None` inside a dialog.
    pub(crate) fn request(&self) -> Option<&[u8]> {
        (!self.request.is_empty()).then_some(&*self.request)
    }
}

impl Hash for TransactionKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.octets.hash(state);
    }
}

fn push_rfc2543(octets: &mut Vec<u8>, request: &CheckedRequest<'_>) {
    push(octets, request.uri_octets());
    push(octets, request.to_header().address.tag().unwrap_or_default());
    push(octets, request.from_header().address.tag().unwrap_or_default());
    push(octets, request.call_id());
    push(octets, &request.cseq_number().to_be_bytes());
    push(octets, request.headers().first(HeaderName::Via).unwrap_or_default());
}

fn push_source(octets: &mut Vec<u8>, source: MessageSource) {
    match source.remote {
        SocketAddr::V4(address) => octets.extend_from_slice(&address.ip().octets()),
        SocketAddr::V6(address) => octets.extend_from_slice(&address.ip().octets()),
    }
    octets.extend_from_slice(&source.remote.port().to_be_bytes());
    octets.extend_from_slice(&source.discriminator.to_be_bytes());
}

/// Length first, so that no two field lists run together into the same octets.
fn push(octets: &mut Vec<u8>, field: &[u8]) {
    let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
    octets.extend_from_slice(&length.to_be_bytes());
    octets.extend_from_slice(field);
}

fn has_cookie(branch: &[u8]) -> bool {
    branch.get(..MAGIC_COOKIE.len()).is_some_and(|start| start.eq_ignore_ascii_case(MAGIC_COOKIE))
}

/// An ACK belongs to the INVITE it acknowledges.
fn method_of_transaction(method: Method<'_>) -> Method<'_> {
    if method == Method::Ack { Method::Invite } else { method }
}
