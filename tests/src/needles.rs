//! Looks for secrets in octets, however they may have been written there.

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};
use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// How every form of a secret is looked up; also the shortest secret worth looking for.
const KEY_OCTETS: usize = 8;

/// Secrets, each in every notation it could be found in. All are looked for in one pass.
#[derive(Clone, Debug, Default)]
pub struct Needles {
    by_key: HashMap<[u8; KEY_OCTETS], Vec<Form>>,
}

#[derive(Clone, Debug)]
struct Form {
    name: Rc<str>,
    notation: &'static str,
    octets: Vec<u8>,
}

impl Needles {
    /// Adds a secret, and what to call it in a message.
    ///
    /// # Panics
    /// When the secret is so short that it would be found by chance.
    pub fn add(&mut self, name: &str, secret: &[u8]) {
        let name = Rc::from(name);
        for (notation, octets) in forms(secret) {
            let key = *octets.first_chunk().expect("a secret long enough not to be found by chance");
            self.by_key.entry(key).or_default().push(Form { name: Rc::clone(&name), notation, octets });
        }
    }

    /// Adds a password and everything that could stand in for it: its HA1s under that name.
    ///
    /// # Panics
    /// When the password is too short to be looked for.
    pub fn add_password(&mut self, realm: &str, username: &str, password: &str) {
        self.add(&format!("the password {password}"), password.as_bytes());
        let text = format!("{username}:{realm}:{password}");
        for (algorithm, ha1) in [
            ("MD5", Md5::digest(&text).to_vec()),
            ("SHA-256", Sha256::digest(&text).to_vec()),
            ("SHA-512-256", Sha512_256::digest(&text).to_vec()),
        ] {
            self.add(&format!("the {algorithm} HA1 of {username} with {password}"), &ha1);
        }
    }

    /// Which secrets stand in the octets, how and where.
    #[must_use]
    pub fn found_in(&self, octets: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (at, window) in octets.windows(KEY_OCTETS).enumerate() {
            for Form { name, notation, octets: form } in self.by_key.get(window).into_iter().flatten() {
                if octets[at..].starts_with(form) {
                    found.push(format!("{name} stands {notation} at octet {at}"));
                }
            }
        }
        found
    }
}

fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("as it is", secret.to_vec()),
        ("reversed", secret.iter().rev().copied().collect()),
        ("in hexadecimal", hexadecimal(secret).into_bytes()),
        ("in capital hexadecimal", hexadecimal(secret).to_ascii_uppercase().into_bytes()),
        ("as a list of numbers", list_of_numbers(secret).into_bytes()),
        ("in UTF-16", secret.iter().flat_map(|octet| [*octet, 0]).collect()),
    ];
    for alphabet in [STANDARD, URL_SAFE] {
        // Whatever stood before it in the encoded text, it begins at one of three places of a group.
        forms.extend((0..3).map(|before| ("in base64", base64_behind(before, secret, alphabet))));
    }
    forms
}

/// The octets as lower-case hexadecimal digits.
#[must_use]
pub fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// The octets of a text in hexadecimal digits, if it is one.
#[must_use]
pub fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let octet = |pair: &[u32]| pair.iter().fold(0, |octet, digit| octet * 16 + digit);
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).filter_map(|pair| u8::try_from(octet(pair)).ok()).collect())
}

/// The octets of a text in base64 of either alphabet, if it is one.
#[must_use]
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for character in text.trim_end_matches('=').bytes() {
        let value = |alphabet: &[u8; 64]| alphabet.iter().position(|known| *known == character);
        let value = value(STANDARD).or_else(|| value(URL_SAFE))?;
        bits = (bits << 6 | u32::try_from(value).ok()?) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            octets.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(octets)
}

fn list_of_numbers(octets: &[u8]) -> String {
    octets.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
}

/// The characters that depend on nothing but the secret when it is encoded behind that many other octets.
fn base64_behind(before: usize, secret: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let octets = [&vec![0; before][..], secret].concat();
    let character = |index: usize| {
        let bit = |bit: usize| usize::from(octets[bit / 8] >> (7 - bit % 8) & 1);
        alphabet[(index * 6..index * 6 + 6).fold(0, |value, at| value << 1 | bit(at))]
    };
    let (first, end) = ((before * 8).div_ceil(6), octets.len() * 8 / 6);
    (first..end).map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_notation_and_nowhere_else() {
        let mut needles = Needles::default();
        needles.add("the word", b"open sesame");
        for text in [
            "x open sesame x",
            "emases nepo",
            "[6f70656e20736573616d65]",
            "6F70656E20736573616D65",
            "[111, 112, 101, 110, 32, 115, 101, 115, 97, 109, 101]",
            "b3BlbiBzZXNhbWU=",
            // Behind one octet and behind two.
            "eG9wZW4gc2VzYW1l",
            "eHhvcGVuIHNlc2FtZQ",
            "o\0p\0e\0n\0 \0s\0e\0s\0a\0m\0e\0",
        ] {
            assert!(!needles.found_in(text.as_bytes()).is_empty(), "{text}");
        }
        assert!(needles.found_in(b"open sesam, open sesami, openopen sesam").is_empty());
    }

    #[test]
    fn encoded_octets_are_read_back() {
        assert_eq!(from_base64("b3BlbiBzZXNhbWU=").as_deref(), Some(&b"open sesame"[..]));
        assert_eq!(from_base64("-_8").as_deref(), Some(&[0xfb, 0xff][..]));
        assert_eq!(from_hexadecimal(&hexadecimal(b"open")).as_deref(), Some(&b"open"[..]));
        assert_eq!((from_base64("a b"), from_hexadecimal("abc")), (None, None));
    }
}
