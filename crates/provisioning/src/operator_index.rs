//! Accounts and token hashes in memory, so that checking a request asks no storage.

use crate::AccountView;
use crate::known_token::{KnownToken, TokenUses};
use domain::{Account, AccountId, ApiTokenHash, AuthId, HostName, Realm, RealmId, Revision, Timestamp, TokenId};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use storage::{Fact, Follower};

/// Who may act over HTTP. Follows the change feed, so a revoked token stops working with the answer that revoked it.
#[derive(Default)]
pub struct OperatorIndex {
    state: RwLock<State>,
    pub(crate) uses: TokenUses,
}

#[derive(Default)]
struct State {
    realms: HashMap<RealmId, Realm>,
    accounts: HashMap<AccountId, Arc<Entry>>,
    ids: HashMap<AuthId, AccountId>,
    operator_tokens: Vec<Arc<KnownToken>>,
    hosts: HashSet<HostName>,
}

/// An account and what its requests are checked against.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) account: Account,
    pub(crate) realm: Realm,
    pub(crate) tokens: Vec<Arc<KnownToken>>,
}

/// An account as a request needs it, from one moment.
pub(crate) struct Found {
    pub(crate) entry: Arc<Entry>,
    /// Whether it and its parent are enabled.
    pub(crate) is_enabled: bool,
}

impl OperatorIndex {
    /// An index that knows nobody until it follows a feed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn find(&self, auth_id: &AuthId) -> Option<Found> {
        let state = self.state();
        let entry = Arc::clone(state.accounts.get(state.ids.get(auth_id)?)?);
        let parent_is_enabled = |parent| state.accounts.get(&parent).is_some_and(|parent| parent.account.enabled);
        let is_enabled = entry.account.enabled && entry.account.parent.is_none_or(parent_is_enabled);
        Some(Found { entry, is_enabled })
    }

    /// Whether requests with that token of the account are still let in.
    pub(crate) fn admits(&self, auth_id: &AuthId, token: TokenId, now: Timestamp) -> bool {
        let valid = |found: &Found| found.entry.tokens.iter().any(|known| known.id == token && known.is_valid(now));
        self.find(auth_id).is_some_and(|found| found.is_enabled && valid(&found))
    }

    pub(crate) fn operator_tokens(&self) -> Vec<Arc<KnownToken>> {
        self.state().operator_tokens.clone()
    }

    /// The account of that number with its realm, its parent's auth id and its tokens' last use.
    pub(crate) fn view(&self, account: Account) -> Option<AccountView> {
        let state = self.state();
        let realm = state.realms.get(&account.realm)?.clone();
        let parent = account.parent.and_then(|parent| state.accounts.get(&parent));
        let known = state.accounts.get(&account.id);
        let last_used_at = known.and_then(|entry| entry.tokens.iter().filter_map(|token| token.last_used_at()).max());
        let parent = parent.map(|parent| parent.account.auth_id.clone());
        Some(AccountView { account, realm, parent, last_used_at })
    }

    /// When that token was last used, as far as is known here.
    pub(crate) fn last_use(&self, account: AccountId, token: TokenId) -> Option<Timestamp> {
        self.state().accounts.get(&account)?.tokens.iter().find(|known| known.id == token)?.last_used_at()
    }

    /// Whether a name leads to an account here.
    pub(crate) fn knows_host(&self, host: &HostName) -> bool {
        self.state().hosts.contains(host)
    }

    /// The auth id of the account of that number.
    pub(crate) fn auth_id(&self, account: AccountId) -> Option<AuthId> {
        Some(self.state().accounts.get(&account)?.account.auth_id.clone())
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        // A poisoned lock means a panic while applying; every write leaves the maps whole.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for OperatorIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperatorIndex").field("accounts", &self.state().accounts.len()).finish_non_exhaustive()
    }
}

impl State {
    fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::Realm(realm) => self.put_realm(realm),
            Fact::Account(account) => self.put_account(account),
            Fact::AccountDeleted(id) => {
                if let Some(gone) = self.accounts.remove(id) {
                    self.ids.remove(&gone.account.auth_id);
                }
            }
            Fact::ApiToken(token) => {
                if let Some(entry) = self.accounts.get_mut(&token.account) {
                    put_token(&mut Arc::make_mut(entry).tokens, KnownToken::of_account(token));
                }
            }
            Fact::ApiTokenRevoked { account, id } => {
                if let Some(entry) = self.accounts.get_mut(account) {
                    Arc::make_mut(entry).tokens.retain(|token| token.id != *id);
                }
            }
            Fact::OperatorToken(token) => put_token(&mut self.operator_tokens, KnownToken::of_operator(token)),
            Fact::OperatorTokenRevoked(id) => self.operator_tokens.retain(|token| token.id != *id),
            Fact::Host { host, .. } => {
                self.hosts.insert(host.clone());
            }
            Fact::HostRemoved(host) => {
                self.hosts.remove(host);
            }
            Fact::Credential(_)
            | Fact::CredentialDeleted { .. }
            | Fact::RegistrationsEnded { .. }
            | Fact::IpAcl(_)
            | Fact::IpAclDeleted { .. }
            | Fact::OriginationUri(_)
            | Fact::OriginationUriDeleted { .. }
            | Fact::Trunk(_)
            | Fact::TrunkDeleted { .. }
            | Fact::Number(_)
            | Fact::NumberReleased(_)
            | Fact::Webhook(_)
            | Fact::WebhookDeleted(_)
            | Fact::Setting { .. }
            | Fact::SettingCleared(_) => {}
        }
    }

    fn put_realm(&mut self, realm: &Realm) {
        self.realms.insert(realm.id, realm.clone());
        for entry in self.accounts.values_mut().filter(|entry| entry.realm.id == realm.id) {
            Arc::make_mut(entry).realm = realm.clone();
        }
    }

    fn put_account(&mut self, account: &Account) {
        let Some(realm) = self.realms.get(&account.realm).cloned() else { return };
        let tokens = self.accounts.get(&account.id).map(|entry| entry.tokens.clone()).unwrap_or_default();
        self.ids.insert(account.auth_id.clone(), account.id);
        self.accounts.insert(account.id, Arc::new(Entry { account: account.clone(), realm, tokens }));
    }
}

/// A token told again replaces what was told before; its last use only moves forward.
fn put_token(tokens: &mut Vec<Arc<KnownToken>>, token: KnownToken) {
    match tokens.iter_mut().find(|known| known.id == token.id) {
        Some(known) => {
            if let Some(at) = known.last_used_at() {
                token.used_at(at);
            }
            *known = Arc::new(token);
        }
        None => tokens.push(Arc::new(token)),
    }
}

/// The token with that hash. Every one is compared, so that the time taken does not tell which was nearly right; where
/// there is none, one that nobody has is.
pub(crate) fn matching(tokens: &[Arc<KnownToken>], offered: ApiTokenHash) -> Option<&Arc<KnownToken>> {
    if tokens.is_empty() {
        std::hint::black_box(ApiTokenHash::from_bytes([0; 32]) == offered);
    }
    tokens.iter().fold(None, |matched, token| if token.hash == offered { Some(token) } else { matched })
}

impl Follower for OperatorIndex {
    fn begins_with_credentials(&self) -> bool {
        false
    }

    fn apply(&self, _revision: Revision, facts: &[Fact]) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for fact in facts {
            state.apply(fact);
        }
    }
}
