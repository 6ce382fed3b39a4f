//! Base64url of whole triples of octets: no padding and no unused bits, so every text has one meaning and every meaning
//! one text. No character needs an escape in a quoted string or in the user part of a SIP URI.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text of those octets.
pub(crate) fn encode<const OCTETS: usize, const CHARACTERS: usize>(octets: &[u8; OCTETS]) -> [u8; CHARACTERS] {
    const { assert!(OCTETS.is_multiple_of(3) && OCTETS / 3 * 4 == CHARACTERS, "four characters for three octets") };
    let mut text = [0; CHARACTERS];
    for ([a, b, c], four) in octets.as_chunks::<3>().0.iter().zip(text.as_chunks_mut::<4>().0) {
        let bits = u32::from_be_bytes([0, *a, *b, *c]);
        *four = [18, 12, 6, 0].map(|shift| ALPHABET.get((bits >> shift & 63) as usize).copied().unwrap_or(b'A'));
    }
    text
}

/// The octets of a text, `None` if it has another length or any character outside the alphabet.
pub(crate) fn decode<const OCTETS: usize, const CHARACTERS: usize>(text: &[u8]) -> Option<[u8; OCTETS]> {
    const { assert!(OCTETS.is_multiple_of(3) && OCTETS / 3 * 4 == CHARACTERS, "four characters for three octets") };
    let text: &[u8; CHARACTERS] = text.try_into().ok()?;
    let mut octets = [0; OCTETS];
    for (four, three) in text.as_chunks::<4>().0.iter().zip(octets.as_chunks_mut::<3>().0) {
        let mut bits = 0;
        for character in four {
            bits = bits << 6 | u32::from(six_bits(*character)?);
        }
        let [_, a, b, c] = bits.to_be_bytes();
        *three = [a, b, c];
    }
    Some(octets)
}

const fn six_bits(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}
