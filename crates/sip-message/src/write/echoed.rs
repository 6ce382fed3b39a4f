//! What every response repeats of its request.

use crate::{CheckedRequest, HeaderName, Headers, NameAddr, Request, Via};

/// The headers that a response copies from its request (RFC 3261 section 8.2.6.2), whatever else is wrong with that.
#[derive(Clone, Copy)]
pub struct Echoed<'m> {
    pub(super) headers: Headers<'m>,
    /// The topmost Via value, unless it cannot be read.
    pub(super) top_via: Option<Via<'m>>,
    pub(super) to_has_tag: bool,
}

impl<'m> Echoed<'m> {
    /// The headers of the request.
    #[must_use]
    pub const fn headers(&self) -> Headers<'m> {
        self.headers
    }

    /// The topmost Via value; `None` if it cannot be read.
    #[must_use]
    pub const fn top_via(&self) -> Option<&Via<'m>> {
        self.top_via.as_ref()
    }
}

impl<'m> From<&Request<'m>> for Echoed<'m> {
    fn from(request: &Request<'m>) -> Self {
        let headers = request.headers();
        // Of a To with a bad URI the tag can be read all the same.
        let to = headers.first(HeaderName::To).map(|to| NameAddr::parse(to, HeaderName::To));
        let to_has_tag = to.is_some_and(|to| to.is_ok_and(|to| to.tag().is_some()));
        Self { headers, top_via: headers.first_via(), to_has_tag }
    }
}

impl<'m> From<&CheckedRequest<'m>> for Echoed<'m> {
    fn from(request: &CheckedRequest<'m>) -> Self {
        Self {
            headers: request.headers(),
            top_via: Some(*request.top_via()),
            to_has_tag: request.to_header().address.tag().is_some(),
        }
    }
}
