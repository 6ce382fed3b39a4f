//! The check of a whole message before anything else looks at it.

use crate::checked::{CheckedAddress, CheckedContact, CheckedHeaders, CheckedRequest};
use crate::comma::TypedValues;
use crate::limits::MAX_REQUEST_URI_OCTETS;
use crate::{Contact, Defect, HeaderName, Headers, NameAddr, Request, Response, Uri};

/// Headers that are lists of addresses a request is routed by.
const ROUTING: [HeaderName; 3] = [HeaderName::Route, HeaderName::RecordRoute, HeaderName::Path];

#[inline]
pub(crate) fn check_request<'m>(request: &Request<'m>) -> Result<CheckedRequest<'m>, Defect> {
    if !request.version_is_supported() {
        return Err(Defect::UnsupportedVersion);
    }
    request.headers.spans.defect().map_or(Ok(()), Err)?;
    let uri = check_request_uri(request)?;
    let values = check_headers(request.headers)?;
    if values.cseq.method == request.method {
        Ok(CheckedRequest { request: *request, uri, values })
    } else {
        Err(Defect::CSeqMethodMismatch)
    }
}

pub(crate) fn check_response(response: &Response<'_>) -> Result<(), Defect> {
    if !response.version_is_supported() {
        return Err(Defect::UnsupportedVersion);
    }
    response.headers.spans.defect().map_or(Ok(()), Err)?;
    check_headers(response.headers)?;
    response.headers.min_expires()?;
    response.headers.retry_after()?;
    Ok(())
}

fn check_request_uri<'m>(request: &Request<'m>) -> Result<Uri<'m>, Defect> {
    if request.uri.len() > MAX_REQUEST_URI_OCTETS {
        return Err(Defect::RequestUriTooLong);
    }
    let uri = request.uri()?;
    // Headers in a Request-URI would be headers of a request yet to be made (RFC 3261 section 19.1.1).
    if uri.headers.is_empty() { Ok(uri) } else { Err(Defect::MalformedRequestUri) }
}

#[inline]
fn check_headers(headers: Headers<'_>) -> Result<CheckedHeaders<'_>, Defect> {
    let mut vias = headers.vias();
    let top_via = vias.next().unwrap_or(Err(Defect::Missing(HeaderName::Via)))?;
    vias.try_for_each(|via| via.map(|_| ()))?;
    let from = check_address(headers.from_header()?, HeaderName::From)?;
    let to = check_address(headers.to_header()?, HeaderName::To)?;
    let call_id = headers.call_id()?;
    let cseq = headers.cseq()?;
    let max_forwards = headers.max_forwards()?;
    let expires = headers.expires()?;
    let mut contacts = TypedValues::new(headers, HeaderName::Contact, Contact::read);
    let first_contact = contacts.next().map(|contact| CheckedContact::of(contact?)).transpose()?;
    let later_contacts = contacts.unread();
    contacts.try_for_each(|contact| CheckedContact::of(contact?).map(|_| ()))?;
    for name in ROUTING {
        for address in headers.addresses(name) {
            check_address(address?, name)?;
        }
    }
    Ok(CheckedHeaders { top_via, from, to, call_id, cseq, max_forwards, expires, first_contact, later_contacts })
}

#[inline]
pub(crate) fn check_address(address: NameAddr<'_>, name: HeaderName) -> Result<CheckedAddress<'_>, Defect> {
    let uri = address.uri().map_err(|_| Defect::Malformed(name))?;
    Ok(CheckedAddress { address, uri })
}
