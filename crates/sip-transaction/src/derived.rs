//! The requests that an INVITE brings with it: the ACK to a failure, and CANCEL.

use sip_message::write::RequestWriter;
use sip_message::{HeaderName, Headers, Method, Request, Response};

/// Hops a request of ours may take (RFC 3261 section 8.1.1.6).
const MAX_FORWARDS: u32 = 70;

/// Appends the ACK to a failure (RFC 3261 section 17.1.1.3): the INVITE's own identifiers, its branch included, and the
/// To of the response, whose tag says who is acknowledged.
pub fn write_ack(invite: &Request<'_>, response: &Response<'_>, out: &mut Vec<u8>) {
    write(invite, (Method::Ack, response.headers(), None), out);
}

/// Appends the CANCEL of an INVITE (RFC 3261 section 9.1), in which all that identifies the INVITE is as it was. `reason`
/// is the value of its Reason (RFC 3326): a phone shows no missed call when another has answered.
pub fn write_cancel(invite: &Request<'_>, reason: Option<&[u8]>, out: &mut Vec<u8>) {
    write(invite, (Method::Cancel, invite.headers(), reason), out);
}

fn write(invite: &Request<'_>, (method, with_to, reason): (Method<'_>, Headers<'_>, Option<&[u8]>), out: &mut Vec<u8>) {
    let headers = invite.headers();
    let mut writer = RequestWriter::start(out, method, invite.uri_octets());
    // One Via: this hop's.
    writer = writer.header("Via", headers.comma_values(HeaderName::Via).next().unwrap_or_default());
    writer = writer.header_u32("Max-Forwards", MAX_FORWARDS);
    for route in headers.all(HeaderName::Route) {
        writer = writer.header("Route", route);
    }
    writer = writer
        .header("From", headers.first(HeaderName::From).unwrap_or_default())
        .header("To", with_to.first(HeaderName::To).unwrap_or_default())
        .header("Call-ID", headers.first(HeaderName::CallId).unwrap_or_default());
    let number = headers.cseq().map_or(0, |cseq| cseq.number);
    writer = writer.header_parts("CSeq", &[number.to_string().as_bytes(), b" ", method.as_bytes()]);
    if let Some(reason) = reason {
        writer = writer.header("Reason", reason);
    }
    writer.finish(b"");
}
