//! Numbers in headers.

use crate::{Defect, HeaderName};

/// Reads a number that may not exceed `most`; `name` is the header to blame.
pub(crate) fn number(octets: &[u8], most: u32, name: HeaderName) -> Result<u32, Defect> {
    match decimal(octets).ok_or(Defect::Malformed(name))? {
        value if value <= u64::from(most) => u32::try_from(value).map_err(|_| Defect::OutOfRange(name)),
        _ => Err(Defect::OutOfRange(name)),
    }
}

/// Reads a port, 1 to 65535.
pub(crate) fn port(octets: &[u8]) -> Option<u16> {
    u16::try_from(decimal(octets)?).ok().filter(|port| *port != 0)
}

/// One or more digits; a value beyond `u64` is `u64::MAX`.
fn decimal(octets: &[u8]) -> Option<u64> {
    if octets.is_empty() {
        return None;
    }
    octets.iter().try_fold(0u64, |value, octet| {
        let digit = octet.is_ascii_digit().then(|| u64::from(octet - b'0'))?;
        Some(value.saturating_mul(10).saturating_add(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let read = |text: &[u8]| number(text, u32::MAX, HeaderName::Expires);
        assert_eq!(read(b"0068"), Ok(68));
        assert_eq!(read(b"4294967295"), Ok(u32::MAX));
        assert_eq!(read(b"4294967296"), Err(Defect::OutOfRange(HeaderName::Expires)));
        assert_eq!(read(&[b'9'; 100]), Err(Defect::OutOfRange(HeaderName::Expires)));
        for malformed in [&b""[..], b"-1", b"+1", b"1 2", b"0x10", b"1.0"] {
            assert_eq!(read(malformed), Err(Defect::Malformed(HeaderName::Expires)));
        }
    }

    #[test]
    fn ports() {
        assert_eq!(port(b"05060"), Some(5060));
        for no_port in [&b"0"[..], b"", b"65536", b"a"] {
            assert_eq!(port(no_port), None);
        }
    }
}
