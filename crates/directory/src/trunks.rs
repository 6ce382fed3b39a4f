//! Trunks, and what leads to them: hosts, credentials, source addresses, numbers.

use domain::{
    AccountId, CallLimits, CredentialId, E164, IpAcl, IpAclId, Network, Number, OriginationUri, OriginationUriId,
    Trunk, TrunkId,
};
use foldhash::fast::RandomState;
use parking_lot::RwLock;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use storage::Fact;

type Map<K, V> = HashMap<K, V, RandomState>;

/// Everything calls are authorised and routed by, besides credentials. Changed in place: there may be many numbers.
#[derive(Default)]
pub struct Trunks {
    index: RwLock<Index>,
}

/// An origination URI that calls are led to.
#[derive(Clone, Debug)]
pub struct UriInUse {
    /// The URI.
    pub uri: Arc<OriginationUri>,
    /// Whether every trunk that uses it takes calls over TLS alone.
    pub only_secure: bool,
    /// The trunks that use it, each once.
    pub trunks: Vec<TrunkId>,
}

#[derive(Default)]
struct Index {
    trunks: Map<TrunkId, Arc<Trunk>>,
    /// By lower-case name.
    hosts: Map<Box<[u8]>, TrunkId>,
    uris: Map<OriginationUriId, Arc<OriginationUri>>,
    numbers: Map<E164, Arc<Number>>,
    /// In order, so that the number that stands for a trunk is always the same.
    numbers_of_trunks: Map<TrunkId, BTreeMap<E164, ()>>,
    acls: Map<IpAclId, IpAcl>,
    networks: Networks,
    trunks_of_acls: Map<IpAclId, Vec<TrunkId>>,
    trunks_of_credentials: Map<CredentialId, Vec<TrunkId>>,
    account_limits: Map<AccountId, CallLimits>,
}

/// Which access lists a source is in, found by one look-up for each length of prefix in use.
#[derive(Default)]
struct Networks {
    entries: Map<Network, Vec<IpAclId>>,
    /// How many networks there are of each length.
    lengths: BTreeMap<u8, usize>,
}

impl Trunks {
    /// That trunk.
    #[must_use]
    pub fn trunk(&self, id: TrunkId) -> Option<Arc<Trunk>> {
        self.index.read().trunks.get(&id).cloned()
    }

    /// Those whose calls may last only so many minutes a day.
    #[must_use]
    pub fn with_daily_limit(&self) -> Vec<Arc<Trunk>> {
        let index = self.index.read();
        index.trunks.values().filter(|trunk| trunk.rules.minutes_per_day.is_some()).cloned().collect()
    }

    /// The trunk whose host that is, in any case and with or without a final dot.
    #[must_use]
    pub fn of_host(&self, host: &[u8]) -> Option<Arc<Trunk>> {
        let host = host.strip_suffix(b".").unwrap_or(host).to_ascii_lowercase();
        let index = self.index.read();
        index.trunks.get(index.hosts.get(&*host)?).cloned()
    }

    /// The trunks a credential is attached to, the oldest first.
    #[must_use]
    pub fn of_credential(&self, credential: CredentialId) -> Vec<Arc<Trunk>> {
        let index = self.index.read();
        let ids = index.trunks_of_credentials.get(&credential).map(Vec::as_slice).unwrap_or_default();
        index.all(ids)
    }

    /// The trunks that an enabled access list lets a source into, the oldest first.
    #[must_use]
    pub fn of_source(&self, source: IpAddr) -> Vec<Arc<Trunk>> {
        let index = self.index.read();
        let mut ids = Vec::new();
        for acl in index.networks.containing(source) {
            if index.acls.get(&acl).is_some_and(|acl| acl.enabled) {
                ids.extend_from_slice(index.trunks_of_acls.get(&acl).map(Vec::as_slice).unwrap_or_default());
            }
        }
        ids.sort_unstable();
        ids.dedup();
        index.all(&ids)
    }

    /// Whether a source is in one of the enabled access lists attached to a trunk.
    #[must_use]
    pub fn admits_source(&self, trunk: &Trunk, source: IpAddr) -> bool {
        let index = self.index.read();
        let mut attached = trunk.attachments.ip_acls.iter().filter_map(|id| index.acls.get(id));
        attached.any(|acl| acl.enabled && acl.network.contains(source))
    }

