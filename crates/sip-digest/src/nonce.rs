//! Stateless nonces: a nonce carries what is needed to judge it, so issuing one costs no memory, however many are
//! asked for, and any node that has the key can judge any nonce.
//!
//! Eighteen octets, written as 24 characters of base64url without padding:
//!
//! | octets | meaning |
//! |---|---|
//! | 0 | hash it was issued for (2 bits), lane (6 bits) |
//! | 1–3 | low 24 bits of the Unix second of issue |
//! | 4–5 | low 16 bits of the boot number |
//! | 6–9 | serial within the lane |
//! | 10–17 | HMAC-SHA-256, first 64 bits |
//!
//! The MAC covers a version tag, all of that with the *whole* second and boot number, the realm and the source address.
//! Whoever judges a nonce completes the shortened numbers from the present time and boot; a nonce whose numbers mean
//! something else by now (after 194 days) has a wrong MAC. 64 bits suffice because a guess can be tried only here.
//!
//! It is short on purpose: the text that an MD5 response hashes, `HA1:nonce:nc:cnonce:auth:HA2`, is then at most 119
//! octets for cnonces of up to 14 characters, which is two blocks of MD5; with SHA-256, 183 octets, three blocks.

use crate::{ContactKey, FlowTokenKey, HashAlgorithm, NonceNumber, url_safe};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::net::IpAddr;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Characters of a nonce.
pub const NONCE_LENGTH: usize = 24;
/// Octets that they stand for.
const NONCE_OCTETS: usize = 18;

/// How far ahead of our clock another node's may be; a nonce from later than that is foreign.
pub const CLOCK_TOLERANCE_SECONDS: u64 = 10;

/// What the key of flow tokens is derived for.
const FLOW_TOKEN_LABEL: &[u8] = b"sipwarden flow tokens";
/// What the key of contact tokens is derived for.
const CONTACT_LABEL: &[u8] = b"sipwarden contact tokens";

/// A nonce as it stands in a challenge.
pub type NonceText = [u8; NONCE_LENGTH];

/// The key of the MAC, kept as the two hash states it leads to, so that each MAC is two compressions. Wiped when
/// dropped.
#[derive(Clone)]
pub struct NonceKey(Hmac<Sha256>);

impl NonceKey {
    /// Takes 32 unpredictable octets, the same on every node.
    #[must_use]
    pub fn new(octets: &[u8; 32]) -> Self {
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
        Self(Hmac::new((&*block).into()))
    }

    /// The octets of another key, by its purpose, from which this one does not follow. No label begins as what
    /// [`Self::mac`] covers.
    fn derive(&self, label: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut hmac = self.0.clone();
        hmac.update(label);
        Zeroizing::new(hmac.finalize().into_bytes().into())
    }

    fn mac(&self, nonce: &IssuedNonce, scope: &NonceScope) -> [u8; 8] {
        let source = match scope.source {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        let mut hmac = self.0.clone();
        // 45 octets: with HMAC's padding, one block.
        hmac.update(b"SWN1");
        hmac.update(&[nonce.head()]);
        hmac.update(&nonce.issued_at.to_be_bytes());
        hmac.update(&nonce.boot.to_be_bytes());
        hmac.update(&nonce.serial.to_be_bytes());
        hmac.update(&scope.realm.to_be_bytes());
        hmac.update(&source.octets());
        let whole: [u8; 32] = hmac.finalize().into_bytes().into();
        let [a, b, c, d, e, f, g, h, ..] = whole;
        [a, b, c, d, e, f, g, h]
    }
}

impl fmt::Debug for NonceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NonceKey(<redacted>)")
    }
}

/// Which of up to 64 independent owners of nonce-count windows issued a nonce, and so must judge its nonce-counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Lane(u8);

impl Lane {
    /// How many there can be.
    pub const COUNT: u8 = 64;

    /// The lane of that index; `None` from [`Lane::COUNT`] on.
    #[must_use]
    pub const fn new(index: u8) -> Option<Self> {
        if index < Self::COUNT { Some(Self(index)) } else { None }
    }

