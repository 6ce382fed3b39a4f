//! Where a new password comes from. Never the command line: others on the machine can read that.

use crate::cli::NewPassword;
use crate::failure::Failure;
use crate::system::SystemRandom;
use domain::RandomSource;
use std::io::Read as _;
use zeroize::Zeroizing;

/// Letters and digits without those that are read for one another.
const ALPHABET: &[u8; 56] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
/// 20 of 56: about 116 bits.
const GENERATED_LENGTH: usize = 20;
/// Far above the longest password allowed.
const MAX_STDIN_OCTETS: u64 = 4_096;

/// Makes a password or reads one line from standard input.
pub(crate) fn obtain(new: &NewPassword) -> Result<Zeroizing<String>, Failure> {
    if new.generate { Ok(generate(&SystemRandom)) } else { read_line() }
}

/// Reads one line from standard input.
pub(crate) fn read_line() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let unreadable = |_| Failure::Refused("the password on standard input cannot be read; send it as UTF-8".into());
    std::io::stdin().take(MAX_STDIN_OCTETS).read_to_string(&mut text).map_err(unreadable)?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(Zeroizing::new(line.to_owned()))
}

fn generate(random: &dyn RandomSource) -> Zeroizing<String> {
    let mut password = Zeroizing::new(String::with_capacity(GENERATED_LENGTH));
    while password.len() < GENERATED_LENGTH {
        let mut octet = [0];
        random.fill(&mut octet);
        // Four whole alphabets; the rest would favour its first letters.
        let place = usize::from(octet[0]);
        if let Some(symbol) = ALPHABET.get(place % ALPHABET.len()).filter(|_| place < 4 * ALPHABET.len()) {
            password.push(char::from(*symbol));
        }
    }
    password
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_passwords_are_long_and_differ() {
        let (one, other) = (generate(&SystemRandom), generate(&SystemRandom));
        assert_eq!(one.len(), 20);
        assert!(one.bytes().all(|octet| octet.is_ascii_alphanumeric()));
        assert_ne!(*one, *other);
    }
}
