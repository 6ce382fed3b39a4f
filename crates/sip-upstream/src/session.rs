//! A challenge that is answered more than once.

use crate::secret::{Credentials, Unanswerable, UpstreamSecret};
use sip_digest::{Algorithm, Answer, HashAlgorithm, QopPreference, Secret};
use sip_message::{DigestChallenge, HeaderName, Method, Response};

/// Strongest first: a challenge that was added on the way does not make us prove less (RFC 8760 section 2.4).
const PREFERENCE: [HashAlgorithm; 3] = [HashAlgorithm::Sha512_256, HashAlgorithm::Sha256, HashAlgorithm::Md5];

/// One nonce and how often it was used. Without Debug: it holds a nonce.
#[derive(Clone)]
pub(crate) struct Session {
    header: HeaderName,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    opaque: Option<Vec<u8>>,
    algorithm: Option<Vec<u8>>,
    qop: Option<Vec<u8>>,
    cnonce: [u8; 24],
    count: u32,
}

impl Session {
    /// Of the strongest challenge that can be answered.
    pub fn begin(response: &Response<'_>, cnonce: &[u8; 24]) -> Result<Self, Unanswerable> {
        let (from, header) = headers(response.status()).ok_or(Unanswerable::NoChallenge)?;
        let challenges: Vec<_> =
            response.headers().digest_challenges(from).filter_map(Result::ok).filter(is_answerable).collect();
        let chosen = sip_digest::choose_challenge(&challenges, &PREFERENCE).and_then(|index| challenges.get(index));
        let challenge = chosen.ok_or(Unanswerable::UnknownKind)?;
        let kept = |value: Option<&[u8]>| value.map(<[u8]>::to_vec);
        Ok(Self {
            header,
            realm: kept(challenge.realm).unwrap_or_default(),
            nonce: kept(challenge.nonce).unwrap_or_default(),
            opaque: kept(challenge.opaque),
            algorithm: kept(challenge.algorithm),
            qop: kept(challenge.qop),
            cnonce: *cnonce,
            count: 0,
        })
    }

    /// Whether its nonce may be used for another request: without qop nothing counts its uses.
    pub const fn may_go_on(&self) -> bool {
        self.qop.is_some()
    }

    /// The answer for one more request.
    pub fn next_credentials(
        &mut self,
        secret: &UpstreamSecret,
        (method, uri): (Method<'_>, &[u8]),
    ) -> Option<Credentials> {
        self.count = self.count.checked_add(1)?;
        let mut value = Vec::with_capacity(512);
        let challenge = DigestChallenge {
            realm: Some(&self.realm),
            nonce: Some(&self.nonce),
            opaque: self.opaque.as_deref(),
            algorithm: self.algorithm.as_deref(),
            qop: self.qop.as_deref(),
            ..DigestChallenge::default()
        };
        let answer = Answer {
            challenge,
            username: secret.username.as_bytes(),
            secret: Secret::Password(&secret.password),
            method: method.as_bytes(),
            uri,
            cnonce: &self.cnonce,
            count: self.count,
            body: b"",
            qop: QopPreference::Auth,
        };
        answer.write(&mut value).ok()?;
        Some(Credentials { header: self.header, value })
    }
}

/// Whether some challenge says that only the nonce was too old.
pub(crate) fn is_stale(response: &Response<'_>) -> bool {
    let Some((from, _)) = headers(response.status()) else { return false };
    let mut challenges = response.headers().digest_challenges(from).filter_map(Result::ok);
    challenges.any(|challenge| challenge.stale.is_some_and(|stale| stale.eq_ignore_ascii_case(b"true")))
}

/// Where a status puts its challenges, and where their answers go.
const fn headers(status: u16) -> Option<(HeaderName, HeaderName)> {
    match status {
        401 => Some((HeaderName::WwwAuthenticate, HeaderName::Authorization)),
        407 => Some((HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization)),
        _ => None,
    }
}

/// `auth-int` alone is not taken up: intermediaries change bodies.
fn is_answerable(challenge: &DigestChallenge<'_>) -> bool {
    let offers_auth = |offer: &[u8]| {
        offer.split(|octet| *octet == b',').any(|value| value.trim_ascii().eq_ignore_ascii_case(b"auth"))
    };
    challenge.realm.is_some()
        && challenge.nonce.is_some()
        && Algorithm::parse(challenge.algorithm).is_some()
        && challenge.qop.is_none_or(offers_auth)
}
