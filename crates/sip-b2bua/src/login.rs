//! The answer to a next hop's challenge, for whoever has the secret.

use crate::{ChallengeAnswer, Challenged};
use sip_digest::{Answer, HashAlgorithm, QopPreference, Secret, choose_challenge};
use sip_message::HeaderName;

/// The strongest hash first.
const PREFERENCE: [HashAlgorithm; 3] = [HashAlgorithm::Sha512_256, HashAlgorithm::Sha256, HashAlgorithm::Md5];

/// What we are known by to a next hop.
#[derive(Clone, Copy)]
pub struct Login<'l> {
    /// The digest username.
    pub username: &'l [u8],
    /// The password.
    pub password: &'l [u8],
}

/// Shows the name only.
impl std::fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({}, <redacted>)", self.username.escape_ascii())
    }
}

impl Login<'_> {
    /// Answers the strongest of the challenges in a 401 or 407. `cnonce` has to be unpredictable. `None` if none can be
    /// answered, or if the username cannot stand between quotes.
    #[must_use]
    pub fn answer(&self, challenged: &Challenged<'_>, cnonce: &[u8]) -> Option<ChallengeAnswer> {
        let (asked, header) = match challenged.response.status() {
            401 => (HeaderName::WwwAuthenticate, HeaderName::Authorization),
            407 => (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization),
            _ => return None,
        };
        let breaks_quotes = |octet: &u8| matches!(octet, b'"' | b'\\') || octet.is_ascii_control();
        if self.username.iter().chain(challenged.uri).any(breaks_quotes) {
            return None;
        }
        let challenges: Vec<_> = challenged.response.headers().digest_challenges(asked).flatten().collect();
        let challenge = *challenges.get(choose_challenge(&challenges, &PREFERENCE)?)?;
        let answer = Answer {
            challenge,
            username: self.username,
            secret: Secret::Password(self.password),
            method: challenged.method.as_bytes(),
            uri: challenged.uri,
            cnonce,
            count: 1,
            body: challenged.body,
            qop: QopPreference::Auth,
        };
        let mut value = Vec::with_capacity(320);
        answer.write(&mut value).ok()?;
        Some(ChallengeAnswer { header, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LegId;
    use sip_message::{HeaderSpans, Message, Method, parse};

    fn answer(response: &str, username: &[u8]) -> Option<ChallengeAnswer> {
        let mut spans = HeaderSpans::new();
        let Ok(Message::Response(response)) = parse(response.as_bytes(), &mut spans) else { panic!("{response}") };
        let (method, uri) = (Method::Invite, &b"sip:100@carrier.test"[..]);
        let challenged = Challenged { leg: LegId(1), target: None, response: &response, method, uri, body: b"" };
        Login { username, password: b"zanzibar" }.answer(&challenged, b"0a4f113b")
    }

    #[test]
    fn the_strongest_challenge_is_answered_in_the_header_that_belongs_to_it() {
        let response = "SIP/2.0 407 X\r\nProxy-Authenticate: Digest realm=\"c\", nonce=\"n1\", qop=\"auth\"\r\n\
             Proxy-Authenticate: Digest realm=\"c\", nonce=\"n2\", algorithm=SHA-256, qop=\"auth\"\r\n\r\n";
        let ChallengeAnswer { header, value } = answer(response, b"trunk").unwrap();
        assert_eq!(header, HeaderName::ProxyAuthorization);
        let text = String::from_utf8(value).unwrap();
        assert!(text.starts_with("Digest username=\"trunk\", realm=\"c\", nonce=\"n2\", uri=\"sip:100@carrier.test\""));
        assert!(text.contains("algorithm=SHA-256, cnonce=\"0a4f113b\", qop=auth, nc=00000001"), "{text}");
    }

    #[test]
    fn what_cannot_be_answered_is_not() {
        let unknown = "SIP/2.0 401 X\r\nWWW-Authenticate: Digest realm=\"c\", nonce=\"n\", algorithm=ROT13\r\n\r\n";
        assert_eq!(answer(unknown, b"trunk"), None);
        assert_eq!(answer("SIP/2.0 401 X\r\nWWW-Authenticate: Basic realm=\"c\"\r\n\r\n", b"trunk"), None);
        let plain = "SIP/2.0 401 X\r\nWWW-Authenticate: Digest realm=\"c\", nonce=\"n\"\r\n\r\n";
        assert!(answer(plain, b"trunk").is_some());
        assert_eq!(answer(plain, b"tr\"unk"), None);
    }

    #[test]
    fn no_password_in_debug() {
        let login = Login { username: b"trunk", password: b"zanzibar" };
        assert_eq!(format!("{login:?}"), "Login(trunk, <redacted>)");
    }
}
