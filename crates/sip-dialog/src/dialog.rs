//! A dialog (RFC 3261 section 12).

use crate::peer::PeerFeatures;
use crate::route_set::{RouteSet, contact_uri};
use crate::{Opening, Path};
use sip_message::write::RequestWriter;
use sip_message::{CheckedRequest, HeaderName, Headers, Method, Response};

/// What a user agent knows of a dialog, early or confirmed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dialog {
    pub(crate) call_id: Box<[u8]>,
    pub(crate) local_tag: Box<[u8]>,
    pub(crate) remote_tag: Box<[u8]>,
    /// From of what we send, its tag included.
    pub(crate) local: Box<[u8]>,
    /// To of what we send, its tag included.
    pub(crate) remote: Box<[u8]>,
    pub(crate) routes: RouteSet,
    pub(crate) remote_target: Box<[u8]>,
    pub(crate) local_cseq: u32,
    pub(crate) remote_cseq: Option<u32>,
    pub(crate) path: Path,
    pub(crate) peer: PeerFeatures,
}

/// Why a request makes no dialog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoDialog {
    /// It has no Contact with a sip or sips URI (RFC 3261 section 8.1.1.8); 400.
    #[error("the request names no Contact to send to")]
    NoContact,
}

/// A request came with a CSeq that is not above the last one; 500 (RFC 3261 section 12.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the request came out of order")]
pub struct OutOfOrder;

impl Dialog {
    /// The dialog that answering `request` with that tag makes (RFC 3261 section 12.1.1).
    ///
    /// # Errors
    /// [`NoDialog`].
    pub fn of_request(request: &CheckedRequest<'_>, tag: &[u8], path: Path) -> Result<Self, NoDialog> {
        let headers = request.headers();
        let target = contact_uri(headers).ok_or(NoDialog::NoContact)?;
        let to = headers.first(HeaderName::To).unwrap_or_default();
        Ok(Self {
            call_id: request.call_id().into(),
            local_tag: tag.into(),
            remote_tag: request.from_header().address.tag().unwrap_or_default().into(),
            local: tagged(to, tag),
            remote: headers.first(HeaderName::From).unwrap_or_default().into(),
            routes: RouteSet::of_request(headers),
            remote_target: target.into(),
            local_cseq: 0,
            remote_cseq: Some(request.cseq_number()),
            path,
            peer: PeerFeatures::of(headers),
        })
    }

    /// The dialog that a response to a request of ours makes (RFC 3261 section 12.1.2). A response without a usable
    /// Contact leaves the Request-URI as the target: peers forget it in provisional responses.
    #[must_use]
    pub fn of_response(opening: &Opening, response: &Response<'_>) -> Self {
        let headers = response.headers();
        let remote_tag = headers.to_header().ok().and_then(|to| to.tag()).unwrap_or_default();
        Self {
            call_id: opening.call_id().into(),
            local_tag: opening.tag().into(),
            remote_tag: remote_tag.into(),
            local: opening.from().into(),
            remote: headers.first(HeaderName::To).unwrap_or_default().into(),
            routes: RouteSet::of_response(headers),
            remote_target: contact_uri(headers).unwrap_or(opening.request_uri()).into(),
            local_cseq: opening.cseq(),
            remote_cseq: None,
            path: opening.path().clone(),
            peer: PeerFeatures::of(headers),
        }
    }

    /// The same dialog as seen through another response to the same request: the 2xx recomputes the route set (RFC 3261
    /// section 13.2.2.4), and a later provisional response may name another Contact.
    pub fn on_response(&mut self, response: &Response<'_>) {
        let headers = response.headers();
        if response.status() >= 200 || headers.first(HeaderName::RecordRoute).is_some() {
            self.routes = RouteSet::of_response(headers);
        }
        self.refresh_target(headers);
    }

    /// The same dialog under another tag of ours: another answer to the same request.
    #[must_use]
    pub fn with_local_tag(&self, tag: &[u8]) -> Self {
        let to = self.local.get(..self.local.len() - self.local_tag.len() - TAG.len()).unwrap_or_default();
        Self { local_tag: tag.into(), local: tagged(to, tag), ..self.clone() }
    }

    /// Notes a request of the peer's: its place in the order, and where it wants to be reached from now on.
    ///
    /// # Errors
    /// [`OutOfOrder`].
    pub fn on_request(&mut self, request: &CheckedRequest<'_>) -> Result<(), OutOfOrder> {
        if self.remote_cseq.is_some_and(|last| request.cseq_number() <= last) {
            return Err(OutOfOrder);
        }
        self.remote_cseq = Some(request.cseq_number());
        Ok(())
    }

