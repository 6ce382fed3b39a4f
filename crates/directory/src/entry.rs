//! A credential as it is kept for answering phones.

use crate::{DeviceSecret, DeviceSecrets, LastUse, UsedAlgorithms};
use domain::{AccountId, BindingFacts, Credential, CredentialId, LiveBinding, RealmId, Requirements, Timestamp};
use sip_digest::{Ha1, HashAlgorithm};
use std::sync::Arc;
use zeroize::Zeroize;

/// The opened HA1s of one credential. Wiped when dropped.
#[derive(Default)]
pub(crate) struct OpenHa1s {
    pub(crate) md5: Option<Ha1>,
    pub(crate) sha256: Option<Ha1>,
    pub(crate) sha512_256: Option<Ha1>,
}

impl OpenHa1s {
    pub(crate) fn of(&self, hash: HashAlgorithm) -> Option<&Ha1> {
        match hash {
            HashAlgorithm::Md5 => self.md5.as_ref(),
            HashAlgorithm::Sha256 => self.sha256.as_ref(),
            HashAlgorithm::Sha512_256 => self.sha512_256.as_ref(),
        }
    }
}

/// The same in 81 octets, of which there are as many as credentials. Wiped when dropped.
#[derive(Default)]
struct PackedHa1s {
    md5: [u8; 16],
    sha256: [u8; 32],
    sha512_256: [u8; 32],
    /// A bit for each that is there.
    known: u8,
}

impl PackedHa1s {
    fn pack(open: &OpenHa1s) -> Self {
        let mut packed = Self::default();
        for hash in [HashAlgorithm::Md5, HashAlgorithm::Sha256, HashAlgorithm::Sha512_256] {
            if let Some(ha1) = open.of(hash) {
                packed.known |= bit(hash);
                packed.octets_mut(hash).copy_from_slice(ha1.as_bytes());
            }
        }
        packed
    }

    fn of(&self, hash: HashAlgorithm) -> Option<Ha1> {
        let octets: &[u8] = match hash {
            HashAlgorithm::Md5 => &self.md5,
            HashAlgorithm::Sha256 => &self.sha256,
            HashAlgorithm::Sha512_256 => &self.sha512_256,
        };
        // Copied out before it is asked whether it is there, so that either takes as long.
        Ha1::from_bytes(hash, octets).filter(|_| self.has(hash))
    }

    const fn has(&self, hash: HashAlgorithm) -> bool {
        self.known & bit(hash) != 0
    }

    fn octets_mut(&mut self, hash: HashAlgorithm) -> &mut [u8] {
        match hash {
            HashAlgorithm::Md5 => &mut self.md5,
            HashAlgorithm::Sha256 => &mut self.sha256,
            HashAlgorithm::Sha512_256 => &mut self.sha512_256,
        }
    }
}

impl Drop for PackedHa1s {
    fn drop(&mut self) {
        self.md5.zeroize();
        self.sha256.zeroize();
        self.sha512_256.zeroize();
    }
}

const fn bit(hash: HashAlgorithm) -> u8 {
    1 << hash as u8
}

/// Whether an account's credentials may authenticate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AccountState {
    Enabled,
    /// It or its parent is disabled, or it is not known (any more).
    Disabled,
}

/// The generation of a password before the present one, opened.
pub(crate) struct PreviousHa1s {
    pub(crate) generation: u32,
    pub(crate) overlap_until: Option<Timestamp>,
    pub(crate) ha1s: OpenHa1s,
}

/// A credential's opened HA1s, of both generations and of its devices.
#[derive(Default)]
pub(crate) struct OpenGenerations {
    pub(crate) present: OpenHa1s,
    pub(crate) previous: Option<Box<PreviousHa1s>>,
    pub(crate) devices: Option<Arc<DeviceSecrets>>,
}

/// A credential and its bindings.
pub(crate) struct Entry {
    pub(crate) realm: RealmId,
    pub(crate) username: Box<[u8]>,
    pub(crate) id: CredentialId,
    account: AccountId,
    generation: u32,
    enabled: bool,
    /// Whether its account and that account's parent are enabled. Changed under the shard's lock, so that no binding is
    /// written by whoever was verified before.
    account_is_enabled: bool,
    /// How often it was enabled again since it was loaded.
    enablings: u32,
    /// Whether it stands in its shard's list of entries with unsaved bindings.
    pub(crate) listed: bool,
    ha1s: PackedHa1s,
    /// Boxed, because few have one.
    previous: Option<Box<PreviousHa1s>>,
    /// Shared like the requirements; absent where there are none, which is the rule.
    devices: Option<Arc<DeviceSecrets>>,
    expires_at: Option<Timestamp>,
    /// Shared, so that copying it out costs no allocation; absent where nothing is demanded, which is the rule.
    requirements: Option<Arc<Requirements>>,
    pub(crate) uses: UsedAlgorithms,
    pub(crate) last_use: LastUse,
    pub(crate) bindings: Vec<LiveBinding>,
}

