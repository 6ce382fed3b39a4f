//! Which realm a request is for.

use directory::{RealmEntry, Realms};
use sip_message::{Method, Request};

/// The realm of the Request-URI's host if we know it, else of the To's (REGISTER) or From's, else the default realm.
pub(crate) fn realm_of<'r>(realms: &'r Realms, request: &Request<'_>) -> Option<&'r RealmEntry> {
    let of_request_uri = request.uri().ok().and_then(|uri| realms.of_host(uri.host));
    of_request_uri.or_else(|| of_party(realms, request)).or_else(|| realms.default_realm()).map(|realm| &**realm)
}

fn of_party<'r>(realms: &'r Realms, request: &Request<'_>) -> Option<&'r std::sync::Arc<RealmEntry>> {
    let headers = request.headers();
    let party = if request.method() == Method::Register { headers.to_header() } else { headers.from_header() };
    realms.of_host(party.ok()?.uri().ok()?.host)
}
