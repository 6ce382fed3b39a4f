//! An opened HA1.

use std::fmt;
use zeroize::Zeroizing;

/// An HA1 in the clear, on the stack, wiped when dropped. Use it and let it go; never store it.
pub struct OpenedHa1 {
    octets: Zeroizing<[u8; 32]>,
    length: usize,
}

impl OpenedHa1 {
    /// Copies what `fill` leaves in the first `length` octets; `None` unless an HA1 has that length.
    pub(crate) fn new<E>(length: usize, fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Option<Result<Self, E>> {
        let mut opened = Self { octets: Zeroizing::new([0; 32]), length };
        if !matches!(length, 16 | 32) {
            return None;
        }
        let filled = fill(opened.octets.get_mut(..length)?);
        Some(filled.map(|()| opened))
    }

    /// The raw hash: 16 octets for MD5, 32 for SHA-256 and SHA-512-256.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Debug for OpenedHa1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenedHa1(<redacted>)")
    }
}
