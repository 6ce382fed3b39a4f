//! The text form of master keys.

use crate::KeyringError;
use crate::master_key::MasterKey;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::sync::Arc;
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

/// Prints the keys so that [`parse`] reads the same ones, with the comments of the text `before` that they replace.
pub(crate) fn print(keys: &[Arc<MasterKey>], before: Option<&str>) -> Zeroizing<String> {
    let comments = before.map(Comments::of).unwrap_or_default();
    // Enough for every line, so that the text never moves and leaves an unwiped copy behind.
    let capacity = HEAD.len() + before.map_or(0, str::len) + keys.len() * 64;
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    if comments.head.is_empty() {
        text.push_str(HEAD);
    }
    push_lines(&mut text, &comments.head);
    for key in keys {
        if let Some((_, above)) = comments.above.iter().find(|(id, _)| *id == key.id()) {
            push_lines(&mut text, above);
        }
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(key.expose()));
        text.push_str("key ");
        text.push_str(&key.id().to_string());
        text.push(' ');
        text.push_str(&encoded);
        text.push('\n');
    }
    push_lines(&mut text, &comments.tail);
    text
}

/// The comments of a key text: what stands above the first key is about the file, what stands above another is about
/// that key and goes with it.
#[derive(Default)]
struct Comments<'t> {
    head: Vec<&'t str>,
    above: Vec<(u32, Vec<&'t str>)>,
    tail: Vec<&'t str>,
}

impl<'t> Comments<'t> {
    fn of(text: &'t str) -> Self {
        let (mut comments, mut is_first) = (Self::default(), true);
        for line in text.lines() {
            match parse_line(line.trim()) {
                None => comments.tail.push(line),
                Some(key) => {
                    let above = std::mem::take(&mut comments.tail);
                    if std::mem::take(&mut is_first) {
                        comments.head = above;
                    } else {
                        comments.above.push((key.id(), above));
                    }
                }
            }
        }
        comments
    }
}

fn push_lines(text: &mut String, lines: &[&str]) {
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
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
