//! The check of a whole message before anything else looks at it.

use crate::limits::MAX_REQUEST_URI_OCTETS;
use crate::{CSeq, Contact, Defect, HeaderName, Headers, NameAddr, Request, Response};

/// Headers that are lists of addresses a request is routed by.
const ROUTING: [HeaderName; 3] = [HeaderName::Route, HeaderName::RecordRoute, HeaderName::Path];

pub(crate) fn check_request(request: &Request<'_>) -> Result<(), Defect> {
    if !request.version_is_supported() {
        return Err(Defect::UnsupportedVersion);
    }
    request.headers.spans.defect().map_or(Ok(()), Err)?;
    check_request_uri(request)?;
    let cseq = check_headers(request.headers)?;
    if cseq.method == request.method { Ok(()) } else { Err(Defect::CSeqMethodMismatch) }
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

fn check_request_uri(request: &Request<'_>) -> Result<(), Defect> {
    if request.uri.len() > MAX_REQUEST_URI_OCTETS {
        return Err(Defect::RequestUriTooLong);
    }
    // Headers in a Request-URI would be headers of a request yet to be made (RFC 3261 section 19.1.1).
    if request.uri()?.headers.is_empty() { Ok(()) } else { Err(Defect::MalformedRequestUri) }
}

fn check_headers(headers: Headers<'_>) -> Result<CSeq<'_>, Defect> {
    let mut vias = headers.vias();
    vias.next().unwrap_or(Err(Defect::Missing(HeaderName::Via)))?;
    vias.try_for_each(|via| via.map(|_| ()))?;
    check_address(headers.from_header()?, HeaderName::From)?;
    check_address(headers.to_header()?, HeaderName::To)?;
    headers.call_id()?;
    let cseq = headers.cseq()?;
    headers.max_forwards()?;
    headers.expires()?;
    for contact in headers.contacts() {
        if let Contact::Address(address) = contact? {
            check_address(address, HeaderName::Contact)?;
        }
    }
    for name in ROUTING {
        for address in headers.addresses(name) {
            check_address(address?, name)?;
        }
    }
    Ok(cseq)
}

fn check_address(address: NameAddr<'_>, name: HeaderName) -> Result<(), Defect> {
    address.uri().map(|_| ()).map_err(|_| Defect::Malformed(name))
}