/// What a verification needs of a credential, copied out from under the lock.
#[derive(Debug, Clone)]
pub struct CredentialSnapshot {
    /// Its public identifier.
    pub id: CredentialId,
    /// The account that owns it.
    pub account: AccountId,
    /// Its password's generation.
    pub generation: u32,
    /// How often it was enabled again since this process has it: what was held against it before counts no more.
    pub enablings: u32,
    /// Whether it may authenticate: it, its account and that account's parent are enabled.
    pub enabled: bool,
    /// HA1 under the hash asked for; `None` if that was retired or never known.
    pub ha1: Option<Ha1>,
    /// The password before, as long as it is kept.
    pub previous: Option<PreviousSnapshot>,
    /// Its devices; `None` if it has none.
    pub devices: Option<Arc<DeviceSecrets>>,
    /// From when on it authenticates nobody.
    pub expires_at: Option<Timestamp>,
    /// What it demands of whoever answers with it; `None` if nothing.
    pub requirements: Option<Arc<Requirements>>,
    /// What it has been used with.
    pub uses: UsedAlgorithms,
    /// When it was last used.
    pub last_use: LastUse,
}

/// What a verification needs of the generation before.
#[derive(Debug, Clone)]
pub struct PreviousSnapshot {
    /// Its number.
    pub generation: u32,
    /// Until when it authenticates; `None` if it does not.
    pub overlap_until: Option<Timestamp>,
    /// HA1 under the hash asked for.
    pub ha1: Option<Ha1>,
}

impl Entry {
    pub(crate) fn new(credential: &Credential, account: AccountState, opened: OpenGenerations) -> Self {
        Self {
            realm: credential.realm,
            username: credential.username.as_str().as_bytes().into(),
            id: credential.id,
            account: credential.account,
            generation: credential.generation,
            enabled: credential.enabled,
            account_is_enabled: account == AccountState::Enabled,
            enablings: 0,
            listed: false,
            ha1s: PackedHa1s::pack(&opened.present),
            previous: opened.previous,
            devices: opened.devices,
            expires_at: credential.expires_at,
            requirements: Some(&credential.requirements)
                .filter(|requirements| !requirements.is_none())
                .map(|requirements| Arc::new(requirements.clone())),
            uses: UsedAlgorithms::default(),
            last_use: LastUse::default(),
            bindings: Vec::new(),
        }
    }

    /// One that no name leads to, with secrets of the right length.
    pub(crate) fn decoy() -> Self {
        Self {
            realm: RealmId(-1),
            username: Box::default(),
            id: CredentialId::from_bytes([0; 16]),
            account: AccountId(-1),
            generation: 0,
            enabled: false,
            account_is_enabled: false,
            enablings: 0,
            listed: false,
            ha1s: PackedHa1s { known: u8::MAX, ..PackedHa1s::default() },
            previous: None,
            devices: None,
            expires_at: None,
            requirements: None,
            uses: UsedAlgorithms::default(),
            last_use: LastUse::default(),
            bindings: Vec::new(),
        }
    }

    /// Takes over a newer state of the same credential and gives back the bindings that ended by it: they end with the
    /// password that made them, with a disabled credential, and where they do not meet its demands.
    ///
    /// Those of an overlap whose time has come are left to [`Self::end_what_is_over`], which knows the time.
    pub(crate) fn renew(&mut self, newer: Self) -> Vec<LiveBinding> {
        let keeps_bindings = newer.may_authenticate() && newer.id == self.id;
        let present = std::mem::take(&mut self.bindings);
        let stays = |facts: &BindingFacts| keeps_bindings && newer.may_be_good(facts.generation) && newer.admits(facts);
        let (bindings, ended): (Vec<_>, Vec<_>) = present.into_iter().partition(|binding| stays(&binding.facts));
        let listed = self.listed && !bindings.is_empty();
        // An expiry that was moved is as good as enabling: what an expired one was held to counts no more.
        let moved = u32::from(newer.expires_at != self.expires_at);
        let enablings = self.enablings_until(newer.may_authenticate()).wrapping_add(moved);
        let (uses, last_use) =
            if newer.id == self.id { (self.uses, self.last_use) } else { (newer.uses, newer.last_use) };
        *self = Self { bindings, listed, enablings, uses, last_use, ..newer };
        ended
    }

    /// Whether a password of it that authenticates is known under MD5 alone.
    pub(crate) fn is_md5_only(&self) -> bool {
        let overlapping = self.previous.as_deref().filter(|previous| previous.overlap_until.is_some());
        let alone = |md5: bool, sha256: bool| md5 && !sha256;
        alone(self.ha1s.has(HashAlgorithm::Md5), self.ha1s.has(HashAlgorithm::Sha256))
            || overlapping.is_some_and(|previous| alone(previous.ha1s.md5.is_some(), previous.ha1s.sha256.is_some()))
    }

