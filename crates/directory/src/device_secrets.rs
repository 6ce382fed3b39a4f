//! The secrets of a credential's devices, opened.

use crate::LastUse;
use crate::entry::OpenHa1s;
use domain::Timestamp;
use sip_digest::{Ha1, HashAlgorithm};
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

/// The devices of one credential, revoked ones too as long as they are named; at most
/// [`Devices::MOST`](domain::Devices::MOST).
pub struct DeviceSecrets(pub(crate) Box<[DeviceSecret]>);

/// One device.
pub struct DeviceSecret {
    pub(crate) label: Box<str>,
    pub(crate) secret: u32,
    pub(crate) is_live: bool,
    pub(crate) ha1s: OpenHa1s,
    /// The minute of its last use that was noted.
    pub(crate) last_use: AtomicU32,
}

impl DeviceSecrets {
    /// Each of them, in the order of their secrets.
    pub fn iter(&self) -> impl Iterator<Item = &DeviceSecret> {
        self.0.iter()
    }

    /// The one whose secret has that number, live or revoked.
    #[must_use]
    pub fn of_secret(&self, number: u32) -> Option<&DeviceSecret> {
        self.iter().find(|device| device.secret == number)
    }
}

impl DeviceSecret {
    /// What people call it.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The number of its secret.
    #[must_use]
    pub const fn secret(&self) -> u32 {
        self.secret
    }

    /// Whether it lets its phone in.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.is_live
    }

    /// HA1 of its secret under that hash; `None` if that was retired.
    #[must_use]
    pub fn ha1(&self, hash: HashAlgorithm) -> Option<&Ha1> {
        self.ha1s.of(hash)
    }

    /// Whether its use at that moment says anything that is not known yet.
    #[must_use]
    pub fn use_is_news(&self, now: Timestamp) -> bool {
        LastUse::of_minute(self.last_use.load(Ordering::Relaxed)).is_news(now)
    }

    pub(crate) fn note_use(&self, at: Timestamp) {
        self.last_use.store(LastUse::at(at).minute(), Ordering::Relaxed);
    }
}

/// Shows whose they are, never the secrets.
impl fmt::Debug for DeviceSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|device| (device.secret, &*device.label, device.is_live))).finish()
    }
}
