//! Request methods (RFC 3261 section 7.1, and the RFCs that add some).

use core::fmt;

/// A request method. Methods are case-sensitive, and one we do not know is [`Method::Other`], not an error.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method<'m> {
    /// RFC 3261 section 10.
    Register,
    /// RFC 3261 section 13.
    Invite,
    /// RFC 3261 section 13.
    Ack,
    /// RFC 3261 section 9.
    Cancel,
    /// RFC 3261 section 15.
    Bye,
    /// RFC 3261 section 11.
    Options,
    /// RFC 3262.
    Prack,
    /// RFC 3311.
    Update,
    /// RFC 6086.
    Info,
    /// RFC 6665.
    Subscribe,
    /// RFC 6665.
    Notify,
    /// RFC 3903.
    Publish,
    /// RFC 3428.
    Message,
    /// RFC 3515.
    Refer,
    /// Any other token, as sent.
    Other(&'m [u8]),
}

impl<'m> Method<'m> {
    /// The method those octets name.
    #[must_use]
    pub fn from_octets(octets: &'m [u8]) -> Self {
        match octets {
            b"REGISTER" => Self::Register,
            b"INVITE" => Self::Invite,
            b"ACK" => Self::Ack,
            b"CANCEL" => Self::Cancel,
            b"BYE" => Self::Bye,
            b"OPTIONS" => Self::Options,
            b"PRACK" => Self::Prack,
            b"UPDATE" => Self::Update,
            b"INFO" => Self::Info,
            b"SUBSCRIBE" => Self::Subscribe,
            b"NOTIFY" => Self::Notify,
            b"PUBLISH" => Self::Publish,
            b"MESSAGE" => Self::Message,
            b"REFER" => Self::Refer,
            other => Self::Other(other),
        }
    }

    /// The method as it stands on the wire, which is also what a digest's A2 begins with.
    #[must_use]
    pub const fn as_bytes(self) -> &'m [u8] {
        match self {
            Self::Register => b"REGISTER",
            Self::Invite => b"INVITE",
            Self::Ack => b"ACK",
            Self::Cancel => b"CANCEL",
            Self::Bye => b"BYE",
            Self::Options => b"OPTIONS",
            Self::Prack => b"PRACK",
            Self::Update => b"UPDATE",
            Self::Info => b"INFO",
            Self::Subscribe => b"SUBSCRIBE",
            Self::Notify => b"NOTIFY",
            Self::Publish => b"PUBLISH",
            Self::Message => b"MESSAGE",
            Self::Refer => b"REFER",
            Self::Other(octets) => octets,
        }
    }
}

impl fmt::Debug for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({})", self.as_bytes().escape_ascii())
    }
}
