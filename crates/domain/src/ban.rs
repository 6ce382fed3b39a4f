//! Whose answers are not verified for now, after too many that were wrong.

use crate::trunk::named;
use crate::{AccountId, BanId, CredentialId, Network, RealmId, Timestamp};

named! {
    /// What is banned.
    BanKind {
        /// A source with one username.
        Pair = "pair",
        /// A source, for failures with many usernames.
        Source = "source",
        /// A username, for failures from many sources; where it has worked before it goes on working.
        Username = "username",
    }
}

/// A ban, from its beginning to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Its public identifier.
    pub id: BanId,
    /// What is banned.
    pub kind: BanKind,
    /// The account that owns the credential, if there is one.
    pub account: Option<AccountId>,
    /// The realm that was addressed; absent for a source alone, and where nobody's realm was.
    pub realm: Option<RealmId>,
    /// The credential of that username, if there is one.
    pub credential: Option<CredentialId>,
    /// The generation of its password: with another one it starts afresh. 0 without a credential.
    pub generation: u32,
    /// What was sent as the username, at most 64 characters; absent for a source alone.
    pub username: Option<Box<str>>,
    /// The source, an IPv4 address or an IPv6 /64; absent for a username alone.
    pub network: Option<Network>,
    /// How many failures within the window led to it.
    pub failures: u32,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ends by itself.
    pub ends_at: Timestamp,
}
