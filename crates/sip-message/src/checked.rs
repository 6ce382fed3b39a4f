//! A request that passed its check, with the values the check has read: nothing is read twice.

use crate::check::check_address;
use crate::comma::{TypedValues, Unread};
use crate::{CSeq, Contact, Defect, HeaderName, Headers, Method, NameAddr, Request, Uri, Via};
use core::fmt;

/// A request without defect; [`Request::check`] alone makes one.
///
/// Large: pass it by reference.
#[derive(Clone)]
pub struct CheckedRequest<'m> {
    pub(crate) request: Request<'m>,
    pub(crate) uri: Uri<'m>,
    pub(crate) values: CheckedHeaders<'m>,
}

/// The values of those headers that are checked in requests and responses.
#[derive(Clone)]
pub(crate) struct CheckedHeaders<'m> {
    pub(crate) top_via: Via<'m>,
    pub(crate) from: CheckedAddress<'m>,
    pub(crate) to: CheckedAddress<'m>,
    pub(crate) call_id: &'m [u8],
    pub(crate) cseq: CSeq<'m>,
    pub(crate) max_forwards: Option<u8>,
    pub(crate) expires: Option<u32>,
    pub(crate) first_contact: Option<CheckedContact<'m>>,
    pub(crate) later_contacts: Unread<'m>,
}

/// An address together with its URI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CheckedAddress<'m> {
    /// The address.
    pub address: NameAddr<'m>,
    /// What [`NameAddr::uri`] gives.
    pub uri: Uri<'m>,
}

/// One value of a Contact header whose URI, if it has one, follows the grammar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::large_enum_variant, reason = "a box would be an allocation; a value lives as long as its message")]
pub enum CheckedContact<'m> {
    /// `*`.
    Wildcard,
    /// An address.
    Address(CheckedAddress<'m>),
}

impl<'m> CheckedContact<'m> {
    #[inline]
    pub(crate) fn of(contact: Contact<'m>) -> Result<Self, Defect> {
        match contact {
            Contact::Wildcard => Ok(Self::Wildcard),
            Contact::Address(address) => check_address(address, HeaderName::Contact).map(Self::Address),
        }
    }
}

impl<'m> CheckedRequest<'m> {
    /// The request as parsed.
    #[must_use]
    pub const fn as_request(&self) -> &Request<'m> {
        &self.request
    }

    /// The method, which is also that of CSeq.
    #[must_use]
    pub const fn method(&self) -> Method<'m> {
        self.request.method
    }

    /// The Request-URI as sent.
    #[must_use]
    pub const fn uri_octets(&self) -> &'m [u8] {
        self.request.uri
    }

    /// The Request-URI; it has no headers, and possibly a scheme we do not know.
    #[must_use]
    pub const fn uri(&self) -> &Uri<'m> {
        &self.uri
    }

    /// The headers, for those that no check reads.
    #[must_use]
    pub const fn headers(&self) -> Headers<'m> {
        self.request.headers
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &'m [u8] {
        self.request.body
    }

    /// The topmost Via value.
    #[must_use]
    pub const fn top_via(&self) -> &Via<'m> {
        &self.values.top_via
    }

    /// From.
    #[must_use]
    pub const fn from_header(&self) -> &CheckedAddress<'m> {
        &self.values.from
    }

    /// To.
    #[must_use]
    pub const fn to_header(&self) -> &CheckedAddress<'m> {
        &self.values.to
    }

    /// Call-ID.
    #[must_use]
    pub const fn call_id(&self) -> &'m [u8] {
        self.values.call_id
    }

    /// The number of CSeq.
    #[must_use]
    pub const fn cseq_number(&self) -> u32 {
        self.values.cseq.number
    }

    /// Max-Forwards, which RFC 2543 peers leave out.
    #[must_use]
    pub const fn max_forwards(&self) -> Option<u8> {
        self.values.max_forwards
    }

    /// Expires, in seconds.
    #[must_use]
    pub const fn expires(&self) -> Option<u32> {
        self.values.expires
    }

    /// All Contact values across lines and commas. Only the first is kept from the check; few requests have more.
    pub fn contacts(&self) -> impl Iterator<Item = CheckedContact<'m>> + use<'m> {
        let (headers, unread) = (self.request.headers, self.values.later_contacts);
        let later = TypedValues::resume(headers, HeaderName::Contact, unread, Contact::read);
        // A value that passed the check passes it again.
        let later = later.map_while(|contact| CheckedContact::of(contact.ok()?).ok());
        self.values.first_contact.into_iter().chain(later)
    }
}

impl fmt::Debug for CheckedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checked{:?}", self.request)
    }
}
