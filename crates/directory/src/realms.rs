//! Which host leads to which realm, and which accounts there are.

use crate::entry::AccountState;
use crate::md5_only::Md5OnlyCount;
use domain::{Account, AccountId, AuthId, ChallengePolicy, DigestRules, HostName, Networks, Realm, RealmId, RealmName};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// A realm as challenges need it.
#[derive(Debug, Clone)]
pub struct RealmEntry {
    /// Storage's number for it.
    pub id: RealmId,
    /// The string of its challenges.
    pub name: RealmName,
    /// What its challenges offer.
    pub challenge_policy: ChallengePolicy,
    /// What else it offers and accepts.
    pub rules: DigestRules,
    pub(crate) md5_only: Md5OnlyCount,
}

impl RealmEntry {
    /// Whether some of its credentials, imported as hashes, can answer challenges for MD5 only.
    #[must_use]
    pub fn has_md5_only(&self) -> bool {
        self.md5_only.is_any()
    }
}

#[derive(Debug, Clone)]
struct AccountEntry {
    auth_id: AuthId,
    realm: RealmId,
    parent: Option<AccountId>,
    enabled: bool,
    sip_domain: HostName,
    never_banned: Networks,
}

/// A snapshot of realms, hosts and accounts.
#[derive(Debug, Clone)]
pub struct Realms {
    /// This node's own default account; goes before the stored one.
    configured_default: Option<AuthId>,
    stored_default: Option<AuthId>,
    realms: HashMap<RealmId, Arc<RealmEntry>, RandomState>,
    /// By lower-case name.
    hosts: HashMap<Box<[u8]>, RealmId, RandomState>,
    /// The host that stands for each realm where one is written: the first legal one that it was given.
    domains: HashMap<RealmId, HostName, RandomState>,
    accounts: HashMap<AccountId, AccountEntry, RandomState>,
    /// Follows from the rest; settled when a snapshot is published, because every message from a bare address asks.
    default_realm: Option<Arc<RealmEntry>>,
    /// The account of each realm that has only one. Follows from the rest.
    only_accounts: HashMap<RealmId, Option<AccountId>, RandomState>,
}

/// Longest host that is looked up; no host name is longer (RFC 1035 section 2.3.4).
const MAX_HOST_OCTETS: usize = 255;

impl Realms {
    pub(crate) fn new(configured_default: Option<AuthId>) -> Self {
        Self {
            configured_default,
            stored_default: None,
            realms: HashMap::default(),
            hosts: HashMap::default(),
            domains: HashMap::default(),
            accounts: HashMap::default(),
            default_realm: None,
            only_accounts: HashMap::default(),
        }
    }

    /// The realm that a host of a SIP URI leads to, in any case and with or without a final dot; `None` if it is not
    /// one of ours.
    #[must_use]
    pub fn of_host(&self, host: &[u8]) -> Option<&Arc<RealmEntry>> {
        let host = host.strip_suffix(b".").unwrap_or(host);
        let mut buffer = [0; MAX_HOST_OCTETS];
        let lower = buffer.get_mut(..host.len())?;
        lower.copy_from_slice(host);
        lower.make_ascii_lowercase();
        self.realms.get(self.hosts.get(&*lower)?)
    }

    /// The realm of requests that name no host of ours: the default account's, else the only main account's. Its
    /// sub-accounts do not count: making one must not cost the main account's phones their realm.
    #[must_use]
    pub fn default_realm(&self) -> Option<&Arc<RealmEntry>> {
        self.default_realm.as_ref()
    }

    /// The only account of a realm; where several share it, the one whose own SIP domain that host is. Slow there:
    /// nothing on the way to an answer may ask.
    #[must_use]
    pub fn account_at(&self, realm: RealmId, host: &[u8]) -> Option<AccountId> {
        if let Some(only) = self.only_accounts.get(&realm).copied().flatten() {
            return Some(only);
        }
        let host = host.strip_suffix(b".").unwrap_or(host);
        let is_its = |account: &AccountEntry| {
            account.realm == realm && account.sip_domain.as_str().as_bytes().eq_ignore_ascii_case(host)
        };
        self.accounts.iter().find(|(_, account)| is_its(account)).map(|(id, _)| *id)
    }

    /// That realm as challenges need it.
    #[must_use]
    pub fn entry(&self, realm: RealmId) -> Option<&RealmEntry> {
        self.realms.get(&realm).map(|entry| &**entry)
    }

