//! Identifiers of trunks and of what is attached to them.

use crate::Timestamp;
use std::fmt;
use uuid::Uuid;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Reads the hyphenated form, and only that.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                if text.len() == 36 { Uuid::try_parse(text).ok().map(Self) } else { None }
            }

            /// The identifier of those sixteen octets.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// Its sixteen octets.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

identifier! {
    /// A trunk's public identifier: a random UUID, because its first eight digits name the trunk's host and those of
    /// a version 7 UUID are the same for a minute.
    TrunkId
}
identifier! {
    /// The public identifier of an entry of an IP access list: a version 7 UUID.
    IpAclId
}
identifier! {
    /// The public identifier of an origination URI: a version 7 UUID.
    OriginationUriId
}

identifier! {
    /// A ban's public identifier: a version 7 UUID.
    BanId
}

identifier! {
    /// The public identifier of a device of a credential: a version 7 UUID.
    DeviceId
}

impl DeviceId {
    /// An identifier for a device created at that moment, from ten random octets (RFC 9562 section 5.7).
    #[must_use]
    pub fn new(created_at: Timestamp, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(created_at.as_unix_millis(), &random).into_uuid())
    }
}

identifier! {
    /// The public identifier of a provisioning link: a version 7 UUID that tells nothing of its token.
    ProvisioningLinkId
}

impl ProvisioningLinkId {
    /// An identifier for a link made at that moment, from ten random octets (RFC 9562 section 5.7).
    #[must_use]
    pub fn new(created_at: Timestamp, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(created_at.as_unix_millis(), &random).into_uuid())
    }
}

impl BanId {
    /// An identifier for a ban of that moment, from ten random octets (RFC 9562 section 5.7).
    #[must_use]
    pub fn new(began_at: Timestamp, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(began_at.as_unix_millis(), &random).into_uuid())
    }
}

impl TrunkId {
    /// A random identifier (RFC 9562 section 5.4).
    #[must_use]
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(random).into_uuid())
    }

    /// The label that stands for the trunk in its host name: the first eight hexadecimal digits.
    #[must_use]
    pub fn to_domain_label(&self) -> String {
        let [a, b, c, d, ..] = *self.as_bytes();
        format!("{a:02x}{b:02x}{c:02x}{d:02x}")
    }
}

impl IpAclId {
    /// An identifier for an entry made at that moment, from ten random octets (RFC 9562 section 5.7).
    #[must_use]
    pub fn new(created_at: Timestamp, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(created_at.as_unix_millis(), &random).into_uuid())
    }
}

impl OriginationUriId {
    /// An identifier for a URI made at that moment, from ten random octets (RFC 9562 section 5.7).
    #[must_use]
    pub fn new(created_at: Timestamp, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(created_at.as_unix_millis(), &random).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_read_back_and_a_trunk_names_a_label() {
        let trunk = TrunkId::from_random([0xab; 16]);
        assert_eq!(TrunkId::parse(&trunk.to_string()), Some(trunk));
        assert_eq!(trunk.to_domain_label(), "abababab");
        assert!(trunk.to_string().starts_with("abababab-"));
        assert_eq!(TrunkId::parse(&trunk.to_string().replace('-', "")), None);
        let (first, second) = (Timestamp::from_seconds(1_000), Timestamp::from_seconds(1_001));
        assert!(IpAclId::new(first, [9; 10]) < IpAclId::new(second, [0; 10]));
        assert!(OriginationUriId::new(first, [9; 10]) < OriginationUriId::new(second, [0; 10]));
    }
}
