//! The client's half: from a challenge and a secret to an Authorization value, and the check of the server's own proof.

use crate::challenge::append;
use crate::hash;
use crate::response::{Exchange, Integrity, Protection};
use crate::{Algorithm, Ha1, HashAlgorithm};
use sip_message::DigestChallenge;
use std::borrow::Cow;
use subtle::ConstantTimeEq;

/// Why a challenge cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It lacks its realm or nonce.
    #[error("the challenge has no realm or no nonce")]
    Incomplete,
    /// It names an algorithm this crate does not compute.
    #[error("the challenge names an unknown algorithm")]
    UnknownAlgorithm,
    /// It offers qop values, but neither `auth` nor `auth-int`.
    #[error("the challenge offers no known qop")]
    UnknownQop,
    /// It wants another hash than the given HA1 was made with.
    #[error("the HA1 at hand was made with another hash")]
    OtherHash,
}

/// What a client proves that it knows.
#[derive(Clone, Copy)]
pub enum Secret<'a> {
    /// The password.
    Password(&'a [u8]),
    /// An HA1 for the challenge's realm and hash.
    Ha1(&'a Ha1),
}

/// Which qop is taken where both are offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum QopPreference {
    /// `auth`, which survives intermediaries that change bodies.
    #[default]
    Auth,
    /// `auth-int`.
    AuthInt,
}

/// One answer to one challenge. Its texts are written between quotes as they are, so they must need no escaping.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The challenge, of either header.
    pub challenge: DigestChallenge<'a>,
    /// The digest username.
    pub username: &'a [u8],
    /// The secret.
    pub secret: Secret<'a>,
    /// The request's method.
    pub method: &'a [u8],
    /// The digest `uri`: the Request-URI.
    pub uri: &'a [u8],
    /// An unpredictable text, used with `qop` and with the `-sess` forms.
    pub cnonce: &'a [u8],
    /// How many requests have used this nonce, this one included.
    pub count: u32,
    /// The request's body, for `auth-int`.
    pub body: &'a [u8],
    /// Which qop to take.
    pub qop: QopPreference,
}

/// The first hash of the preference that some challenge wants, and where that challenge is.
#[must_use]
pub fn choose_challenge(challenges: &[DigestChallenge<'_>], preference: &[HashAlgorithm]) -> Option<usize> {
    preference.iter().find_map(|hash| {
        challenges.iter().position(|challenge| {
            Algorithm::parse(challenge.algorithm).is_some_and(|algorithm| algorithm.hash == *hash)
        })
    })
}

impl<'a> Answer<'a> {
    /// Appends the value of an Authorization or Proxy-Authorization header, from `Digest` on.
    ///
    /// # Errors
    /// [`AnswerError`] says what this challenge lacks; nothing is written then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), AnswerError> {
        let nc = self.count_digits();
        let (realm, exchange, ha1) = self.prepare(&nc)?;
        let ha2 = exchange.ha2(self.method, self.body);
        let response = hash::hex(exchange.algorithm.hash, &exchange.response(&ha1, &ha2));
        append(out, &[b"Digest username=\"", self.username, b"\", realm=\"", realm]);
        append(out, &[b"\", nonce=\"", exchange.nonce, b"\", uri=\"", self.uri]);
        append(out, &[b"\", response=\"", response.as_bytes(), b"\""]);
        if self.challenge.algorithm.is_some() {
            append(out, &[b", algorithm=", exchange.algorithm.as_str().as_bytes()]);
        }
        match exchange.protection {
            Protection::Qop { qop, nc, cnonce, .. } => {
                append(out, &[b", cnonce=\"", cnonce, b"\", qop=", qop, b", nc=", nc]);
            }
            Protection::Legacy if exchange.algorithm.form == crate::KeyForm::Session => {
                append(out, &[b", cnonce=\"", self.cnonce, b"\""]);
            }
            Protection::Legacy => {}
        }
        if let Some(opaque) = self.challenge.opaque {
            append(out, &[b", opaque=\"", opaque, b"\""]);
        }
        Ok(())
    }

    /// Whether an `rspauth` of Authentication-Info proves that the server knows HA1 too; never without `qop`, which has
    /// no such proof. The response's body counts under `auth-int`.
    ///
    /// # Errors
    /// [`AnswerError`] as for [`Answer::write`].
    pub fn accepts_response_auth(&self, rspauth: &[u8], response_body: &[u8]) -> Result<bool, AnswerError> {
        let nc = self.count_digits();
        let (_, exchange, ha1) = self.prepare(&nc)?;
        let Protection::Qop { .. } = exchange.protection else { return Ok(false) };
        let ha2 = exchange.ha2(b"", response_body);
        let Some(claimed) = hash::from_hex(exchange.algorithm.hash, rspauth) else { return Ok(false) };
        Ok(exchange.response(&ha1, &ha2).ct_eq(&claimed).into())
    }

    fn count_digits(&self) -> [u8; 8] {
        let mut digits = [b'0'; 8];
        let text = hash::HexDigest::of(&self.count.to_be_bytes());
        digits.iter_mut().zip(text.as_bytes()).for_each(|(to, from)| *to = *from);
        digits
    }

    fn prepare<'b>(&'b self, nc: &'b [u8; 8]) -> Result<(&'a [u8], Exchange<'b>, Cow<'a, Ha1>), AnswerError> {
        let (Some(realm), Some(nonce)) = (self.challenge.realm, self.challenge.nonce) else {
            return Err(AnswerError::Incomplete);
        };
        let algorithm = Algorithm::parse(self.challenge.algorithm).ok_or(AnswerError::UnknownAlgorithm)?;
        let ha1 = match self.secret {
            Secret::Password(password) => Cow::Owned(Ha1::compute(algorithm.hash, self.username, realm, password)),
            Secret::Ha1(ha1) if ha1.hash() == algorithm.hash => Cow::Borrowed(ha1),
            Secret::Ha1(_) => return Err(AnswerError::OtherHash),
        };
        let protection = self.protection(nc)?;
        Ok((realm, Exchange { algorithm, nonce, uri: self.uri, cnonce: self.cnonce, protection }, ha1))
    }

    fn protection<'b>(&'b self, nc: &'b [u8; 8]) -> Result<Protection<'b>, AnswerError> {
        let Some(offer) = self.challenge.qop else { return Ok(Protection::Legacy) };
        let offers = |name: &[u8]| {
            offer.split(|octet| *octet == b',').any(|value| value.trim_ascii().eq_ignore_ascii_case(name))
        };
        let (qop, integrity): (&[u8], _) = match (offers(b"auth"), offers(b"auth-int"), self.qop) {
            (true, false, _) | (true, true, QopPreference::Auth) => (b"auth", Integrity::None),
            (_, true, _) => (b"auth-int", Integrity::Body),
            (false, false, _) => return Err(AnswerError::UnknownQop),
        };
        Ok(Protection::Qop { qop, integrity, nc, cnonce: self.cnonce })
    }
}
