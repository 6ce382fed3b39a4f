//! The server's half of the header values: challenges and Authentication-Info, appended without allocating.

use crate::{HashAlgorithm, NonceText};

/// The qop values a challenge offers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum QopOffer {
    /// `auth` only.
    #[default]
    Auth,
    /// `auth` and `auth-int`.
    AuthAndAuthInt,
}

/// Why a challenge is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Staleness {
    /// Nothing right was sent: `stale` is left out, which means false.
    Fresh,
    /// The digest was right, only its nonce was not good any more: `stale=true`, so that the phone tries again without
    /// asking its user. Only a [`Verdict::Stale`](crate::Verdict::Stale) justifies it.
    Stale,
}

/// The value of one WWW-Authenticate or Proxy-Authenticate header.
#[derive(Clone, Copy)]
pub struct Challenge<'a> {
    /// The realm, which must not need escaping in a quoted string.
    pub realm: &'a [u8],
    /// A nonce issued for `hash`.
    pub nonce: &'a NonceText,
    /// The hash to answer with. MD5 is named too: leaving it out helps no phone that was tried.
    pub hash: HashAlgorithm,
    /// The qop values offered.
    pub qop: QopOffer,
    /// Whether the last answer was right but late.
    pub staleness: Staleness,
    /// A value for the phone to echo, which must not need escaping. An empty one is not written: sipsak and linphone
    /// echo `opaque=""`, baresip drops it, and all three echo a value. Our nonces carry their own proof, so an echo is
    /// never checked, and a phone that loses it is not punished.
    pub opaque: Option<&'a [u8]>,
}

impl Challenge<'_> {
    /// Appends the header's value, from `Digest` on.
    pub fn write(&self, out: &mut Vec<u8>) {
        let qop: &[u8] = match self.qop {
            QopOffer::Auth => b"auth",
            QopOffer::AuthAndAuthInt => b"auth,auth-int",
        };
        append(out, &[b"Digest realm=\"", self.realm, b"\", nonce=\"", self.nonce]);
        append(out, &[b"\", algorithm=", self.hash.as_str().as_bytes(), b", qop=\"", qop, b"\""]);
        if self.staleness == Staleness::Stale {
            append(out, &[b", stale=true"]);
        }
        if let Some(opaque) = self.opaque.filter(|opaque| !opaque.is_empty()) {
            append(out, &[b", opaque=\"", opaque, b"\""]);
        }
    }
}

/// Appends all parts in order.
pub(crate) fn append(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Challenge<'static> = Challenge {
        realm: b"MA_X1.sip.localhost",
        nonce: b"AAAAbbbbCCCCddddEEEEffff",
        hash: HashAlgorithm::Md5,
        qop: QopOffer::Auth,
        staleness: Staleness::Fresh,
        opaque: None,
    };

    fn check(challenge: &Challenge<'_>, rest: &str) {
        let mut out = b"WWW-Authenticate: ".to_vec();
        challenge.write(&mut out);
        let start = "WWW-Authenticate: Digest realm=\"MA_X1.sip.localhost\", nonce=\"AAAAbbbbCCCCddddEEEEffff\", ";
        assert_eq!(str::from_utf8(&out).unwrap(), [start, rest].concat());
    }

    #[test]
    fn values() {
        check(&PLAIN, r#"algorithm=MD5, qop="auth""#);
        check(&Challenge { hash: HashAlgorithm::Sha256, ..PLAIN }, r#"algorithm=SHA-256, qop="auth""#);
        check(
            &Challenge { hash: HashAlgorithm::Sha512_256, qop: QopOffer::AuthAndAuthInt, ..PLAIN },
            r#"algorithm=SHA-512-256, qop="auth,auth-int""#,
        );
        check(&Challenge { staleness: Staleness::Stale, ..PLAIN }, r#"algorithm=MD5, qop="auth", stale=true"#);
        check(
            &Challenge { opaque: Some(b"1"), staleness: Staleness::Stale, ..PLAIN },
            r#"algorithm=MD5, qop="auth", stale=true, opaque="1""#,
        );
        check(&Challenge { opaque: Some(b""), ..PLAIN }, r#"algorithm=MD5, qop="auth""#);
    }

    #[test]
    fn writing_into_room_allocates_nothing() {
        let mut out = Vec::with_capacity(256);
        let room = out.as_ptr();
        Challenge { opaque: Some(b"1"), staleness: Staleness::Stale, ..PLAIN }.write(&mut out);
        assert_eq!(out.as_ptr(), room);
    }
}
