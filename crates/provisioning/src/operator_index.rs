//! Accounts and token hashes in memory, so that checking a request asks no storage.

use domain::{Account, AccountId, ApiTokenHash, Realm, RealmId, RealmName, Revision};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use storage::{Fact, Follower};

/// Who may act over HTTP. Follows the change feed, so a revoked token stops working with the answer that revoked it.
#[derive(Debug, Default)]
pub struct OperatorIndex {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    realms: HashMap<RealmId, RealmName>,
    by_auth_id: HashMap<Box<str>, Arc<Entry>>,
    auth_ids: HashMap<AccountId, Box<str>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) account: Account,
    pub(crate) realm_name: RealmName,
    pub(crate) tokens: Vec<ApiTokenHash>,
}

impl OperatorIndex {
    /// An index that knows nobody until it follows a feed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn entry(&self, auth_id: &str) -> Option<Arc<Entry>> {
        // A poisoned lock means a panic while applying; the map itself is still whole, every write being one insert.
        self.state.read().unwrap_or_else(PoisonError::into_inner).by_auth_id.get(auth_id).cloned()
    }
}

impl State {
    fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::Realm(Realm { id, name, .. }) => {
                self.realms.insert(*id, name.clone());
            }
            Fact::Account(account) => self.account(account),
            Fact::ApiToken(token) => {
                if let Some(auth_id) = self.auth_ids.get(&token.account)
                    && let Some(entry) = self.by_auth_id.get_mut(auth_id)
                {
                    Arc::make_mut(entry).tokens.push(token.hash);
                }
            }
            Fact::Host { .. } | Fact::Credential(_) | Fact::CredentialDeleted { .. } | Fact::Setting { .. } => {}
        }
    }

    fn account(&mut self, account: &Account) {
        let Some(realm_name) = self.realms.get(&account.realm).cloned() else { return };
        let auth_id: Box<str> = account.auth_id.as_str().into();
        let tokens = self.by_auth_id.get(&auth_id).map(|entry| entry.tokens.clone()).unwrap_or_default();
        self.auth_ids.insert(account.id, auth_id.clone());
        self.by_auth_id.insert(auth_id, Arc::new(Entry { account: account.clone(), realm_name, tokens }));
    }
}

impl Follower for OperatorIndex {
    fn apply(&self, _revision: Revision, facts: &[Fact]) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for fact in facts {
            state.apply(fact);
        }
    }
}
