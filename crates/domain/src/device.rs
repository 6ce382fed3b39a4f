//! Devices of a credential: phones and apps with a secret of their own.

use crate::{DeviceId, MacAddress, PhoneFormat, SealedHa1s, Timestamp};
use std::fmt;

/// What people call a device: 1 to 64 octets of UTF-8 without control characters and line separators, trimmed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceLabel(Box<str>);

/// Why a text is not a [`DeviceLabel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 64 octets (letters outside ASCII take two to four) and no control characters or line breaks")]
pub struct DeviceLabelError;

impl DeviceLabel {
    /// Most octets, so that an event can carry one without an allocation.
    pub const MAX_OCTETS: usize = 64;

    /// Parses a label.
    ///
    /// # Errors
    /// [`DeviceLabelError`] unless the text has the form described there.
    pub fn parse(text: &str) -> Result<Self, DeviceLabelError> {
        // Of what was sent: a line break at its end is one too.
        let is_clean = !text.chars().any(|one| one.is_control() || matches!(one, '\u{2028}' | '\u{2029}'));
        let text = text.trim();
        let length_ok = (1..=Self::MAX_OCTETS).contains(&text.len());
        if length_ok && is_clean { Ok(Self(text.into())) } else { Err(DeviceLabelError) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DeviceLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceLabel({:?})", self.0)
    }
}

/// A phone or app that authenticates as its credential, with a secret of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its public identifier; its HA1s are sealed to it.
    pub id: DeviceId,
    /// What people call it.
    pub label: DeviceLabel,
    /// The number of its secret: among a credential's secrets what a generation is among its passwords, and never one of
    /// those. Bindings and uses remember it.
    pub secret: u32,
    /// Where its secret comes from.
    pub origin: DeviceOrigin,
    /// The HA1s of its secret, over the credential's realm and username.
    pub ha1s: SealedHa1s,
    /// When it was created.
    pub created_at: Timestamp,
    /// Since when it lets nobody in; `None` as long as it does.
    pub revoked: Option<Revocation>,
}

/// Where the secret of a device comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceOrigin {
    /// It was drawn, and shown once.
    Drawn,
    /// It follows from the installation's derivation key, so that a desk phone can fetch it at each boot.
    Derived(DeskPhone),
}

/// A desk phone as its configuration is made for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeskPhone {
    /// Its hardware address, unique among the phones of an account.
    pub mac: MacAddress,
    /// What its configuration is written in.
    pub format: PhoneFormat,
}

/// The end of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When it was revoked.
    pub at: Timestamp,
    /// When its HA1s are forgotten; until then its use is named.
    pub kept_until: Timestamp,
}

impl Device {
    /// Whether it lets its phone in.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.revoked.is_none()
    }

    /// The desk phone it is, if its secret is derived.
    #[must_use]
    pub const fn desk_phone(&self) -> Option<DeskPhone> {
        match self.origin {
            DeviceOrigin::Drawn => None,
            DeviceOrigin::Derived(phone) => Some(phone),
        }
    }
}

/// A credential has as many devices as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a credential has at most {} devices", Devices::MOST)]
pub struct TooManyDevices;

/// The devices of a credential in the order of their secrets, those among them that were revoked and are still named.
///
/// They are never more than [`Devices::MOST`] together: each costs every refused answer a digest.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Devices {
    list: Vec<Device>,
    /// How many secrets were ever numbered; a number is never used twice.
    numbered: u32,
}

impl Devices {
    /// Most devices of a credential.
    pub const MOST: usize = 10;
    /// The number of the first secret of a device; the generations of passwords count up from 1 and stay below.
    pub const FIRST_SECRET: u32 = 1 << 30;

    /// Devices read back from storage, with how many secrets were numbered so far.
    #[must_use]
    pub fn from_stored(mut list: Vec<Device>, numbered: u32) -> Self {
        list.sort_by_key(|device| device.secret);
        list.truncate(Self::MOST);
        Self { list, numbered }
    }

    /// Whether that number is one of a device's secret, and not of a generation of the password.
    #[must_use]
    pub const fn is_secret_of_device(number: u32) -> bool {
        number >= Self::FIRST_SECRET
    }

    /// How many secrets were ever numbered; none where there never was a device.
    #[must_use]
    pub const fn numbered(&self) -> u32 {
        self.numbered
    }

    /// All of them, revoked ones too.
    #[must_use]
    pub fn as_slice(&self) -> &[Device] {
        &self.list
    }

    /// Those that let their phones in.
    pub fn live(&self) -> impl Iterator<Item = &Device> {
        self.list.iter().filter(|device| device.is_live())
    }

    /// The live one of that identifier.
    #[must_use]
    pub fn find(&self, id: DeviceId) -> Option<&Device> {
        self.live().find(|device| device.id == id)
    }

    /// The same, to be changed.
    pub fn find_mut(&mut self, id: DeviceId) -> Option<&mut Device> {
        self.list.iter_mut().find(|device| device.id == id && device.is_live())
    }

