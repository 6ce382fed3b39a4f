//! Networks whose requests a trunk knows without a password.

use crate::{AccountId, IpAclId, Network, Revision, Timestamp};

/// An entry of an IP access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpAcl {
    /// Its public identifier.
    pub id: IpAclId,
    /// The account that owns it.
    pub account: AccountId,
    /// The source addresses it means.
    pub network: Network,
    /// The tenant's own note, at most 255 characters, possibly empty.
    pub description: Box<str>,
    /// Whether it lets anybody in.
    pub enabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// The revision that last wrote it; storage sets it, and a change made from an older one is refused.
    pub revision: Revision,
}

/// Why a network lets in whom nobody can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooWide {
    /// A prefix that is too short to mean one organisation.
    #[error(
        "is too wide: a network in an access list has a prefix of at least /8 (IPv4) or /16 (IPv6), since whoever is in it needs no password"
    )]
    Prefix,
    /// An address no packet comes from.
    #[error("is not an address that packets come from; write the gateway's own address")]
    NoSource,
}

impl IpAcl {
    /// Checks that a network can stand in an access list.
    ///
    /// # Errors
    /// [`TooWide`].
    pub fn check(network: &Network) -> Result<(), TooWide> {
        let address = network.first_address();
        let shortest = if address.is_ipv4() { 8 } else { 16 };
        if network.prefix_length() < shortest {
            Err(TooWide::Prefix)
        } else if address.is_unspecified() || address.is_multicast() {
            Err(TooWide::NoSource)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_means_somebody() {
        for (network, outcome) in [
            ("192.0.2.1", Ok(())),
            ("10.0.0.0/8", Ok(())),
            ("127.0.0.1", Ok(())),
            ("2001:db8::/32", Ok(())),
            ("0.0.0.0/0", Err(TooWide::Prefix)),
            ("128.0.0.0/1", Err(TooWide::Prefix)),
            ("::/0", Err(TooWide::Prefix)),
            ("0.0.0.0", Err(TooWide::NoSource)),
            ("0.0.0.0/8", Err(TooWide::NoSource)),
            ("224.0.0.1", Err(TooWide::NoSource)),
            ("ff02::1", Err(TooWide::NoSource)),
        ] {
            assert_eq!(IpAcl::check(&network.parse().unwrap()), outcome, "{network}");
        }
    }
}