    /// Takes the Contact of a request or 2xx that refreshes the target (RFC 3261 section 12.2, RFC 3311 section 5.1), and
    /// what it says the peer can do.
    pub fn refresh_target(&mut self, headers: Headers<'_>) {
        if let Some(target) = contact_uri(headers)
            && *self.remote_target != *target
        {
            self.remote_target = target.into();
        }
        self.peer.learn(headers);
    }

    /// Begins the next request within the dialog: all but what describes its content.
    pub fn start<'o>(
        &mut self,
        out: &'o mut Vec<u8>,
        method: Method<'_>,
        (branch, hops): (&[u8], u8),
    ) -> RequestWriter<'o> {
        self.local_cseq = self.local_cseq.saturating_add(1);
        let writer = self.write(out, method, (branch, hops), self.local_cseq);
        if names_contact(method) { writer.header("Contact", &self.path.contact) } else { writer }
    }

    /// Leaves out CSeq numbers that may have been used without being noted, before a restart: numbers only have to grow
    /// (RFC 3261 section 12.2.1.1).
    pub const fn skip_sequence(&mut self) {
        self.local_cseq = self.local_cseq.saturating_add(1_000);
    }

    /// Goes on after that CSeq number, if it is above ours: it was used in this dialog before it was given up.
    pub fn continue_after(&mut self, cseq: u32) {
        self.local_cseq = self.local_cseq.max(cseq);
    }

    /// Begins the ACK to a 2xx to the INVITE of that CSeq (RFC 3261 section 13.2.2.4).
    pub fn start_ack<'o>(&self, out: &'o mut Vec<u8>, cseq: u32, branch: &[u8]) -> RequestWriter<'o> {
        self.write(out, Method::Ack, (branch, 70), cseq)
    }

    fn write<'o>(
        &self,
        out: &'o mut Vec<u8>,
        method: Method<'_>,
        (branch, hops): (&[u8], u8),
        cseq: u32,
    ) -> RequestWriter<'o> {
        self.routes
            .start(out, method, &self.remote_target)
            .with_via(&self.path.via, branch)
            .header_u32("Max-Forwards", u32::from(hops))
            .header("From", &self.local)
            .header("To", &self.remote)
            .header("Call-ID", &self.call_id)
            .header_parts("CSeq", &[cseq.to_string().as_bytes(), b" ", method.as_bytes()])
    }

    /// Whether a request with these tags, From's and To's, is one of this dialog.
    #[must_use]
    pub fn is_that_of(&self, request: &CheckedRequest<'_>) -> bool {
        let (from, to) = (request.from_header().address, request.to_header().address);
        to.tag().unwrap_or_default() == &*self.local_tag && from.tag().unwrap_or_default() == &*self.remote_tag
    }

    /// The Call-ID.
    #[must_use]
    pub fn call_id(&self) -> &[u8] {
        &self.call_id
    }

    /// Our tag.
    #[must_use]
    pub fn local_tag(&self) -> &[u8] {
        &self.local_tag
    }

    /// The peer's tag; empty for a peer of RFC 2543.
    #[must_use]
    pub fn remote_tag(&self) -> &[u8] {
        &self.remote_tag
    }

    /// The Request-URI of the next request: the peer's Contact.
    #[must_use]
    pub fn remote_target(&self) -> &[u8] {
        &self.remote_target
    }

    /// The URI the next request is sent to: that of the nearest proxy, else the peer's Contact.
    #[must_use]
    pub fn next_hop(&self) -> &[u8] {
        self.routes.first_uri().unwrap_or(&self.remote_target)
    }

    /// The CSeq number of our last request.
    #[must_use]
    pub const fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    /// How we are reached over this leg.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }

    /// What the peer can do.
    #[must_use]
    pub const fn peer(&self) -> PeerFeatures {
        self.peer
    }
}

/// Whether requests of that method, and their 2xx, say where their sender is reached: those that end or accompany a
/// dialog do not (RFC 3261 section 20, RFC 3262 section 7, RFC 3428 section 6, RFC 6086 section 5).
#[must_use]
pub const fn names_contact(method: Method<'_>) -> bool {
    !matches!(method, Method::Ack | Method::Bye | Method::Cancel | Method::Prack | Method::Message | Method::Info)
}

const TAG: &[u8] = b";tag=";

fn tagged(address: &[u8], tag: &[u8]) -> Box<[u8]> {
    [address, TAG, tag].concat().into_boxed_slice()
}
