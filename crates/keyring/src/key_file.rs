//! The text form of master keys.

use crate::KeyringError;
use crate::master_key::MasterKey;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

const HEAD: &str = "\
# The master keys of a sipwarden installation. Without them no stored credential can be opened: keep a copy
# apart from the database. The first key seals; the others only open what they sealed earlier.
";

/// Reads all keys in their order; an empty list is the caller's to refuse.
pub(crate) fn parse(text: &str) -> Result<Vec<MasterKey>, KeyringError> {
    let mut keys: Vec<MasterKey> = Vec::new();
    for (index, content) in text.lines().enumerate() {
        let content = content.trim();
        let line = index + 1;
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let key = parse_line(content).ok_or(KeyringError::BadLine { line })?;
        if keys.iter().any(|earlier| earlier.id() == key.id()) {
            return Err(KeyringError::DuplicateKey { line, id: key.id() });
        }
        keys.push(key);
    }
    Ok(keys)
}

/// Prints the keys so that [`parse`] reads the same ones.
pub(crate) fn print<'k>(keys: impl Iterator<Item = &'k MasterKey>) -> Zeroizing<String> {
    let keys: Vec<&MasterKey> = keys.collect();
    // Enough for every line, so that the text never moves and leaves an unwiped copy behind.
    let mut text = Zeroizing::new(String::with_capacity(HEAD.len() + keys.len() * 64));
    text.push_str(HEAD);
    for key in keys {
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(key.expose()));
        text.push_str("key ");
        text.push_str(&key.id().to_string());
        text.push(' ');
        text.push_str(&encoded);
        text.push('\n');
    }
    text
}

fn parse_line(content: &str) -> Option<MasterKey> {
    let mut words = content.split_ascii_whitespace();
    let (Some("key"), Some(id), Some(encoded), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return None;
    };
    // The decoder asks for room by an estimate that may exceed the 32 octets it writes.
    let mut buffer = Zeroizing::new([0_u8; 48]);
    let length = BASE64_STANDARD.decode_slice(encoded, buffer.as_mut()).ok()?;
    let mut octets = Zeroizing::new([0_u8; 32]);
    octets.copy_from_slice(buffer.get(..length).filter(|decoded| decoded.len() == 32)?);
    Some(MasterKey::new(id.parse().ok()?, octets))
}
