//! Which of a request's credentials are meant for us.

use sip_message::{CheckedRequest, DigestCredentials, HeaderName};

/// The digest credentials of a request.
pub(crate) enum Claim<'m> {
    /// None at all.
    None,
    /// For our realm, or the first for another one: it will be refused, but the tenant shall see what the phone uses.
    Digest(DigestCredentials<'m>),
    /// A header that cannot be read.
    Malformed,
}

/// Either header is accepted whatever the method: phones confuse them.
pub(crate) fn claim_for<'m>(request: &CheckedRequest<'m>, realm: &[u8]) -> Claim<'m> {
    let headers = request.headers();
    let all = headers
        .digest_credentials(HeaderName::Authorization)
        .chain(headers.digest_credentials(HeaderName::ProxyAuthorization));
    let mut other = None;
    for credentials in all {
        match credentials {
            Err(_) => return Claim::Malformed,
            Ok(credentials) if credentials.realm == Some(realm) => return Claim::Digest(credentials),
            Ok(credentials) => other = other.or(Some(credentials)),
        }
    }
    other.map_or(Claim::None, Claim::Digest)
}
