//! Whether reg-ids count, and whether the answer says so (RFC 5626 section 6).

use crate::contact_match::named_flow;
use sip_message::{CheckedContact, CheckedRequest, HeaderName, Uri};

/// The extension's option tag.
const OUTBOUND: &[u8] = b"outbound";

/// What becomes of the reg-ids of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RegIds {
    /// They name flows.
    Count,
    /// The first hop keeps no flow to the phone, so they name nothing.
    Ignored,
}

/// Whether a phone asked for outbound processing and gets it; the 200 then has `Require: outbound`.
#[must_use]
pub fn is_outbound(request: &CheckedRequest<'_>) -> bool {
    asks_for_outbound(request) && names_a_flow(request) && reg_ids(request) == RegIds::Count
}

/// Whether the phone speaks the extension itself: it must be told when its first hop does not.
pub(crate) fn asks_for_outbound(request: &CheckedRequest<'_>) -> bool {
    request.headers().option_tags(HeaderName::Supported).any(|tag| tag.eq_ignore_ascii_case(OUTBOUND))
}

pub(crate) fn names_a_flow(request: &CheckedRequest<'_>) -> bool {
    request.contacts().any(|contact| match contact {
        CheckedContact::Address(address) => named_flow(&address.address).is_some(),
        CheckedContact::Wildcard => false,
    })
}

/// We are the first hop where there is no Via but the phone's; else the proxy that the phone talks to must have said in
/// its Path value, the last of them (RFC 3327 section 5.2), that it does outbound.
pub(crate) fn reg_ids(request: &CheckedRequest<'_>) -> RegIds {
    let headers = request.headers();
    if headers.comma_values(HeaderName::Via).nth(1).is_none() {
        return RegIds::Count;
    }
    let edge_proxy = headers.addresses(HeaderName::Path).last();
    let does_outbound = edge_proxy.is_some_and(|address| {
        address.and_then(|address| address.uri()).is_ok_and(|uri: Uri<'_>| uri.params.contains("ob"))
    });
    if does_outbound { RegIds::Count } else { RegIds::Ignored }
}
