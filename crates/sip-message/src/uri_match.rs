//! Comparison of URIs (RFC 3261 section 19.1.4).

use crate::uri::{PercentDecoded, Spelling, is_reserved, uri_headers};
use crate::{Params, Scheme, Uri};

/// Whether two URIs are equivalent under RFC 3261 section 19.1.4.
///
/// `transport` in one of them only is a difference, as in that section's examples, although its rules do not list it.
/// URIs of other schemes are equivalent if they are the same but for the case of the scheme.
#[must_use]
pub fn uris_match(a: &Uri<'_>, b: &Uri<'_>) -> bool {
    match (a.scheme, b.scheme) {
        (Scheme::Sip, Scheme::Sip) | (Scheme::Sips, Scheme::Sips) => {
            a.port == b.port
                && a.host.eq_ignore_ascii_case(b.host)
                && optional_texts_match(a.user, b.user)
                && optional_texts_match(a.password, b.password)
                && params_match(a.params, b.params)
                && params_match(b.params, a.params)
                && headers_match(a.headers, b.headers)
        }
        (Scheme::Tel, Scheme::Tel) => a.opaque == b.opaque,
        (Scheme::Other(one), Scheme::Other(other)) => one.eq_ignore_ascii_case(other) && a.opaque == b.opaque,
        _ => false,
    }
}

/// How letters compare.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Matters,
    Ignored,
}

fn optional_texts_match(a: Option<&[u8]>, b: Option<&[u8]>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => texts_match(a, b, Case::Matters),
        _ => false,
    }
}

/// Compares octet by octet; an escape equals the octet it stands for, unless that one is reserved.
fn texts_match(a: &[u8], b: &[u8], case: Case) -> bool {
    let (mut a, mut b) = (PercentDecoded::new(a), PercentDecoded::new(b));
    loop {
        match (a.next_unit(), b.next_unit()) {
            (None, None) => return true,
            (Some(one), Some(other)) if units_match(one, other, case) => {}
            _ => return false,
        }
    }
}

fn units_match((one, spelled): (u8, Spelling), (other, also): (u8, Spelling), case: Case) -> bool {
    match case {
        _ if one == other => spelled == also || !is_reserved(one),
        Case::Matters => false,
        Case::Ignored => one.eq_ignore_ascii_case(&other),
    }
}

/// Whether every parameter of `a` that counts is the same in `b`.
fn params_match(a: Params<'_>, b: Params<'_>) -> bool {
    a.iter().all(|param| {
        let counterpart = b.iter().find(|other| texts_match(param.name, other.name, Case::Ignored));
        match (counterpart, param.value) {
            (Some(other), Some(value)) => {
                other.value.is_some_and(|other_value| texts_match(value, other_value, Case::Ignored))
            }
            (Some(other), None) => other.value.is_none(),
            (None, _) => !counts_alone(param.name),
        }
    })
}

/// Parameters whose presence in one URI only makes a difference.
fn counts_alone(name: &[u8]) -> bool {
    [&b"user"[..], b"ttl", b"method", b"maddr", b"transport"]
        .iter()
        .any(|important| texts_match(name, important, Case::Ignored))
}

fn headers_match(a: &[u8], b: &[u8]) -> bool {
    uri_headers(a).count() == uri_headers(b).count() && all_headers_in(a, b) && all_headers_in(b, a)
}

fn all_headers_in(a: &[u8], b: &[u8]) -> bool {
    uri_headers(a).flatten().all(|(name, value)| {
        uri_headers(b).flatten().any(|(other_name, other_value)| {
            texts_match(name, other_name, Case::Ignored) && texts_match(value, other_value, Case::Matters)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(a: &str, b: &str) -> bool {
        let read = |text: &str| Uri::parse(text.as_bytes()).map(|uri| uris_match(&uri, &uri)).is_ok_and(|same| same);
        assert!(read(a) && read(b), "a URI equals itself: {a} {b}");
        let (a, b) = (Uri::parse(a.as_bytes()).unwrap(), Uri::parse(b.as_bytes()).unwrap());
        assert_eq!(uris_match(&a, &b), uris_match(&b, &a), "symmetric");
        uris_match(&a, &b)
    }

    #[test]
    fn equivalent_by_rfc_3261_19_1_4() {
        for (a, b) in [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
            ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            ),
            ("HTTP://x", "http://x"),
        ] {
            assert!(compare(a, b), "{a} {b}");
        }
    }

    #[test]
    fn different_by_rfc_3261_19_1_4() {
        for (a, b) in [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
            ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
            ("sip:bob@biloxi.com", "sip:biloxi.com"),
            ("sip:bob:x@biloxi.com", "sip:bob:y@biloxi.com"),
            ("sip:a%2Bb@h", "sip:a+b@h"),
            ("sip:%00@h", "sip:%00%00@h"),
            ("sip:h?a=1&a=2", "sip:h?a=1&a=1"),
            ("sip:h;lr", "sip:h;lr=on"),
            ("tel:1", "sip:1@h"),
        ] {
            assert!(!compare(a, b), "{a} {b}");
        }
    }
}
