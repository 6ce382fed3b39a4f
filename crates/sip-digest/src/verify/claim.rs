//! The parameters of an Authorization header, read into what a response is computed with.

use super::Refusal;
use crate::hash::{self, LONGEST};
use crate::response::{Exchange, Integrity, Protection};
use crate::{Algorithm, HashAlgorithm, KeyForm};
use sip_message::DigestCredentials;
use std::num::NonZeroU32;

/// A claim's parameters in the form they are computed with. A defect leaves the others readable, so that a faulty claim
/// costs what a faultless one does.
pub(super) struct Claim<'m> {
    pub(super) realm: &'m [u8],
    pub(super) exchange: Exchange<'m>,
    /// Absent without qop.
    pub(super) count: Option<NonZeroU32>,
    pub(super) response: [u8; LONGEST],
    pub(super) defect: Option<Refusal>,
}

impl<'m> Claim<'m> {
    pub(super) fn of(sent: &DigestCredentials<'m>) -> Self {
        let named = Algorithm::parse(sent.algorithm);
        let algorithm = named.unwrap_or(Algorithm::plain(HashAlgorithm::Md5));
        let protection = protection(sent);
        let response = sent.response.and_then(|digits| hash::from_hex(algorithm.hash, digits));
        let count = match protection {
            Some(Protection::Qop { nc, .. }) => parse_count(nc),
            _ => None,
        };
        let well_formed = sent.username.is_some()
            && sent.realm.is_some()
            && sent.nonce.is_some()
            && sent.uri.is_some()
            && response.is_some()
            && protection.is_some()
            && count.is_some() == sent.qop.is_some()
            && (algorithm.form == KeyForm::Plain || sent.cnonce.is_some())
            && sent.cnonce.is_none_or(is_quotable)
            // We never offer `userhash`, so a hashed username answers no challenge of ours.
            && !sent.userhash.is_some_and(|value| value.eq_ignore_ascii_case(b"true"));
        let defect = match named {
            None => Some(Refusal::AlgorithmNotAllowed),
            Some(_) if !well_formed => Some(Refusal::Malformed),
            Some(_) => None,
        };
        Self {
            realm: sent.realm.unwrap_or_default(),
            exchange: exchange(sent, algorithm, protection),
            count,
            response: response.unwrap_or_default(),
            defect,
        }
    }
}

/// What the claim's response was computed over, and ours to it is; of a claim that was verified.
pub(super) fn exchange_of<'m>(sent: &DigestCredentials<'m>, algorithm: Algorithm) -> Exchange<'m> {
    exchange(sent, algorithm, protection(sent))
}

fn exchange<'m>(
    sent: &DigestCredentials<'m>,
    algorithm: Algorithm,
    protection: Option<Protection<'m>>,
) -> Exchange<'m> {
    Exchange {
        algorithm,
        nonce: sent.nonce.unwrap_or_default(),
        uri: sent.uri.unwrap_or_default(),
        cnonce: sent.cnonce.unwrap_or_default(),
        protection: protection.unwrap_or(Protection::Legacy),
    }
}

/// What the claim's `qop` says; `None` if it is unknown, or lacks the `nc` and `cnonce` it needs.
fn protection<'m>(sent: &DigestCredentials<'m>) -> Option<Protection<'m>> {
    let Some(qop) = sent.qop else { return Some(Protection::Legacy) };
    let integrity = if qop.eq_ignore_ascii_case(b"auth") {
        Integrity::None
    } else if qop.eq_ignore_ascii_case(b"auth-int") {
        Integrity::Body
    } else {
        return None;
    };
    Some(Protection::Qop { qop, integrity, nc: sent.nc?, cnonce: sent.cnonce? })
}

/// Exactly eight hex digits, not all zero.
fn parse_count(digits: &[u8]) -> Option<NonZeroU32> {
    if digits.len() != 8 {
        return None;
    }
    let value = digits.iter().try_fold(0, |value: u32, digit| Some(value << 4 | u32::from(hash::nibble(*digit)?)))?;
    NonZeroU32::new(value)
}

/// Whether the octets may be put between quotes as they are: Authentication-Info echoes the cnonce.
fn is_quotable(octets: &[u8]) -> bool {
    let mut octets = octets.iter();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' | 0..=8 | 10..=31 | 127 => return false,
            b'\\' if !octets.next().is_some_and(|escaped| matches!(escaped, 32..=126)) => return false,
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: DigestCredentials<'static> = DigestCredentials {
        username: Some(b"alice"),
        realm: Some(b"r"),
        nonce: Some(b"n"),
        uri: Some(b"sip:h"),
        response: Some(b"0123456789abcdefABCDEF0123456789"),
        algorithm: None,
        cnonce: Some(b"c"),
        opaque: None,
        qop: Some(b"auth"),
        nc: Some(b"0000000a"),
        userhash: None,
    };

    fn check(claim: &DigestCredentials<'_>, expected: Option<Refusal>) {
        assert_eq!(Claim::of(claim).defect, expected);
    }

    #[test]
    fn good_claims() {
        check(&GOOD, None);
        assert_eq!(Claim::of(&GOOD).count, NonZeroU32::new(10));
        check(&DigestCredentials { qop: Some(b"AUTH-INT"), ..GOOD }, None);
        check(&DigestCredentials { qop: None, nc: None, cnonce: None, ..GOOD }, None);
        check(&DigestCredentials { userhash: Some(b"false"), ..GOOD }, None);
        check(&DigestCredentials { cnonce: Some(br#"a\"b\\"#), ..GOOD }, None);
    }

    #[test]
    fn parameters_that_must_be_there() {
        let malformed = Some(Refusal::Malformed);
        check(&DigestCredentials { username: None, ..GOOD }, malformed);
        check(&DigestCredentials { realm: None, ..GOOD }, malformed);
        check(&DigestCredentials { nonce: None, ..GOOD }, malformed);
        check(&DigestCredentials { uri: None, ..GOOD }, malformed);
        check(&DigestCredentials { response: None, ..GOOD }, malformed);
        check(&DigestCredentials { nc: None, ..GOOD }, malformed);
        check(&DigestCredentials { cnonce: None, ..GOOD }, malformed);
        check(&DigestCredentials { algorithm: Some(b"MD5-sess"), qop: None, cnonce: None, ..GOOD }, malformed);
    }

    #[test]
    fn values_of_the_wrong_form() {
        for nc in ["", "1", "0000001", "000000001", "0000000g", "00000000", "+0000001", "0x000001"] {
            check(&DigestCredentials { nc: Some(nc.as_bytes()), ..GOOD }, Some(Refusal::Malformed));
        }
        for qop in ["", "auth,auth-int", "auth ", "token"] {
            check(&DigestCredentials { qop: Some(qop.as_bytes()), ..GOOD }, Some(Refusal::Malformed));
        }
        for response in ["", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdeg"] {
            check(&DigestCredentials { response: Some(response.as_bytes()), ..GOOD }, Some(Refusal::Malformed));
        }
        for cnonce in ["a\"b", "a\\", "a\r\n", "\0", "\u{7f}"] {
            check(&DigestCredentials { cnonce: Some(cnonce.as_bytes()), ..GOOD }, Some(Refusal::Malformed));
        }
        check(&DigestCredentials { userhash: Some(b"TRUE"), ..GOOD }, Some(Refusal::Malformed));
        check(&DigestCredentials { algorithm: Some(b"SHA-256"), ..GOOD }, Some(Refusal::Malformed));
        check(&DigestCredentials { algorithm: Some(b"SHA-1"), ..GOOD }, Some(Refusal::AlgorithmNotAllowed));
    }
}
