//! Requests outside any dialog, which may make one (RFC 3261 section 8.1.1, 12.1.2).

use crate::Path;
use crate::dialog::names_contact;
use sip_message::write::RequestWriter;
use sip_message::{Method, Response};

/// A request that is sent outside any dialog, possibly more than once: after a challenge or a 422 it goes out again, with
/// the same Call-ID and tag and the next CSeq (RFC 3261 sections 8.1.3.5, 22.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opening {
    call_id: Box<[u8]>,
    tag: Box<[u8]>,
    /// From, its tag included.
    from: Box<[u8]>,
    to: Box<[u8]>,
    request_uri: Box<[u8]>,
    path: Path,
    cseq: u32,
}

/// Who asks whom.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'p> {
    /// From without a tag, as a name-addr.
    pub from: &'p [u8],
    /// To without a tag.
    pub to: &'p [u8],
    /// The Request-URI.
    pub request_uri: &'p [u8],
}

impl Opening {
    /// A request that has not been sent. Call-ID and tag have to be unguessable.
    #[must_use]
    pub fn new(parties: &Parties<'_>, call_id: &[u8], tag: &[u8], path: Path) -> Self {
        Self {
            call_id: call_id.into(),
            tag: tag.into(),
            from: [parties.from, b";tag=", tag].concat().into_boxed_slice(),
            to: parties.to.into(),
            request_uri: parties.request_uri.into(),
            path,
            cseq: 0,
        }
    }

    /// Begins the request, with the next CSeq: all but what describes its content.
    pub fn start<'o>(
        &mut self,
        out: &'o mut Vec<u8>,
        method: Method<'_>,
        (branch, hops): (&[u8], u8),
    ) -> RequestWriter<'o> {
        self.cseq = self.cseq.saturating_add(1);
        let mut writer = RequestWriter::start(out, method, &self.request_uri)
            .header_parts("Via", &[&self.path.via, b";branch=", branch])
            .header_u32("Max-Forwards", u32::from(hops));
        if !self.path.route.is_empty() {
            writer = writer.header("Route", &self.path.route);
        }
        let writer = writer
            .header("From", &self.from)
            .header("To", &self.to)
            .header("Call-ID", &self.call_id)
            .header_parts("CSeq", &[self.cseq.to_string().as_bytes(), b" ", method.as_bytes()]);
        if names_contact(method) { writer.header("Contact", &self.path.contact) } else { writer }
    }

    /// Whether a response is one to the request that was sent last, and not one that lingers from before a challenge.
    #[must_use]
    pub fn is_answered_by(&self, response: &Response<'_>) -> bool {
        response.headers().cseq().is_ok_and(|cseq| cseq.number == self.cseq)
    }

    /// The Call-ID.
    #[must_use]
    pub fn call_id(&self) -> &[u8] {
        &self.call_id
    }

    /// Our tag.
    #[must_use]
    pub fn tag(&self) -> &[u8] {
        &self.tag
    }

    /// From, its tag included.
    #[must_use]
    pub fn from(&self) -> &[u8] {
        &self.from
    }

    /// The Request-URI.
    #[must_use]
    pub fn request_uri(&self) -> &[u8] {
        &self.request_uri
    }

    /// The CSeq number of what was sent last.
    #[must_use]
    pub const fn cseq(&self) -> u32 {
        self.cseq
    }

    /// How this leg is reached.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }
}
