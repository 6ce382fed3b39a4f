//! A network of source addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An IPv4 or IPv6 network, its host part all zeros. IPv4-mapped IPv6 addresses count as IPv4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    prefix_length: u8,
}

/// Why a text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Neither an address nor an address with a prefix length.
    #[error("must be an IP address or a network like 192.0.2.0/24 or 2001:db8::/32")]
    Malformed,
    /// Bits are set beyond the prefix, so that it is unclear which network is meant.
    #[error("has bits set beyond its prefix length; write the network's first address")]
    HostBits,
}

impl Network {
    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.prefix_length) == bits(self.address)
    }

    /// The network of that length that an address is in; `None` if its family has no prefixes of that length.
    #[must_use]
    pub fn around(address: IpAddr, prefix_length: u8) -> Option<Self> {
        let address = address.to_canonical();
        let width = if address.is_ipv4() { 32 } else { 128 };
        let first = masked(address, prefix_length.min(width));
        let first = match address {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(first >> 96).unwrap_or(0))),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(first)),
        };
        (prefix_length <= width).then_some(Self { address: first, prefix_length })
    }

    /// Its first address.
    #[must_use]
    pub const fn first_address(&self) -> IpAddr {
        self.address
    }

    /// How many bits its addresses have in common.
    #[must_use]
    pub const fn prefix_length(&self) -> u8 {
        self.prefix_length
    }

    /// The address if it means only one, as people write it.
    #[must_use]
    pub fn single_address(&self) -> Option<IpAddr> {
        let width = if self.address.is_ipv4() { 32 } else { 128 };
        (self.prefix_length == width).then_some(self.address)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    /// Reads `ADDRESS/LENGTH`, or an address alone for the network of that one.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let given: IpAddr = address.parse().map_err(|_| NetworkError::Malformed)?;
        let width = if given.is_ipv4() { 32 } else { 128 };
        let prefix_length = length.map_or(Some(width), |length| prefix_length(length, width));
        let prefix_length = prefix_length.ok_or(NetworkError::Malformed)?;
        let address = given.to_canonical();
        let prefix_length = match (given, address) {
            // What is left of a prefix of an IPv4-mapped network; a shorter one is no network of IPv4.
            (IpAddr::V6(_), IpAddr::V4(_)) => prefix_length.checked_sub(96).ok_or(NetworkError::Malformed)?,
            _ => prefix_length,
        };
        if masked(address, prefix_length) == bits(address) {
            Ok(Self { address, prefix_length })
        } else {
            Err(NetworkError::HostBits)
        }
    }
}

/// Digits only, without a leading zero, and at most `width`.
fn prefix_length(text: &str, width: u8) -> Option<u8> {
    let plain = text.bytes().all(|octet| octet.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|length| plain && *length <= width)
}

/// The address in the upper bits.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => Ipv6Addr::to_bits(address),
    }
}

fn masked(address: IpAddr, prefix_length: u8) -> u128 {
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix_length)).unwrap_or(0);
    bits(address) & mask
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_length)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Network({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_written() {
        for (text, written) in [
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("2001:DB8:0::1", "2001:db8::1/128"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), written, "{text}");
        }
        for text in ["", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/08", "::/129"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError::Malformed), "{text}");
        }
        for text in ["192.0.2", "192.0.2.0/24/8", " 192.0.2.0/24", "example.com", "::ffff:192.0.2.0/95", "[::1]"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError::Malformed), "{text}");
        }
        for text in ["192.0.2.7/24", "2001:db8::1/32", "0.0.0.1/0"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError::HostBits), "{text}");
        }
    }

    #[test]
    fn addresses_are_inside_or_outside() {
        for (network, inside, outside) in [
            ("192.0.2.0/25", "192.0.2.127", "192.0.2.128"),
            ("192.0.2.0/25", "::ffff:192.0.2.1", "::192.0.2.1"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "2001:db8::1", "192.0.2.1"),
            ("2001:db8::/127", "2001:db8::1", "2001:db8::2"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{network} {outside}");
        }
    }
}
