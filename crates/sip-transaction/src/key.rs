//! Which transaction a request belongs to (RFC 3261 section 17.2.3).

use sip_message::{CheckedRequest, HeaderName, Method};
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

/// A transaction's key as octets in a reused buffer.
#[derive(Debug, Default, Hash)]
pub struct TransactionKey {
    octets: Vec<u8>,
}

impl TransactionKey {
    /// An empty key whose buffer will be reused.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: Vec::new() }
    }

    /// Makes this the key of the server transaction that the request creates or belongs to: branch, sent-by and
    /// method, or for a branch without the magic cookie the fields RFC 2543 compares.
    pub fn read(&mut self, request: &CheckedRequest<'_>, source: MessageSource) {
        self.octets.clear();
        self.push_source(source);
        let via = request.top_via();
        match via.branch {
            Some(branch) if branch.len() > MAGIC_COOKIE.len() && has_cookie(branch) => {
                self.push(branch);
                self.push(via.host.octets);
                self.push(&via.host.port.unwrap_or(0).to_be_bytes());
                self.push(method_of_transaction(request.method()).as_bytes());
            }
            _ => self.read_rfc2543(request),
        }
    }

    fn read_rfc2543(&mut self, request: &CheckedRequest<'_>) {
        self.push(request.uri_octets());
        self.push(request.to_header().address.tag().unwrap_or_default());
        self.push(request.from_header().address.tag().unwrap_or_default());
        self.push(request.call_id());
        self.push(&request.cseq_number().to_be_bytes());
        self.push(request.headers().first(HeaderName::Via).unwrap_or_default());
        self.push(method_of_transaction(request.method()).as_bytes());
    }

    fn push_source(&mut self, source: MessageSource) {
        match source.remote {
            SocketAddr::V4(address) => self.octets.extend_from_slice(&address.ip().octets()),
            SocketAddr::V6(address) => self.octets.extend_from_slice(&address.ip().octets()),
        }
        self.octets.extend_from_slice(&source.remote.port().to_be_bytes());
        self.octets.extend_from_slice(&source.discriminator.to_be_bytes());
    }

    /// Length first, so that no two field lists run together into the same octets.
    fn push(&mut self, field: &[u8]) {
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        self.octets.extend_from_slice(&length.to_be_bytes());
        self.octets.extend_from_slice(field);
    }

    pub(crate) fn as_octets(&self) -> &[u8] {
        &self.octets
    }
}

fn has_cookie(branch: &[u8]) -> bool {
    branch.get(..MAGIC_COOKIE.len()).is_some_and(|start| start.eq_ignore_ascii_case(MAGIC_COOKIE))
}

/// An ACK belongs to the INVITE it acknowledges.
fn method_of_transaction(method: Method<'_>) -> Method<'_> {
    if method == Method::Ack { Method::Invite } else { method }
}
