//! What became of one authentication attempt, and why.

use crate::{AccountId, CredentialId, NearMiss, RealmId, Timestamp};
use std::fmt;
use std::net::SocketAddr;

/// Why an attempt was answered as it was: a closed set that tenants, filters and metrics rely on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AuthReason {
    /// The digest was right and everything else allowed it.
    Ok,
    /// No digest for our realm was sent; a challenge was.
    Challenge,
    /// No credential of that name in the realm.
    UnknownUser,
    /// The digest does not follow from the password.
    WrongPassword,
    /// The digest follows from an earlier password.
    OldPassword,
    /// The digest names a realm other than the one challenged for.
    RealmMismatch,
    /// The digest's `uri` does not match the Request-URI.
    UriMismatch,
    /// The nonce was ours but is no longer good; the phone was told `stale=true` if its digest was right.
    StaleNonce,
    /// The nonce was never issued by us, or not to this source.
    ForeignNonce,
    /// The nonce-count was used before.
    ReplayedNonceCount,
    /// An algorithm that the realm or the credential does not accept.
    AlgorithmNotAllowed,
    /// The credential (or its account) is disabled.
    CredentialDisabled,
    /// The credential is past its expiry.
    CredentialExpired,
    /// The source address is not among those the credential or trunk allows.
    SourceNotInAcl,
    /// More calls per second than allowed.
    CpsExceeded,
    /// More concurrent calls than allowed.
    CallsExceeded,
    /// The source or credential is banned for now.
    Banned,
    /// The Authorization header could not be read.
    Malformed,
}

impl AuthReason {
    /// Every reason.
    pub const ALL: [Self; 18] = [
        Self::Ok,
        Self::Challenge,
        Self::UnknownUser,
        Self::WrongPassword,
        Self::OldPassword,
        Self::RealmMismatch,
        Self::UriMismatch,
        Self::StaleNonce,
        Self::ForeignNonce,
        Self::ReplayedNonceCount,
        Self::AlgorithmNotAllowed,
        Self::CredentialDisabled,
        Self::CredentialExpired,
        Self::SourceNotInAcl,
        Self::CpsExceeded,
        Self::CallsExceeded,
        Self::Banned,
        Self::Malformed,
    ];

    /// The name used by API, log and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Challenge => "challenge",
            Self::UnknownUser => "unknown_user",
            Self::WrongPassword => "wrong_password",
            Self::OldPassword => "old_password",
            Self::RealmMismatch => "realm_mismatch",
            Self::UriMismatch => "uri_mismatch",
            Self::StaleNonce => "stale_nonce",
            Self::ForeignNonce => "foreign_nonce",
            Self::ReplayedNonceCount => "replayed_nonce_count",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::CredentialDisabled => "credential_disabled",
            Self::CredentialExpired => "credential_expired",
            Self::SourceNotInAcl => "source_not_in_acl",
            Self::CpsExceeded => "cps_exceeded",
            Self::CallsExceeded => "calls_exceeded",
            Self::Banned => "banned",
            Self::Malformed => "malformed",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// Whether somebody who sent an answer was turned away.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        !matches!(self, Self::Ok | Self::Challenge)
    }
}

impl fmt::Display for AuthReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is worth telling about an attempt besides its reason: a closed set like that of the reasons.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AuthRemark {
    /// A credential that has used SHA-256 or SHA-512-256 answered with MD5: another phone, an old one, or somebody who
    /// keeps the better challenges away. Told once per credential and day (UTC).
    AlgorithmDowngrade,
    /// The credential demands TLS or a secure WebSocket, and the request came without; the reason is
    /// [`AuthReason::SourceNotInAcl`].
    InsecureTransport,
    /// It was let in by the password before the present one, while their overlap runs.
    PreviousPassword,
    /// The secret is that of a device which was revoked; the reason is [`AuthReason::CredentialDisabled`].
    RevokedDevice,
}

impl AuthRemark {
    /// Every remark.
    pub const ALL: [Self; 4] =
        [Self::AlgorithmDowngrade, Self::InsecureTransport, Self::PreviousPassword, Self::RevokedDevice];

    /// The name used by API, log and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AlgorithmDowngrade => "algorithm_downgrade",
            Self::InsecureTransport => "insecure_transport",
            Self::PreviousPassword => "previous_password",
            Self::RevokedDevice => "revoked_device",
        }
    }

    /// The remark of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|remark| remark.as_str() == name)
    }
}

/// A hash that HA1s exist for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DigestAlgorithm {
    /// MD5 (RFC 3261 section 22.4).
    Md5,
    /// SHA-256 (RFC 7616, RFC 8760).
    Sha256,
    /// SHA-512-256 (RFC 7616, RFC 8760).
    Sha512_256,
}

impl DigestAlgorithm {
    /// Every algorithm, weakest first.
    pub const ALL: [Self; 3] = [Self::Md5, Self::Sha256, Self::Sha512_256];

    /// The IANA name, as in `algorithm=`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
        }
    }

    /// The algorithm of that IANA name, written as there.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

/// The transport a SIP message came over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SignallingTransport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket over TLS (RFC 7118).
    Wss,
}

impl SignallingTransport {
    /// Every transport.
    pub const ALL: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// The lower-case name, as in a `transport` parameter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// Whether messages come over connections that can end.
    #[must_use]
    pub const fn has_connections(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// The transport of that lower-case name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transport| transport.as_str() == name)
    }
}

/// One authentication attempt, borrowing from the message that made it; a sink copies what it keeps.
///
/// The texts are the sender's own octets: neither valid UTF-8 nor honest.
#[derive(Clone, Copy, Debug)]
pub struct AuthEvent<'m> {
    /// When it was decided.
    pub at: Timestamp,
    /// Why it was answered as it was.
    pub reason: AuthReason,
    /// The realm that the addressed host led to, if any.
    pub realm: Option<RealmId>,
    /// The account that owns the credential, if one was found.
    pub account: Option<AccountId>,
    /// The credential, if one was found.
    pub credential: Option<CredentialId>,
    /// The label of the device whose secret was given, empty without one.
    pub device: &'m [u8],
    /// The address it came from.
    pub source: SocketAddr,
    /// The transport it came over.
    pub transport: SignallingTransport,
    /// The SIP method.
    pub method: &'m [u8],
    /// The digest username as sent, empty without one.
    pub username: &'m [u8],
    /// The host of the Request-URI.
    pub host: &'m [u8],
    /// The User-Agent header, empty without one.
    pub user_agent: &'m [u8],
    /// The Call-ID.
    pub call_id: &'m [u8],
    /// The algorithm answered or offered first, if any.
    pub algorithm: Option<DigestAlgorithm>,
    /// What else is worth telling, if anything.
    pub remark: Option<AuthRemark>,
    /// What nearly went right, as far as it was found on the way; the rest is looked for later.
    pub near_miss: Option<NearMiss>,
    /// The realm of the answer, empty without one.
    pub claimed_realm: &'m [u8],
    /// The Date header of a request that was not let in, empty without one.
    pub date: &'m [u8],
    /// The number of the CSeq header: the same in a request that is sent again.
    pub cseq: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_names_are_distinct() {
        let mut names: Vec<_> = AuthReason::ALL.iter().map(|reason| reason.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 18);
        for reason in AuthReason::ALL {
            assert_eq!(AuthReason::from_name(reason.as_str()), Some(reason));
        }
        for remark in AuthRemark::ALL {
            assert_eq!(AuthRemark::from_name(remark.as_str()), Some(remark));
        }
    }
}