    pub(crate) fn account(&self) -> AccountId {
        self.account
    }

    /// Notes the state of its account and gives back the bindings that ended by it.
    pub(crate) fn set_account_enabled(&mut self, state: AccountState) -> Vec<LiveBinding> {
        let is_enabled = state == AccountState::Enabled;
        self.enablings = self.enablings_until(self.enabled && is_enabled);
        self.account_is_enabled = is_enabled;
        if self.account_is_enabled { Vec::new() } else { std::mem::take(&mut self.bindings) }
    }

    pub(crate) fn snapshot(&self, hash: HashAlgorithm) -> CredentialSnapshot {
        CredentialSnapshot {
            id: self.id,
            account: self.account,
            generation: self.generation,
            enablings: self.enablings,
            enabled: self.may_authenticate(),
            ha1: self.ha1s.of(hash),
            previous: self.previous.as_deref().map(|previous| PreviousSnapshot {
                generation: previous.generation,
                overlap_until: previous.overlap_until,
                ha1: previous.ha1s.of(hash).cloned(),
            }),
            devices: self.devices.clone(),
            expires_at: self.expires_at,
            requirements: self.requirements.clone(),
            uses: self.uses,
            last_use: self.last_use,
        }
    }

    /// Whether this is still what was verified: the present password, the one before while their overlap runs, or the
    /// secret of a device that is not revoked.
    pub(crate) fn is_current(&self, (id, generation): (CredentialId, u32), now: Timestamp) -> bool {
        self.id == id && self.may_authenticate() && self.is_good(generation, now)
    }

    /// The bindings that a request may be sent to: neither expired nor ended by the end of an overlap or the expiry of
    /// the credential.
    pub(crate) fn live(&self, now: Timestamp) -> impl Iterator<Item = &LiveBinding> {
        self.bindings
            .iter()
            .filter(move |binding| binding.facts.expires_at > now && self.is_good(binding.facts.generation, now))
    }

    /// Gives back the bindings that ended because an overlap is over or the credential has expired.
    pub(crate) fn end_what_is_over(&mut self, now: Timestamp) -> Vec<LiveBinding> {
        let bindings = std::mem::take(&mut self.bindings);
        let (good, ended) = bindings.into_iter().partition(|binding| self.is_good(binding.facts.generation, now));
        self.bindings = good;
        ended
    }

    /// The moments at which bindings of this credential end although nobody changes it.
    pub(crate) fn deadlines(&self) -> [Option<Timestamp>; 2] {
        [self.previous.as_ref().and_then(|previous| previous.overlap_until), self.expires_at]
    }

    /// Whether that generation of the password, or secret of a device, authenticates now, as far as time decides.
    fn is_good(&self, generation: u32, now: Timestamp) -> bool {
        let is_known = self.generation == generation
            || self.overlap_of(generation).is_some_and(|until| now < until)
            || self.device(generation).is_some_and(DeviceSecret::is_live);
        is_known && self.expires_at.is_none_or(|end| now < end)
    }

    /// The same, whatever the time.
    fn may_be_good(&self, generation: u32) -> bool {
        self.generation == generation
            || self.overlap_of(generation).is_some()
            || self.device(generation).is_some_and(DeviceSecret::is_live)
    }

    /// The device whose secret has that number.
    pub(crate) fn device(&self, secret: u32) -> Option<&DeviceSecret> {
        self.devices.as_deref()?.of_secret(secret)
    }

    pub(crate) fn device_count(&self) -> usize {
        self.devices.as_deref().map_or(0, |devices| devices.iter().count())
    }

    /// Whether a use with that secret at that moment says anything that is not known yet.
    pub(crate) fn use_is_news(&self, generation: u32, now: Timestamp) -> bool {
        self.device(generation).map_or_else(|| self.last_use.is_news(now), |device| device.use_is_news(now))
    }

    pub(crate) fn note_use(&mut self, generation: u32, at: Timestamp) {
        if let Some(device) = self.device(generation) {
            device.note_use(at);
        }
        self.last_use = LastUse::at(at);
    }

    /// Until when that earlier generation authenticates.
    fn overlap_of(&self, generation: u32) -> Option<Timestamp> {
        let previous = self.previous.as_deref().filter(|previous| previous.generation == generation)?;
        previous.overlap_until
    }

    /// Whether a binding could still be made from where it was made.
    fn admits(&self, binding: &BindingFacts) -> bool {
        self.requirements.as_deref().is_none_or(|demands| {
            demands.accepts_source(binding.source.ip()) && demands.accepts_transport(binding.transport)
        })
    }

    fn may_authenticate(&self) -> bool {
        self.enabled && self.account_is_enabled
    }

    /// The count once it has come to this: what could not authenticate and now can was enabled again.
    fn enablings_until(&self, may_authenticate: bool) -> u32 {
        self.enablings.wrapping_add(u32::from(may_authenticate && !self.may_authenticate()))
    }
}