    /// Its index.
    #[must_use]
    pub const fn index(self) -> u8 {
        self.0
    }
}

/// Whom a nonce is for; with any other realm or source it is foreign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NonceScope {
    /// The number of the realm challenged for.
    pub realm: i64,
    /// The source address. Its port is left out because NATs change it; IPv4-mapped IPv6 counts as IPv4.
    pub source: IpAddr,
}

/// What tells a nonce from all others of this boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NonceSeed {
    /// The hash the challenge names; the answer must use it.
    pub hash: HashAlgorithm,
    /// The lane that issues it.
    pub lane: Lane,
    /// The lane's own count of nonces. It may wrap, but not within one second.
    pub serial: u32,
}

/// A nonce that [`NonceIssuer::inspect`] found to be ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IssuedNonce {
    hash: HashAlgorithm,
    lane: Lane,
    issued_at: u64,
    boot: u32,
    serial: u32,
}

impl IssuedNonce {
    /// The hash it was issued for.
    #[must_use]
    pub const fn hash(&self) -> HashAlgorithm {
        self.hash
    }

    /// The lane whose [`NonceCounts`](crate::NonceCounts) know what was spent of it.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        self.lane
    }

    /// The Unix second of its issue.
    #[must_use]
    pub const fn issued_at(&self) -> u64 {
        self.issued_at
    }

    /// The boot that issued it.
    #[must_use]
    pub const fn boot(&self) -> u32 {
        self.boot
    }

    /// What its lane's windows know it by: unique among the nonces of one lane and boot.
    #[must_use]
    pub const fn number(&self) -> NonceNumber {
        NonceNumber::new(self.issued_at as u32, self.serial)
    }

    const fn head(&self) -> u8 {
        let code = match self.hash {
            HashAlgorithm::Md5 => 0,
            HashAlgorithm::Sha256 => 1,
            HashAlgorithm::Sha512_256 => 2,
        };
        code << 6 | self.lane.0
    }
}

/// What became of a nonce that came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NonceStanding {
    /// Ours, of this boot, within its lifetime: usable as far as its nonce-counts go.
    Current(IssuedNonce),
    /// Ours, but older than its lifetime.
    Expired(IssuedNonce),
    /// Ours and young enough, but of an earlier boot or another node, whose nonce-counts are not known here.
    OtherBoot(IssuedNonce),
    /// Not issued by us, or not for this realm and source.
    Foreign,
}

impl NonceStanding {
    /// The nonce, if it is ours.
    #[must_use]
    pub const fn issued(&self) -> Option<&IssuedNonce> {
        match self {
            Self::Current(nonce) | Self::Expired(nonce) | Self::OtherBoot(nonce) => Some(nonce),
            Self::Foreign => None,
        }
    }
}

/// Issues nonces and judges those that come back.
#[derive(Clone, Debug)]
pub struct NonceIssuer {
    key: NonceKey,
    previous_keys: Vec<NonceKey>,
    boot: u32,
    lifetime_seconds: u32,
}

impl NonceIssuer {
    /// An issuer for one boot of one node; `boot` counts up from restart to restart and over all nodes.
    ///
    /// A lifetime of 3600 seconds is customary: a phone then pays one extra round trip an hour.
    #[must_use]
    pub const fn new(key: NonceKey, boot: u32, lifetime_seconds: u32) -> Self {
        Self { key, previous_keys: Vec::new(), boot, lifetime_seconds }
    }

    /// Also recognises nonces made with an earlier key. Each one costs a MAC per foreign nonce: keep one or two.
    #[must_use]
    pub fn with_previous_key(mut self, key: NonceKey) -> Self {
        self.previous_keys.push(key);
        self
    }

    /// Seconds a nonce is good for.
    #[must_use]
    pub const fn lifetime_seconds(&self) -> u32 {
        self.lifetime_seconds
    }

    /// The boot that nonces are issued in.
    #[must_use]
    pub const fn boot(&self) -> u32 {
        self.boot
    }

    /// The key of flow tokens that goes with the key of nonces.
    #[must_use]
    pub fn flow_token_key(&self) -> FlowTokenKey {
        FlowTokenKey::new(&self.key.derive(FLOW_TOKEN_LABEL))
    }

