//! A message as a whole: its start line, headers and body.

use crate::check::{check_request, check_response};
use crate::{CheckedRequest, Defect, Headers, Method, Uri};
use core::fmt;

/// A request or a response.
#[derive(Clone, Copy, Debug)]
pub enum Message<'m> {
    /// Asks for something (RFC 3261 section 7.1).
    Request(Request<'m>),
    /// Answers a request (RFC 3261 section 7.2).
    Response(Response<'m>),
}

/// A request, possibly with a defect; see [`Request::check`].
#[derive(Clone, Copy)]
pub struct Request<'m> {
    pub(crate) method: Method<'m>,
    pub(crate) uri: &'m [u8],
    pub(crate) version: &'m [u8],
    pub(crate) headers: Headers<'m>,
    pub(crate) body: &'m [u8],
}

impl<'m> Request<'m> {
    /// The method of the start line.
    #[must_use]
    pub const fn method(&self) -> Method<'m> {
        self.method
    }

    /// The Request-URI as sent.
    #[must_use]
    pub const fn uri_octets(&self) -> &'m [u8] {
        self.uri
    }

    /// The Request-URI, read. A scheme we do not know is no defect; RFC 3261 section 8.2.2.1 answers it 416.
    ///
    /// # Errors
    /// [`Defect::MalformedRequestUri`].
    pub fn uri(&self) -> Result<Uri<'m>, Defect> {
        Uri::parse(self.uri).map_err(|_| Defect::MalformedRequestUri)
    }

    /// Whether the start line says `SIP/2.0`, in any case (RFC 3261 section 7.1).
    #[must_use]
    pub fn version_is_supported(&self) -> bool {
        self.version.eq_ignore_ascii_case(b"SIP/2.0")
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> Headers<'m> {
        self.headers
    }

    /// The body: as many octets as Content-Length says, or all that follow the head without one.
    #[must_use]
    pub const fn body(&self) -> &'m [u8] {
        self.body
    }

    /// Checks everything a server relies on: version, mandatory headers, ranges, and the grammar of the start line and
    /// of the headers that name, route or count. What it has read can be had from the result. Authorization headers are
    /// not read: a faulty one asks for a challenge, not for a refusal of the request (RFC 4475 section 3.3.7).
    ///
    /// # Errors
    /// The first [`Defect`] found; the message stays readable and can be answered.
    pub fn check(&self) -> Result<CheckedRequest<'m>, Defect> {
        check_request(self)
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({:?}, {:?}, {} body octets)", self.method, self.headers, self.body.len())
    }
}

/// A response, possibly with a defect; see [`Response::check`].
#[derive(Clone, Copy)]
pub struct Response<'m> {
    pub(crate) version: &'m [u8],
    pub(crate) status: u16,
    pub(crate) reason: &'m [u8],
    pub(crate) headers: Headers<'m>,
    pub(crate) body: &'m [u8],
}

impl<'m> Response<'m> {
    /// The status code, 100 to 699.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase as sent, which may be empty.
    #[must_use]
    pub const fn reason(&self) -> &'m [u8] {
        self.reason
    }

    /// Whether the start line says `SIP/2.0`.
    #[must_use]
    pub fn version_is_supported(&self) -> bool {
        self.version.eq_ignore_ascii_case(b"SIP/2.0")
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> Headers<'m> {
        self.headers
    }

    /// The body: as many octets as Content-Length says, or all that follow the head without one.
    #[must_use]
    pub const fn body(&self) -> &'m [u8] {
        self.body
    }

    /// Checks everything a client relies on. A response with a defect is dropped, never answered.
    ///
    /// # Errors
    /// The first [`Defect`] found.
    pub fn check(&self) -> Result<(), Defect> {
        check_response(self)
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {:?}, {} body octets)", self.status, self.headers, self.body.len())
    }
}
