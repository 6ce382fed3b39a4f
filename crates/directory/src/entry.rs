//! A credential as it is kept for answering phones.

use crate::UsedAlgorithms;
use domain::{AccountId, BindingFacts, Credential, CredentialId, LiveBinding, RealmId, Requirements};
use sip_digest::{Ha1, HashAlgorithm};
use std::sync::Arc;

/// The opened HA1s of one credential. Wiped when dropped.
#[derive(Default)]
pub(crate) struct OpenHa1s {
    pub(crate) md5: Option<Ha1>,
    pub(crate) sha256: Option<Ha1>,
    pub(crate) sha512_256: Option<Ha1>,
}

impl OpenHa1s {
    fn of(&self, hash: HashAlgorithm) -> Option<&Ha1> {
        match hash {
            HashAlgorithm::Md5 => self.md5.as_ref(),
            HashAlgorithm::Sha256 => self.sha256.as_ref(),
            HashAlgorithm::Sha512_256 => self.sha512_256.as_ref(),
        }
    }
}

/// Whether an account's credentials may authenticate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AccountState {
    Enabled,
    /// It or its parent is disabled, or it is not known (any more).
    Disabled,
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
    ha1s: OpenHa1s,
    /// Shared, so that copying it out costs no allocation; absent where nothing is demanded, which is the rule.
    requirements: Option<Arc<Requirements>>,
    pub(crate) uses: UsedAlgorithms,
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
    /// What it demands of whoever answers with it; `None` if nothing.
    pub requirements: Option<Arc<Requirements>>,
    /// What it has been used with.
    pub uses: UsedAlgorithms,
}

impl Entry {
    pub(crate) fn new(credential: &Credential, account: AccountState, ha1s: OpenHa1s) -> Self {
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
            ha1s,
            requirements: Some(&credential.requirements)
                .filter(|requirements| !requirements.is_none())
                .map(|requirements| Arc::new(requirements.clone())),
            uses: UsedAlgorithms::default(),
            bindings: Vec::new(),
        }
    }

    /// One that no name leads to, with secrets of the right length.
    pub(crate) fn decoy() -> Self {
        let ha1 = |hash: HashAlgorithm| Ha1::from_bytes(hash, [0; 32].get(..hash.output_length())?);
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
            ha1s: OpenHa1s {
                md5: ha1(HashAlgorithm::Md5),
                sha256: ha1(HashAlgorithm::Sha256),
                sha512_256: ha1(HashAlgorithm::Sha512_256),
            },
            requirements: None,
            uses: UsedAlgorithms::default(),
            bindings: Vec::new(),
        }
    }

    /// Takes over a newer state of the same credential and gives back the bindings that ended by it: they end with the
    /// password that made them, with a disabled credential, and where they do not meet its demands.
    pub(crate) fn renew(&mut self, newer: Self) -> Vec<LiveBinding> {
        let keeps_bindings = newer.may_authenticate() && newer.id == self.id && newer.generation == self.generation;
        let present = std::mem::take(&mut self.bindings);
        let (bindings, ended): (Vec<_>, Vec<_>) =
            present.into_iter().partition(|binding| keeps_bindings && newer.admits(&binding.facts));
        let listed = keeps_bindings && self.listed;
        let enablings = self.enablings_until(newer.may_authenticate());
        let uses = if newer.id == self.id { self.uses } else { newer.uses };
        *self = Self { bindings, listed, enablings, uses, ..newer };
        ended
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
            ha1: self.ha1s.of(hash).cloned(),
            requirements: self.requirements.clone(),
            uses: self.uses,
        }
    }

    /// Whether this is still what was verified.
    pub(crate) fn is_current(&self, id: CredentialId, generation: u32) -> bool {
        self.id == id && self.generation == generation && self.may_authenticate()
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
