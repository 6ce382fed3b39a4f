//! A gateway that wants to know who calls it: the server's half of digest authentication, for one user.

use crate::sip::digest::parameters;
use md5::{Digest, Md5};
use std::fmt::Write;

const REALM: &str = "gateway.test";

/// The one whom the gateway knows.
#[derive(Clone, Debug)]
pub struct Secret {
    /// The digest username.
    pub username: String,
    /// The password in clear.
    pub password: String,
}

impl Secret {
    /// A challenge with that nonce.
    #[must_use]
    pub fn challenge(nonce: &str) -> String {
        format!("Digest realm=\"{REALM}\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\"")
    }

    /// Whether those credentials are right for that method and nonce.
    #[must_use]
    pub fn is_proven_by(&self, credentials: &str, method: &str, nonce: &str) -> bool {
        let parameters = parameters(credentials);
        let given = |name: &str| {
            let found = parameters.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        let Self { username, password } = self;
        let ha1 = hash(&format!("{username}:{REALM}:{password}"));
        let ha2 = hash(&format!("{method}:{}", given("uri")));
        let [count, client_nonce] = ["nc", "cnonce"].map(given);
        let expected = hash(&format!("{ha1}:{nonce}:{count}:{client_nonce}:auth:{ha2}"));
        [given("username"), given("realm"), given("nonce"), given("response")] == [username, REALM, nonce, &expected]
    }
}

fn hash(text: &str) -> String {
    Md5::digest(text).iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::digest::{Challenge, Credentials, Subject};

    #[test]
    fn it_takes_what_answers_its_challenge_and_nothing_else() {
        let secret = Secret { username: "trunk".to_owned(), password: "Upstream!7".to_owned() };
        let subject = Subject { method: "INVITE", uri: "sip:1@192.0.2.1", nonce_count: 1 };
        let answer = |password: &str| {
            let credentials = Credentials { username: "trunk".to_owned(), password: password.to_owned() };
            Challenge::parse(&Secret::challenge("n1")).answer(&credentials, subject)
        };
        assert!(secret.is_proven_by(&answer("Upstream!7"), "INVITE", "n1"));
        assert!(!secret.is_proven_by(&answer("Upstream!8"), "INVITE", "n1"));
        assert!(!secret.is_proven_by(&answer("Upstream!7"), "BYE", "n1"));
        assert!(!secret.is_proven_by(&answer("Upstream!7"), "INVITE", "n2"));
        assert!(!secret.is_proven_by("", "INVITE", "n1"));
    }
}
