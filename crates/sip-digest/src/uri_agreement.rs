//! Whether the digest `uri` and the Request-URI mean the same, as real phones use them.

use sip_message::{PercentDecoded, Uri};

/// Whether the digest `uri` was found to match the Request-URI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UriAgreement {
    /// They mean the same target.
    Agrees,
    /// The digest was made for another target, perhaps another request.
    Differs,
}

/// Compares the digest `uri` with the Request-URI: exactly equal, or equal enough within our own domains.
///
/// Many phones send `sip:HOST:PORT` as the digest `uri`, or add `;transport=`; RFC 3261 section 22.4 would have them
/// refused. So scheme (`sip` or `sips`), port, parameters and, where `is_ours` holds for both, even the host may differ.
/// Outside REGISTER a user part in the digest `uri` must be the Request-URI's, or a captured request for one target
/// could be turned to another.
pub fn uri_agrees(
    digest_uri: &[u8],
    request_uri: &[u8],
    method: &[u8],
    is_ours: impl Fn(&[u8]) -> bool,
) -> UriAgreement {
    if digest_uri == request_uri {
        return UriAgreement::Agrees;
    }
    let (Ok(digest), Ok(request)) = (Uri::parse(digest_uri), Uri::parse(request_uri)) else {
        return UriAgreement::Differs;
    };
    let hosts = digest.host.eq_ignore_ascii_case(request.host) || (is_ours(digest.host) && is_ours(request.host));
    if digest.is_sip() && request.is_sip() && hosts && (method == b"REGISTER" || users_agree(&digest, &request)) {
        UriAgreement::Agrees
    } else {
        UriAgreement::Differs
    }
}

/// User parts are equal in whatever way they are escaped (RFC 3261 section 19.1.4); a digest `uri` may have none.
fn users_agree(digest: &Uri<'_>, request: &Uri<'_>) -> bool {
    match (digest.user, request.user) {
        (None, _) => true,
        (Some(digest), Some(request)) => PercentDecoded::new(digest).eq(PercentDecoded::new(request)),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: [&[u8]; 3] = [b"sip.example.org", b"MA_X1.sip.example.org", b"[2001:db8::1]"];

    fn check(method: &str, digest: &str, request: &str) -> bool {
        let is_ours = |host: &[u8]| OURS.iter().any(|ours| ours.eq_ignore_ascii_case(host));
        uri_agrees(digest.as_bytes(), request.as_bytes(), method.as_bytes(), is_ours) == UriAgreement::Agrees
    }

    #[test]
    fn what_phones_send_is_accepted() {
        for (method, digest, request) in [
            ("REGISTER", "sip:sip.example.org", "sip:sip.example.org"),
            // sipp and sipsak
            ("REGISTER", "sip:sip.example.org:5060", "sip:sip.example.org"),
            // baresip
            ("REGISTER", "sip:sip.example.org;transport=udp", "sip:sip.example.org"),
            ("REGISTER", "sip:SIP.example.org", "sip:ma_x1.sip.example.org;transport=tls"),
            ("REGISTER", "sips:sip.example.org", "sip:sip.example.org"),
            ("REGISTER", "sip:alice@sip.example.org", "sip:sip.example.org"),
            ("REGISTER", "sip:[2001:db8::1]:5060", "sip:sip.example.org"),
            ("REGISTER", "sip:192.0.2.7:5060", "sip:192.0.2.7"),
            ("INVITE", "sip:sip.example.org:5060", "sip:bob@sip.example.org"),
            ("INVITE", "sip:bob@sip.example.org:5060", "sip:bob@sip.example.org;transport=tcp"),
            ("INVITE", "sip:%62ob@sip.example.org", "sip:bob@sip.example.org"),
            ("INVITE", "tel:+49301234", "tel:+49301234"),
            ("OPTIONS", "nonsense", "nonsense"),
        ] {
            assert!(check(method, digest, request), "{method} {digest} {request}");
        }
    }

    #[test]
    fn another_target_is_refused() {
        for (method, digest, request) in [
            ("REGISTER", "sip:other.example.net", "sip:sip.example.org"),
            ("REGISTER", "sip:sip.example.org", "sip:other.example.net"),
            ("REGISTER", "tel:+49301234", "sip:sip.example.org"),
            ("REGISTER", "", "sip:sip.example.org"),
            ("REGISTER", "/", "sip:sip.example.org"),
            ("REGISTER", "sip:", "sip:sip.example.org"),
            ("INVITE", "sip:bob@sip.example.org", "sip:carol@sip.example.org"),
            ("INVITE", "sip:Bob@sip.example.org", "sip:bob@sip.example.org"),
            ("INVITE", "sip:bob@sip.example.org", "sip:sip.example.org"),
            ("INVITE", "sip:bob@other.example.net", "sip:bob@sip.example.org"),
            ("INVITE", "tel:+49301234", "tel:+49305678"),
            ("register", "sip:bob@sip.example.org", "sip:carol@sip.example.org"),
        ] {
            assert!(!check(method, digest, request), "{method} {digest} {request}");
        }
    }
}