    /// That number, whoever has it.
    #[must_use]
    pub fn number(&self, number: &E164) -> Option<Arc<Number>> {
        self.index.read().numbers.get(number).cloned()
    }

    /// Whether a number is assigned to a trunk.
    #[must_use]
    pub fn has_number(&self, trunk: TrunkId, number: &E164) -> bool {
        self.index.read().numbers.get(number).is_some_and(|number| number.trunk == Some(trunk))
    }

    /// The number that stands for a trunk where a caller's own may not be shown: the lowest assigned to it.
    #[must_use]
    pub fn number_of(&self, trunk: TrunkId) -> Option<E164> {
        self.index.read().numbers_of_trunks.get(&trunk)?.keys().next().cloned()
    }

    /// That origination URI.
    #[must_use]
    pub fn origination_uri(&self, id: OriginationUriId) -> Option<Arc<OriginationUri>> {
        self.index.read().uris.get(&id).cloned()
    }

    /// The origination URIs of an account.
    #[must_use]
    pub fn uris_of(&self, account: AccountId) -> Vec<Arc<OriginationUri>> {
        self.index.read().uris.values().filter(|uri| uri.account == account).cloned().collect()
    }

    /// The enabled origination URIs that active trunks lead calls to, each once, of accounts for which `may` is true.
    pub(crate) fn uris_in_use(&self, may: impl Fn(AccountId) -> bool) -> Vec<UriInUse> {
        let index = self.index.read();
        let mut used: Map<OriginationUriId, UriInUse> = Map::default();
        for trunk in index.trunks.values().filter(|trunk| trunk.status.is_active() && may(trunk.account)) {
            for id in trunk.attachments.uris() {
                let Some(uri) = index.uris.get(&id).filter(|uri| uri.enabled) else { continue };
                let first = || UriInUse { uri: Arc::clone(uri), only_secure: true, trunks: Vec::new() };
                let in_use = used.entry(id).or_insert_with(first);
                in_use.only_secure &= trunk.secure;
                insert_sorted(&mut in_use.trunks, trunk.id);
            }
        }
        used.into_values().collect()
    }

    /// The operator's limits of an account's calls.
    #[must_use]
    pub fn account_limits(&self, account: AccountId) -> CallLimits {
        self.index.read().account_limits.get(&account).copied().unwrap_or(CallLimits::OF_ACCOUNT)
    }

    /// Takes what a batch of facts says about all this.
    pub(crate) fn apply(&self, facts: &[Fact]) {
        if !facts.iter().any(concerns_trunks) {
            return;
        }
        let mut index = self.index.write();
        for fact in facts {
            index.apply(fact);
        }
    }
}

fn concerns_trunks(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Trunk(_)
            | Fact::TrunkDeleted { .. }
            | Fact::IpAcl(_)
            | Fact::IpAclDeleted { .. }
            | Fact::OriginationUri(_)
            | Fact::OriginationUriDeleted { .. }
            | Fact::Number(_)
            | Fact::NumberReleased(_)
            | Fact::Account(_)
            | Fact::AccountDeleted(_)
    )
}

impl Index {
    fn all(&self, ids: &[TrunkId]) -> Vec<Arc<Trunk>> {
        let mut trunks: Vec<_> = ids.iter().filter_map(|id| self.trunks.get(id).cloned()).collect();
        trunks.sort_by_key(|trunk| (trunk.created_at, trunk.id));
        trunks
    }

    fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::Trunk(trunk) => self.put_trunk(trunk),
            Fact::TrunkDeleted { id, .. } => self.remove_trunk(*id),
            Fact::IpAcl(acl) => self.put_acl(acl),
            Fact::IpAclDeleted { id, .. } => self.remove_acl(*id),
            Fact::OriginationUri(uri) => {
                self.uris.insert(uri.id, Arc::new(uri.clone()));
            }
            Fact::OriginationUriDeleted { id, .. } => {
                self.uris.remove(id);
            }
            Fact::Number(number) => self.put_number(number),
            Fact::NumberReleased(e164) => self.remove_number(e164),
            Fact::Account(account) => {
                self.account_limits.insert(account.id, account.limits);
            }
            Fact::AccountDeleted(id) => {
                self.account_limits.remove(id);
            }
            _ => {}
        }
    }

    fn put_trunk(&mut self, trunk: &Trunk) {
        self.detach(trunk.id);
        for credential in &trunk.attachments.credentials {
            insert_sorted(self.trunks_of_credentials.entry(*credential).or_default(), trunk.id);
        }
        for acl in &trunk.attachments.ip_acls {
            insert_sorted(self.trunks_of_acls.entry(*acl).or_default(), trunk.id);
        }
        for host in hosts_of(trunk) {
            self.hosts.insert(host, trunk.id);
        }
        self.trunks.insert(trunk.id, Arc::new(trunk.clone()));
    }

    fn remove_trunk(&mut self, id: TrunkId) {
        self.detach(id);
        self.trunks.remove(&id);
    }

    /// Takes back what the trunk of before was found by.
    fn detach(&mut self, id: TrunkId) {
        let Some(before) = self.trunks.get(&id).cloned() else { return };
        for host in hosts_of(&before) {
            self.hosts.remove(&host);
        }
        for credential in &before.attachments.credentials {
            remove_from(&mut self.trunks_of_credentials, credential, id);
        }
        for acl in &before.attachments.ip_acls {
            remove_from(&mut self.trunks_of_acls, acl, id);
        }
    }

    fn put_acl(&mut self, acl: &IpAcl) {
        self.remove_acl(acl.id);
        self.networks.insert(acl.network, acl.id);
        self.acls.insert(acl.id, acl.clone());
    }

    fn remove_acl(&mut self, id: IpAclId) {
        if let Some(before) = self.acls.remove(&id) {
            self.networks.remove(before.network, id);
        }
    }

    fn put_number(&mut self, number: &Number) {
        self.remove_number(&number.e164);
        if let Some(trunk) = number.trunk {
            self.numbers_of_trunks.entry(trunk).or_default().insert(number.e164.clone(), ());
        }
        self.numbers.insert(number.e164.clone(), Arc::new(number.clone()));
    }

    fn remove_number(&mut self, e164: &E164) {
        let Some(trunk) = self.numbers.remove(e164).and_then(|before| before.trunk) else { return };
        if let Some(numbers) = self.numbers_of_trunks.get_mut(&trunk) {
            numbers.remove(e164);
            if numbers.is_empty() {
                self.numbers_of_trunks.remove(&trunk);
            }
        }
    }
}

impl Networks {
    fn insert(&mut self, network: Network, id: IpAclId) {
        let ids = self.entries.entry(network).or_default();
        if ids.is_empty() {
            *self.lengths.entry(network.prefix_length()).or_default() += 1;
        }
        ids.push(id);
    }

    fn remove(&mut self, network: Network, id: IpAclId) {
        let Some(ids) = self.entries.get_mut(&network) else { return };
        ids.retain(|other| *other != id);
        if !ids.is_empty() {
            return;
        }
        self.entries.remove(&network);
        if let Some(count) = self.lengths.get_mut(&network.prefix_length()) {
            *count -= 1;
            if *count == 0 {
                self.lengths.remove(&network.prefix_length());
            }
        }
    }

    fn containing(&self, source: IpAddr) -> impl Iterator<Item = IpAclId> + '_ {
        let network = move |length: &u8| Network::around(source, *length);
        let found = self.lengths.keys().filter_map(network).filter_map(|network| self.entries.get(&network));
        found.flatten().copied()
    }
}

/// The hosts that lead to a trunk: its own, and its whole identifier below the same domain.
pub(crate) fn hosts_of(trunk: &Trunk) -> [Box<[u8]>; 2] {
    let host = trunk.host.as_str();
    let domain = host.split_once('.').map_or("", |(_, domain)| domain);
    [host.as_bytes().into(), format!("{}.{domain}", trunk.id).into_bytes().into_boxed_slice()]
}

/// Each once.
fn insert_sorted(ids: &mut Vec<TrunkId>, id: TrunkId) {
    if let Err(place) = ids.binary_search(&id) {
        ids.insert(place, id);
    }
}

fn remove_from<K: std::hash::Hash + Eq>(map: &mut Map<K, Vec<TrunkId>>, key: &K, id: TrunkId) {
    if let Some(ids) = map.get_mut(key) {
        ids.retain(|other| *other != id);
        if ids.is_empty() {
            map.remove(key);
        }
    }
}
