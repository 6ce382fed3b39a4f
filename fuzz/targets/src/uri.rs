//! A URI.

use sip_digest::{UriAgreement, uri_agrees};
use sip_message::{Uri, uris_match};

/// A URI that can be read matches itself, and its parts are no longer than it is.
///
/// # Panics
/// When that does not hold.
pub fn uri(octets: &[u8]) {
    let _ = uri_agrees(octets, b"sip:a@h", b"INVITE", |_| true);
    let Ok(uri) = Uri::parse(octets) else { return };
    assert_eq!(uri_agrees(octets, octets, b"INVITE", |_| false), UriAgreement::Agrees);
    assert!(uri.decoded_user().count() <= octets.len());
    assert!(uri.host.len() <= octets.len());
    if uri.is_sip() {
        assert!(uris_match(&uri, &uri));
    }
}
