//! Which host leads to which realm, and which accounts there are.

use domain::{Account, AccountId, AuthId, ChallengePolicy, HostName, Realm, RealmId, RealmName};
use foldhash::fast::RandomState;
use std::collections::HashMap;
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
}

#[derive(Debug, Clone)]
struct AccountEntry {
    auth_id: AuthId,
    realm: RealmId,
    enabled: bool,
}

/// A snapshot of realms, hosts and accounts.
#[derive(Debug, Clone)]
pub struct Realms {
    default_account: Option<AuthId>,
    realms: HashMap<RealmId, Arc<RealmEntry>, RandomState>,
    /// By lower-case name.
    hosts: HashMap<Box<[u8]>, RealmId, RandomState>,
    accounts: HashMap<AccountId, AccountEntry, RandomState>,
}

/// Longest host that is looked up; no host name is longer (RFC 1035 section 2.3.4).
const MAX_HOST_OCTETS: usize = 255;

impl Realms {
    pub(crate) fn new(default_account: Option<AuthId>) -> Self {
        Self { default_account, realms: HashMap::default(), hosts: HashMap::default(), accounts: HashMap::default() }
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

    /// The realm of requests that name no host of ours: the default account's, else the only account's.
    #[must_use]
    pub fn default_realm(&self) -> Option<&Arc<RealmEntry>> {
        let account = match &self.default_account {
            Some(auth_id) => self.accounts.values().find(|account| account.auth_id == *auth_id)?,
            None if self.accounts.len() == 1 => self.accounts.values().next()?,
            None => return None,
        };
        self.realms.get(&account.realm)
    }

    /// Whether the account exists and is enabled.
    #[must_use]
    pub fn is_enabled(&self, account: AccountId) -> bool {
        self.accounts.get(&account).is_some_and(|account| account.enabled)
    }

    pub(crate) fn auth_id(&self, account: AccountId) -> Option<&AuthId> {
        self.accounts.get(&account).map(|account| &account.auth_id)
    }

    pub(crate) fn realm(&self, id: RealmId) -> Option<&Arc<RealmEntry>> {
        self.realms.get(&id)
    }

    pub(crate) fn put_realm(&mut self, realm: &Realm) {
        let Realm { id, name, challenge_policy } = realm.clone();
        self.realms.insert(id, Arc::new(RealmEntry { id, name, challenge_policy }));
    }

    pub(crate) fn put_account(&mut self, account: &Account) {
        let Account { id, auth_id, realm, enabled, .. } = account.clone();
        self.accounts.insert(id, AccountEntry { auth_id, realm, enabled });
    }

    pub(crate) fn put_host(&mut self, host: &HostName, realm: RealmId) {
        self.hosts.insert(host.as_str().as_bytes().into(), realm);
    }
}
