//! Hardware addresses of desk phones.

use std::fmt;

/// A 48-bit hardware address (IEEE 802), by which a desk phone asks for its configuration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress([u8; 6]);

/// Why a text is not a [`MacAddress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the address of one phone: twelve hexadecimal digits, alone or in pairs with ':' or '-' between")]
pub struct MacAddressError;

impl MacAddress {
    /// Reads twelve digits of either case, alone or in pairs with one separator between. Group addresses and the one of
    /// zeros are nobody's.
    ///
    /// # Errors
    /// [`MacAddressError`].
    pub fn parse(text: &str) -> Result<Self, MacAddressError> {
        let mut octets = [0; 6];
        let separator = text.as_bytes().get(2).copied().filter(|octet| matches!(octet, b':' | b'-'));
        let parts: Vec<&[u8]> = match separator {
            Some(separator) => text.as_bytes().split(|octet| *octet == separator).collect(),
            None => text.as_bytes().chunks(2).collect(),
        };
        if parts.len() != octets.len() {
            return Err(MacAddressError);
        }
        for (octet, part) in octets.iter_mut().zip(parts) {
            let [high, low] = part else { return Err(MacAddressError) };
            *octet = digit(*high)? << 4 | digit(*low)?;
        }
        Self::from_bytes(octets).ok_or(MacAddressError)
    }

    /// The address of those octets, if it is one of a single device.
    #[must_use]
    pub fn from_bytes(octets: [u8; 6]) -> Option<Self> {
        let [first, ..] = octets;
        (first & 1 == 0 && octets != [0; 6]).then_some(Self(octets))
    }

    /// Its octets.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 6] {
        &self.0
    }
}

fn digit(octet: u8) -> Result<u8, MacAddressError> {
    let value = char::from(octet).to_digit(16).ok_or(MacAddressError)?;
    u8::try_from(value).map_err(|_| MacAddressError)
}

/// Twelve lower-case digits, as in the names of the files phones ask for.
impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_in_all_its_spellings() {
        let expected = MacAddress([0x80, 0x5e, 0xc0, 0x12, 0xab, 0xcd]);
        for text in ["805ec012abcd", "805EC012ABCD", "80:5e:c0:12:ab:cd", "80-5E-C0-12-AB-CD"] {
            assert_eq!(MacAddress::parse(text), Ok(expected), "{text}");
        }
        assert_eq!(expected.to_string(), "805ec012abcd");
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "805ec012abc",
            "805ec012abcde",
            "80:5e:c0:12:ab",
            "80:5e:c0:12:ab:c",
            "80:5e-c0:12:ab:cd",
            "+05ec012abcd",
            "805ec012abcg",
            "000000000000",
            "01005e000001",
            "ffffffffffff",
            "80::5e:c0:12:ab",
            "8é5ec012abc",
        ] {
            assert_eq!(MacAddress::parse(text), Err(MacAddressError), "{text}");
        }
    }
}
