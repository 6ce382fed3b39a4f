//! Authentication events as they are kept.

use crate::{
    AccountId, AuthReason, AuthRemark, CredentialId, DigestAlgorithm, NearMiss, SignallingTransport, Timestamp,
};
use std::net::SocketAddr;

/// The number storage gives a kept event. It counts those of all accounts, so it is shown to none of them as it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AuthRecordId(pub i64);

/// One authentication attempt, or several alike, for people.
///
/// Texts are cut (16 octets of method, 64 of the others), valid and without control characters; what they say is the
/// sender's claim. What was typed as a username may be a password, so it is for the account's eyes and nobody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthRecord {
    /// When the first attempt was decided.
    pub at: Timestamp,
    /// When the last one was; the same for a single one.
    pub last_at: Timestamp,
    /// How many attempts it stands for, at least one.
    pub attempts: u32,
    /// Whose it is: the account of the credential or of the addressed host; `None` for the operator's alone.
    pub account: Option<AccountId>,
    /// The credential, if one was found.
    pub credential: Option<CredentialId>,
    /// What the device is called whose secret was given, if it was one's.
    pub device: Option<Box<str>>,
    /// Why it was answered as it was.
    pub reason: AuthReason,
    /// What else is worth telling.
    pub remark: Option<AuthRemark>,
    /// What nearly went right.
    pub near_miss: Option<NearMiss>,
    /// The realm of the phone's answer, where it is not the one it was challenged for.
    pub claimed_realm: Option<Box<str>>,
    /// The address it came from; [`Self::MANY_SOURCES`] where it stands for attempts from several.
    pub source: SocketAddr,
    /// The transport it came over.
    pub transport: SignallingTransport,
    /// The algorithm answered or offered first.
    pub algorithm: Option<DigestAlgorithm>,
    /// The SIP method.
    pub method: Box<str>,
    /// The digest username as sent; empty without one, and where several were.
    pub username: Box<str>,
    /// The host of the Request-URI.
    pub host: Box<str>,
    /// The User-Agent header.
    pub user_agent: Box<str>,
    /// The Call-ID.
    pub call_id: Box<str>,
}

impl AuthRecord {
    /// Stands for addresses that are not listed one by one; nothing is ever received from it.
    pub const MANY_SOURCES: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);

    /// Whether somebody who sent an answer was turned away.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.reason.is_refusal()
    }
}
