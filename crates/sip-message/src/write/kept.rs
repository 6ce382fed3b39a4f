//! What is kept of a request that is answered later.

use super::Vec;
use super::echoed::Echoed;
use super::fields::push_header;
use super::response::push_vias;
use crate::HeaderName;
use core::net::SocketAddr;

/// The lines that every response repeats of its request (RFC 3261 section 8.2.6.2), written once, so that the request
/// itself need not be kept; [`super::ResponseWriter::resume`] puts them into a response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptRequest {
    octets: Vec<u8>,
    /// Where a tag belongs; `None` if To has one.
    tag_place: Option<usize>,
}

impl KeptRequest {
    /// Keeps what responses to that request repeat; the topmost Via is completed as
    /// [`super::ResponseWriter::start`] does it.
    #[must_use]
    pub fn of<'r>(request: impl Into<Echoed<'r>>, source: SocketAddr) -> Self {
        let echoed = request.into();
        let mut octets = Vec::with_capacity(384);
        push_vias(&mut octets, &echoed, source);
        let mut tag_place = None;
        for name in [HeaderName::From, HeaderName::CallId, HeaderName::CSeq, HeaderName::To] {
            let Some(value) = echoed.headers.first(name) else { continue };
            push_header(&mut octets, name.as_str(), &[value]);
        }
        if !echoed.to_has_tag && echoed.headers.first(HeaderName::To).is_some() {
            tag_place = octets.len().checked_sub(2);
        }
        Self { octets, tag_place }
    }

    pub(super) fn push(&self, out: &mut Vec<u8>, to_tag: &[u8]) {
        let place = self.tag_place.filter(|_| !to_tag.is_empty());
        let (before, after) =
            place.and_then(|place| self.octets.split_at_checked(place)).unwrap_or((&self.octets, &[]));
        out.extend_from_slice(before);
        if !after.is_empty() {
            out.extend_from_slice(b";tag=");
            out.extend(to_tag.iter().map(|octet| if crate::grammar::TOKEN.has(*octet) { *octet } else { b'-' }));
            out.extend_from_slice(after);
        }
    }
}
