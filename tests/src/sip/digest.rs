//! The phone's half of SIP digest, after RFC 7616 section 3.4 and RFC 8760: independent of the product's.

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};
use std::fmt::Write;

/// One challenge of a 401 or 407.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The realm as challenged.
    pub realm: String,
    /// The nonce as challenged.
    pub nonce: String,
    /// The algorithm's name; MD5 where the challenge names none.
    pub algorithm: String,
    /// To be sent back unchanged, if there.
    pub opaque: Option<String>,
    /// The qualities of protection offered.
    pub qop: Option<String>,
    /// Whether only the nonce was at fault.
    pub stale: bool,
}

/// A name and its password.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The digest username.
    pub username: String,
    /// The password in clear.
    pub password: String,
}

/// What the digest is computed over beside challenge and credentials.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The SIP method.
    pub method: &'s str,
    /// The digest `uri`.
    pub uri: &'s str,
    /// How often this nonce has been used, this time included.
    pub nonce_count: u32,
}

impl Challenge {
    /// Reads the value of a `WWW-Authenticate` header.
    ///
    /// # Panics
    /// When it is no digest challenge with realm and nonce.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        let parameters = parameters(value);
        let find = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        Self {
            realm: find("realm").unwrap_or_else(|| panic!("no realm in {value}")),
            nonce: find("nonce").unwrap_or_else(|| panic!("no nonce in {value}")),
            algorithm: find("algorithm").unwrap_or_else(|| "MD5".to_owned()),
            opaque: find("opaque"),
            qop: find("qop"),
            stale: find("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        }
    }

    /// The value of the `Authorization` header that answers this challenge.
    ///
    /// # Panics
    /// When the challenge asks for what this client cannot do.
    #[must_use]
    pub fn answer(&self, credentials: &Credentials, subject: Subject<'_>) -> String {
        self.answer_with(credentials, subject, &format!("c{}", super::message::unique()))
    }

    /// The same with that client nonce, to judge the answer of somebody else.
    ///
    /// # Panics
    /// When the challenge asks for what this client cannot do.
    #[must_use]
    pub fn answer_with(&self, credentials: &Credentials, subject: Subject<'_>, client_nonce: &str) -> String {
        let Subject { method, uri, nonce_count } = subject;
        let hash = |text: &str| hash(&self.algorithm, text);
        let Credentials { username, password } = credentials;
        let plain_ha1 = hash(&format!("{username}:{}:{password}", self.realm));
        let ha1 = if self.algorithm.to_ascii_lowercase().ends_with("-sess") {
            hash(&format!("{plain_ha1}:{}:{client_nonce}", self.nonce))
        } else {
            plain_ha1
        };
        let ha2 = hash(&format!("{method}:{uri}"));
        let mut value = format!(
            "Digest username=\"{username}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", algorithm={}",
            self.realm, self.nonce, self.algorithm
        );
        let response = if self.qop.as_deref().is_some_and(|offered| offered.split(',').any(|qop| qop.trim() == "auth"))
        {
            let _ = write!(value, ", qop=auth, nc={nonce_count:08x}, cnonce=\"{client_nonce}\"");
            hash(&format!("{ha1}:{}:{nonce_count:08x}:{client_nonce}:auth:{ha2}", self.nonce))
        } else {
            hash(&format!("{ha1}:{}:{ha2}", self.nonce))
        };
        let _ = write!(value, ", response=\"{response}\"");
        if let Some(opaque) = &self.opaque {
            let _ = write!(value, ", opaque=\"{opaque}\"");
        }
        value
    }
}

/// The parameters of a challenge or of credentials, names in lower case, quotes taken off.
#[must_use]
pub fn parameters(value: &str) -> Vec<(String, String)> {
    let mut rest = value.trim_start().strip_prefix("Digest").unwrap_or(value).trim_start();
    let mut found = Vec::new();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, remainder) = if let Some(quoted) = after.strip_prefix('"') {
            quoted.split_once('"').unwrap_or((quoted, ""))
        } else {
            let end = after.find([',', ' ']).unwrap_or(after.len());
            after.split_at(end)
        };
        found.push((name.trim().to_ascii_lowercase(), value.to_owned()));
        rest = remainder.trim_start_matches([',', ' ', '\t']);
    }
    found
}

fn hash(algorithm: &str, text: &str) -> String {
    let name = algorithm.to_ascii_uppercase();
    match name.strip_suffix("-SESS").unwrap_or(&name) {
        "MD5" => hexadecimal(&Md5::digest(text)),
        "SHA-256" => hexadecimal(&Sha256::digest(text)),
        "SHA-512-256" => hexadecimal(&Sha512_256::digest(text)),
        _ => panic!("an algorithm that nobody asked for: {algorithm}"),
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The judge must itself be right: RFC 7616 section 3.9.1, whose client nonce is fixed, by its own hash steps.
    #[test]
    fn the_hashes_of_rfc_7616_section_3_9_1() {
        for (algorithm, expected) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let ha1 = hash(algorithm, "Mufasa:http-auth@example.org:Circle of Life");
            let ha2 = hash(algorithm, "GET:/dir/index.html");
            let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
            let client_nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
            let response = hash(algorithm, &format!("{ha1}:{nonce}:00000001:{client_nonce}:auth:{ha2}"));
            assert_eq!(response, expected);
        }
    }

    #[test]
    fn a_challenge_is_read_whatever_its_spacing() {
        let challenge =
            Challenge::parse("Digest realm=\"a, b\",nonce=\"n=\" , algorithm=SHA-256,stale=TRUE, qop=\"auth\"");
        assert_eq!((challenge.realm.as_str(), challenge.nonce.as_str()), ("a, b", "n="));
        assert_eq!((challenge.algorithm.as_str(), challenge.stale), ("SHA-256", true));
        assert_eq!(challenge.qop.as_deref(), Some("auth"));
    }
}