    /// Finds anew what follows from the rest; the last step of every change.
    pub(crate) fn settle(&mut self) {
        self.settle_default_realm();
        self.only_accounts.clear();
        for (id, account) in &self.accounts {
            let only = self.only_accounts.entry(account.realm);
            only.and_modify(|only| *only = None).or_insert(Some(*id));
        }
    }

    fn settle_default_realm(&mut self) {
        let account = match self.configured_default.as_ref().or(self.stored_default.as_ref()) {
            Some(auth_id) => self.accounts.values().find(|account| account.auth_id == *auth_id),
            None => self.only_main_account(),
        };
        self.default_realm = account.and_then(|account| self.realms.get(&account.realm)).map(Arc::clone);
    }

    fn only_main_account(&self) -> Option<&AccountEntry> {
        let mut main = self.accounts.values().filter(|account| account.parent.is_none());
        main.next().filter(|_| main.next().is_none())
    }

    /// Whether credentials of that account may authenticate.
    pub(crate) fn state(&self, account: AccountId) -> AccountState {
        let enabled = |id: AccountId| self.accounts.get(&id).is_some_and(|account| account.enabled);
        let parent = self.accounts.get(&account).and_then(|account| account.parent);
        if enabled(account) && parent.is_none_or(enabled) { AccountState::Enabled } else { AccountState::Disabled }
    }

    /// Which accounts that were known before are in another state now. New ones have no credentials yet.
    pub(crate) fn changed_states<'r>(
        &'r self,
        before: &'r Self,
    ) -> impl Iterator<Item = (AccountId, AccountState)> + 'r {
        let now = before.accounts.keys().map(|id| (*id, self.state(*id)));
        now.filter(|(id, state)| *state != before.state(*id))
    }

    /// A host that phones of a realm know it by and that every phone takes for a domain.
    #[must_use]
    pub fn domain_of(&self, realm: RealmId) -> Option<&HostName> {
        self.domains.get(&realm)
    }

    /// The realm of an account.
    #[must_use]
    pub fn realm_of_account(&self, account: AccountId) -> Option<RealmId> {
        self.accounts.get(&account).map(|account| account.realm)
    }

    /// Whether no ban keeps that address from the account's credentials.
    #[must_use]
    pub fn is_never_banned(&self, account: AccountId, source: IpAddr) -> bool {
        self.accounts.get(&account).is_some_and(|account| account.never_banned.contain(source))
    }

    /// How many accounts there are, disabled ones included.
    #[must_use]
    pub fn account_count(&self) -> usize {
        self.accounts.len()
    }

    pub(crate) fn auth_id(&self, account: AccountId) -> Option<&AuthId> {
        self.accounts.get(&account).map(|account| &account.auth_id)
    }

    pub(crate) fn realm(&self, id: RealmId) -> Option<&Arc<RealmEntry>> {
        self.realms.get(&id)
    }

    pub(crate) fn put_realm(&mut self, realm: &Realm, md5_only: Md5OnlyCount) {
        let Realm { id, name, challenge_policy, rules } = realm.clone();
        self.realms.insert(id, Arc::new(RealmEntry { id, name, challenge_policy, rules, md5_only }));
    }

    pub(crate) fn put_account(&mut self, account: &Account) {
        let Account { id, auth_id, realm, parent, enabled, sip_domain, settings, .. } = account.clone();
        let never_banned = settings.never_banned;
        self.accounts.insert(id, AccountEntry { auth_id, realm, parent, enabled, sip_domain, never_banned });
    }

    pub(crate) fn remove_account(&mut self, id: AccountId) {
        self.accounts.remove(&id);
    }

    pub(crate) fn set_default_account(&mut self, auth_id: Option<AuthId>) {
        self.stored_default = auth_id;
    }

    pub(crate) fn remove_host(&mut self, host: &HostName) {
        if let Some(realm) = self.hosts.remove(host.as_str().as_bytes())
            && self.domains.get(&realm) == Some(host)
        {
            self.domains.remove(&realm);
        }
    }

    pub(crate) fn put_host(&mut self, host: &HostName, realm: RealmId) {
        self.hosts.insert(host.as_str().as_bytes().into(), realm);
        if host.is_legal() {
            self.domains.entry(realm).or_insert_with(|| host.clone());
        }
    }

    /// Lets a host of a trunk lead to its account's realm; it stands for nothing else.
    pub(crate) fn put_trunk_host(&mut self, host: &[u8], account: AccountId) {
        if let Some(realm) = self.realm_of_account(account) {
            self.hosts.insert(host.into(), realm);
        }
    }

    pub(crate) fn remove_trunk_host(&mut self, host: &[u8]) {
        self.hosts.remove(host);
    }
}
