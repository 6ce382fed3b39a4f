//! The next hops of trunks.

use crate::{AccountId, OriginationUriId, Revision, Sealed, SipUri, Timestamp, TrunkTransport};

/// A next hop to which calls can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginationUri {
    /// Its public identifier.
    pub id: OriginationUriId,
    /// The account that owns it.
    pub account: AccountId,
    /// Where requests go.
    pub uri: SipUri,
    /// Lower ones are tried first.
    pub priority: u16,
    /// Its share among those of the same priority; 0 gets calls only where nothing else does.
    pub weight: u16,
    /// Whether it gets any calls.
    pub enabled: bool,
    /// The transport, where the URI names none.
    pub transport: TrunkTransport,
    /// The tenant's own note, at most 255 characters, possibly empty.
    pub description: Box<str>,
    /// How we answer when it challenges us.
    pub secret: Option<UpstreamSecret>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// The revision that last wrote it; storage sets it, and a change made from an older one is refused.
    pub revision: Revision,
}

impl OriginationUri {
    /// The priority of one that is given none.
    pub const DEFAULT_PRIORITY: u16 = 10;
    /// The weight of one that is given none.
    pub const DEFAULT_WEIGHT: u16 = 10;
}

/// A username and password of ours at a next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamSecret {
    /// The username, 1 to 128 characters.
    pub username: Box<str>,
    /// The password, sealed so that the signalling plane can open it: the next hop chooses the realm, so that no HA1
    /// can be made beforehand.
    pub password: Sealed,
    /// Whether and for how long we register there.
    pub registration: Option<UpstreamRegistration>,
}

/// That we register at a next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamRegistration {
    /// The expiry we ask for, in seconds.
    pub expires_seconds: u32,
}

impl UpstreamRegistration {
    /// The expiry that is asked for where none is given.
    pub const DEFAULT_EXPIRES_SECONDS: u32 = 3600;
    /// Which expiries may be asked for.
    pub const EXPIRES_SECONDS: std::ops::RangeInclusive<u32> = 60..=86_400;
}
