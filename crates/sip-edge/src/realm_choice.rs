//! Which realm a request is for.

use directory::{RealmEntry, Realms};
use sip_message::{CheckedRequest, Method};
use std::sync::Arc;

/// The realm of the Request-URI's host if we know it, else of the To's (REGISTER) or From's, else the default realm.
pub(crate) fn realm_of<'r>(realms: &'r Realms, request: &CheckedRequest<'_>) -> Option<&'r RealmEntry> {
    let of_request_uri = realms.of_host(request.uri().host);
    of_request_uri.or_else(|| of_party(realms, request)).or_else(|| realms.default_realm()).map(|realm| &**realm)
}

fn of_party<'r>(realms: &'r Realms, request: &CheckedRequest<'_>) -> Option<&'r Arc<RealmEntry>> {
    let party = if request.method() == Method::Register { request.to_header() } else { request.from_header() };
    realms.of_host(party.uri.host)
}