    /// The key of contact tokens that goes with the key of nonces.
    #[must_use]
    pub fn contact_key(&self) -> ContactKey {
        ContactKey::new(&self.key.derive(CONTACT_LABEL))
    }

    /// A fresh nonce; `now` in Unix seconds, which must not go back within a boot: [`NonceCounts`] takes low numbers
    /// for old ones.
    ///
    /// [`NonceCounts`]: crate::NonceCounts
    #[must_use]
    pub fn issue(&self, seed: &NonceSeed, scope: &NonceScope, now: u64) -> NonceText {
        let NonceSeed { hash, lane, serial } = *seed;
        let nonce = IssuedNonce { hash, lane, issued_at: now, boot: self.boot, serial };
        let [.., t2, t1, t0] = now.to_be_bytes();
        let [.., b1, b0] = self.boot.to_be_bytes();
        let [s3, s2, s1, s0] = serial.to_be_bytes();
        let [m0, m1, m2, m3, m4, m5, m6, m7] = self.key.mac(&nonce, scope);
        url_safe::encode(&[nonce.head(), t2, t1, t0, b1, b0, s3, s2, s1, s0, m0, m1, m2, m3, m4, m5, m6, m7])
    }

    /// Judges a nonce as sent; `now` in Unix seconds.
    #[must_use]
    pub fn inspect(&self, text: &[u8], scope: &NonceScope, now: u64) -> NonceStanding {
        let Some((nonce, mac)) =
            url_safe::decode::<NONCE_OCTETS, NONCE_LENGTH>(text).and_then(|octets| self.complete(&octets, now))
        else {
            return NonceStanding::Foreign;
        };
        let made_with = |key: &NonceKey| bool::from(key.mac(&nonce, scope).ct_eq(&mac));
        if !made_with(&self.key) && !self.previous_keys.iter().any(made_with) {
            NonceStanding::Foreign
        } else if now.saturating_sub(nonce.issued_at) >= u64::from(self.lifetime_seconds) {
            NonceStanding::Expired(nonce)
        } else if nonce.boot != self.boot {
            NonceStanding::OtherBoot(nonce)
        } else {
            NonceStanding::Current(nonce)
        }
    }

    /// Whether a nonce could be one of ours that is still good, by its numbers alone: few that somebody made up could.
    /// Costs no MAC, and proves nothing.
    #[must_use]
    pub fn is_plausible(&self, text: &[u8], now: u64) -> bool {
        let completed =
            url_safe::decode::<NONCE_OCTETS, NONCE_LENGTH>(text).and_then(|octets| self.complete(&octets, now));
        completed.is_some_and(|(nonce, _)| now.saturating_sub(nonce.issued_at) < u64::from(self.lifetime_seconds))
    }

    /// Reads the fields and completes the shortened ones: the second to the latest one not past our tolerance, the
    /// boot to the one nearest our own, before or after it.
    fn complete(&self, octets: &[u8; NONCE_OCTETS], now: u64) -> Option<(IssuedNonce, [u8; 8])> {
        let [head, t2, t1, t0, b1, b0, s3, s2, s1, s0, mac @ ..] = *octets;
        let hash = match head >> 6 {
            0 => HashAlgorithm::Md5,
            1 => HashAlgorithm::Sha256,
            2 => HashAlgorithm::Sha512_256,
            _ => return None,
        };
        let latest = now.saturating_add(CLOCK_TOLERANCE_SECONDS);
        let low = u64::from(u32::from_be_bytes([0, t2, t1, t0]));
        let issued_at = latest.checked_sub(latest.wrapping_sub(low) & 0x00ff_ffff)?;
        let ahead = u16::from_be_bytes([b1, b0]).wrapping_sub(self.boot as u16).cast_signed();
        let boot = self.boot.checked_add_signed(i32::from(ahead))?;
        let serial = u32::from_be_bytes([s3, s2, s1, s0]);
        Some((IssuedNonce { hash, lane: Lane(head & 0x3f), issued_at, boot, serial }, mac))
    }
}