    /// The one whose secret has that number, live or revoked.
    #[must_use]
    pub fn of_secret(&self, number: u32) -> Option<&Device> {
        self.list.iter().find(|device| device.secret == number)
    }

    /// Numbers another secret.
    pub fn next_secret(&mut self) -> u32 {
        let number = Self::FIRST_SECRET.saturating_add(self.numbered);
        self.numbered = self.numbered.saturating_add(1);
        number
    }

    /// Adds one, for which the oldest revoked ones give way.
    ///
    /// # Errors
    /// [`TooManyDevices`] where as many live ones are there as may be.
    pub fn add(&mut self, device: Device) -> Result<(), TooManyDevices> {
        if self.live().count() >= Self::MOST {
            return Err(TooManyDevices);
        }
        while self.list.len() >= Self::MOST {
            let oldest = self.list.iter().position(|device| !device.is_live());
            self.list.remove(oldest.ok_or(TooManyDevices)?);
        }
        self.list.push(device);
        Ok(())
    }

    /// Revokes one, to be named for a while; `false` where none of that identifier is live.
    pub fn revoke(&mut self, id: DeviceId, revocation: Revocation) -> bool {
        let Some(device) = self.find_mut(id) else { return false };
        device.revoked = Some(revocation);
        self.forget(revocation.at);
        true
    }

    /// Forgets revoked ones that need not be named any more.
    pub fn forget(&mut self, now: Timestamp) {
        self.list.retain(|device| device.revoked.is_none_or(|revoked| now < revoked.kept_until));
    }

    /// Changes the HA1s of each, as when they are sealed anew.
    pub fn map_ha1s(&self, mut change: impl FnMut(&Device) -> SealedHa1s) -> Self {
        let list = self.list.iter().map(|device| Device { ha1s: change(device), ..device.clone() }).collect();
        Self { list, numbered: self.numbered }
    }

    /// Drops the HA1s under MD5.
    pub fn retire_md5(&mut self) {
        self.list.iter_mut().for_each(|device| device.ha1s.md5 = None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(number: u8, secret: u32) -> Device {
        Device {
            id: DeviceId::from_bytes([number; 16]),
            label: DeviceLabel::parse("phone").unwrap(),
            secret,
            origin: DeviceOrigin::Drawn,
            ha1s: SealedHa1s::default(),
            created_at: Timestamp::from_seconds(1),
            revoked: None,
        }
    }

    fn filled() -> Devices {
        let mut devices = Devices::default();
        for number in 0..10 {
            let secret = devices.next_secret();
            devices.add(device(number, secret)).unwrap();
        }
        devices
    }

    fn ends(kept_until: i64) -> Revocation {
        Revocation { at: Timestamp::from_seconds(5), kept_until: Timestamp::from_seconds(kept_until) }
    }

    #[test]
    fn labels() {
        assert_eq!(DeviceLabel::parse("  Ann's \"iPhone\" ").unwrap().as_str(), "Ann's \"iPhone\"");
        assert!(DeviceLabel::parse(&"ä".repeat(32)).is_ok());
        for bad in ["", " ", "a\nb", "a\u{2028}", "a\r\n", &"ä".repeat(33)] {
            assert_eq!(DeviceLabel::parse(bad), Err(DeviceLabelError), "{bad:?}");
        }
    }

    #[test]
    fn there_are_ten_and_no_more() {
        let mut devices = filled();
        assert_eq!(devices.add(device(77, 7)), Err(TooManyDevices));
        assert!(devices.revoke(DeviceId::from_bytes([3; 16]), ends(9)));
        assert!(!devices.revoke(DeviceId::from_bytes([3; 16]), ends(9)), "it is revoked already");
        let secret = devices.next_secret();
        assert_eq!(secret, Devices::FIRST_SECRET + 10, "numbers are never used twice");
        devices.add(device(10, secret)).unwrap();
        assert_eq!((devices.as_slice().len(), devices.live().count()), (10, 10), "the revoked one gave way");
        assert_eq!(devices.add(device(78, 8)), Err(TooManyDevices));
    }

    #[test]
    fn a_revoked_one_is_named_until_it_is_forgotten() {
        let mut devices = filled();
        let (kept, not_kept) = (DeviceId::from_bytes([0; 16]), DeviceId::from_bytes([1; 16]));
        devices.revoke(kept, ends(9));
        devices.revoke(not_kept, ends(5));
        assert!(devices.find(kept).is_none() && devices.find_mut(kept).is_none());
        assert!(devices.of_secret(Devices::FIRST_SECRET).is_some_and(|device| !device.is_live()));
        assert!(devices.of_secret(Devices::FIRST_SECRET + 1).is_none());
        devices.forget(Timestamp::from_seconds(9));
        assert!(devices.of_secret(Devices::FIRST_SECRET).is_none());
    }
}
