//! The last time a credential let somebody in.

use crate::{CredentialId, DigestAlgorithm, SignallingTransport, Timestamp};
use std::net::SocketAddr;

/// Where from, with what and when a credential was last used; exact to a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialUse {
    /// The credential.
    pub credential: CredentialId,
    /// When.
    pub at: Timestamp,
    /// The address the request came from.
    pub source: SocketAddr,
    /// The transport it came over.
    pub transport: SignallingTransport,
    /// The SIP method: the sender's own octets, cut to 32 and without control characters.
    pub method: Box<str>,
    /// What the phone claims to be, cut to 64 octets and without control characters; empty without a User-Agent.
    pub user_agent: Box<str>,
    /// The hash that was answered with.
    pub algorithm: DigestAlgorithm,
    /// The generation of the password that was proven.
    pub generation: u32,
}
