//! The stored things and the rules by which they change.

use domain::{
    Account, AccountId, ApiToken, AuditEvent, BindingId, ChallengePolicy, ContactBinding, Credential, CredentialId,
    HostName, Realm, RealmId, Revision, Timestamp, Username,
};
use std::collections::{BTreeMap, HashMap};
use storage::{
    Change, ChangeSet, CommitError, Conflict, Fact, NewAccount, RegistrationChange, RegistrationsAfter, SettingName,
    StorageError,
};

#[derive(Clone, Default)]
pub(super) struct State {
    pub revision: Revision,
    pub settings: HashMap<SettingName, Box<str>>,
    pub realms: Vec<Realm>,
    pub accounts: Vec<Account>,
    pub hosts: BTreeMap<HostName, RealmId>,
    pub tokens: Vec<ApiToken>,
    /// By number, which is the order of creation.
    pub credentials: BTreeMap<u64, Credential>,
    numbers: HashMap<CredentialId, u64>,
    usernames: HashMap<(RealmId, Username), u64>,
    last_number: u64,
    pub audit_log: Vec<(Revision, AuditEvent)>,
    pub registrations: BTreeMap<(CredentialId, BindingId), ContactBinding>,
    pub boots: Vec<(u32, Timestamp)>,
}

impl State {
    pub fn commit(&mut self, set: ChangeSet) -> Result<(Revision, Vec<Fact>), CommitError> {
        // A single change checks everything before it writes; only later changes of a set can undo earlier ones.
        let before = (set.changes.len() > 1).then(|| self.clone());
        let revision = Revision(self.revision.0 + 1);
        let mut facts = Vec::new();
        for change in set.changes {
            if let Err(error) = self.apply(change, revision, &mut facts) {
                if let Some(before) = before {
                    *self = before;
                }
                return Err(error);
            }
        }
        self.revision = revision;
        let created = facts.iter().find_map(|fact| if let Fact::Account(new) = fact { Some(new.id) } else { None });
        self.audit_log.push((revision, AuditEvent { account: set.audit.account.or(created), ..set.audit }));
        Ok((revision, facts))
    }

    fn apply(&mut self, change: Change, revision: Revision, facts: &mut Vec<Fact>) -> Result<(), CommitError> {
        match change {
            Change::CreateAccount(new) => self.create_account(new, facts),
            Change::CreateCredential(credential) => {
                self.create_credential(Credential { revision, ..credential }).map(|fact| facts.push(fact))
            }
            Change::UpdateCredential { credential, registrations } => {
                self.update_credential(credential, registrations, revision).map(|fact| facts.push(fact))
            }
            Change::DeleteCredential { account, id } => {
                self.delete_credential(account, id).map(|fact| facts.push(fact))
            }
            Change::SetChallengePolicy { realm, policy } => {
                self.set_challenge_policy(realm, policy).map(|fact| facts.push(fact))
            }
            Change::PutSetting { name, value } => {
                self.settings.insert(name, value.clone());
                facts.push(Fact::Setting { name, value });
                Ok(())
            }
        }
    }

    fn create_account(&mut self, new: NewAccount, facts: &mut Vec<Fact>) -> Result<(), CommitError> {
        if self.accounts.iter().any(|account| account.auth_id == new.auth_id) {
            return Err(CommitError::Conflict(Conflict::AuthIdTaken));
        }
        let known = self.realms.iter().find(|realm| realm.name == new.realm).map(|realm| realm.id);
        let realm = known.unwrap_or(RealmId(next_id(self.realms.len())));
        if new.hosts.iter().any(|host| self.hosts.get(host).is_some_and(|other| *other != realm)) {
            return Err(CommitError::Conflict(Conflict::HostTaken));
        }
        if known.is_none() {
            let realm = Realm { id: realm, name: new.realm, challenge_policy: new.challenge_policy };
            self.realms.push(realm.clone());
            facts.push(Fact::Realm(realm));
        }
        let account = Account {
            id: AccountId(next_id(self.accounts.len())),
            auth_id: new.auth_id,
            name: new.name,
            realm,
            sip_domain: new.sip_domain,
            enabled: true,
            created_at: new.created_at,
        };
        let token = ApiToken {
            id: next_id(self.tokens.len()),
            account: account.id,
            hash: new.token,
            label: "first token".into(),
            created_at: new.created_at,
        };
        self.accounts.push(account.clone());
        facts.push(Fact::Account(account));
        for host in new.hosts {
            self.hosts.insert(host.clone(), realm);
            facts.push(Fact::Host { host, realm });
        }
        self.tokens.push(token.clone());
        facts.push(Fact::ApiToken(token));
        Ok(())
    }

    fn create_credential(&mut self, credential: Credential) -> Result<Fact, CommitError> {
        let owner = self.accounts.iter().find(|account| account.id == credential.account);
        if owner.is_none_or(|owner| owner.realm != credential.realm) {
            return Err(CommitError::Conflict(Conflict::NotFound));
        }
        let name = (credential.realm, credential.username.clone());
        if self.usernames.contains_key(&name) {
            return Err(CommitError::Conflict(Conflict::UsernameTaken));
        }
        if self.numbers.contains_key(&credential.id) {
            let text = format!("credential {} exists already", credential.id);
            return Err(CommitError::Storage(StorageError::Damaged(text)));
        }
        self.last_number += 1;
        self.usernames.insert(name, self.last_number);
        self.numbers.insert(credential.id, self.last_number);
        self.credentials.insert(self.last_number, credential.clone());
        Ok(Fact::Credential(credential))
    }

    fn update_credential(
        &mut self,
        new: Credential,
        registrations: RegistrationsAfter,
        revision: Revision,
    ) -> Result<Fact, CommitError> {
        let stored = self.numbers.get(&new.id).and_then(|number| self.credentials.get_mut(number));
        let Some(stored) = stored.filter(|stored| stored.account == new.account) else {
            return Err(CommitError::Conflict(Conflict::NotFound));
        };
        if stored.revision != new.revision {
            return Err(CommitError::Conflict(Conflict::Superseded));
        }
        *stored = Credential {
            revision,
            realm: stored.realm,
            username: stored.username.clone(),
            created_at: stored.created_at,
            ..new
        };
        let fact = Fact::Credential(stored.clone());
        if registrations == RegistrationsAfter::Remove {
            self.registrations.retain(|(credential, _), _| *credential != new.id);
        }
        Ok(fact)
    }

    fn delete_credential(&mut self, account: AccountId, id: CredentialId) -> Result<Fact, CommitError> {
        let Some(Credential { realm, username, .. }) = self.credential(account, id).cloned() else {
            return Err(CommitError::Conflict(Conflict::NotFound));
        };
        if let Some(number) = self.numbers.remove(&id) {
            self.credentials.remove(&number);
        }
        self.usernames.remove(&(realm, username.clone()));
        self.registrations.retain(|(credential, _), _| *credential != id);
        Ok(Fact::CredentialDeleted { id, realm, username })
    }

    fn set_challenge_policy(&mut self, id: RealmId, policy: ChallengePolicy) -> Result<Fact, CommitError> {
        let realm = self.realms.iter_mut().find(|realm| realm.id == id);
        let realm = realm.ok_or(CommitError::Conflict(Conflict::NotFound))?;
        realm.challenge_policy = policy;
        Ok(Fact::Realm(realm.clone()))
    }

    pub fn credential(&self, account: AccountId, id: CredentialId) -> Option<&Credential> {
        let credential = self.credentials.get(self.numbers.get(&id)?)?;
        (credential.account == account).then_some(credential)
    }

    /// Everything that is true, what is referred to first.
    pub fn facts(&self) -> Vec<Fact> {
        let settings = self.settings.iter().map(|(name, value)| Fact::Setting { name: *name, value: value.clone() });
        settings
            .chain(self.realms.iter().cloned().map(Fact::Realm))
            .chain(self.accounts.iter().cloned().map(Fact::Account))
            .chain(self.hosts.iter().map(|(host, realm)| Fact::Host { host: host.clone(), realm: *realm }))
            .chain(self.tokens.iter().cloned().map(Fact::ApiToken))
            .chain(self.credentials.values().cloned().map(Fact::Credential))
            .collect()
    }

    pub fn save(&mut self, change: RegistrationChange) {
        match change {
            RegistrationChange::Put(binding) => {
                let owner = self.numbers.get(&binding.credential).and_then(|number| self.credentials.get(number));
                if owner.is_some_and(|owner| owner.enabled && owner.generation == binding.generation) {
                    self.registrations.insert((binding.credential, binding.id), binding);
                }
            }
            RegistrationChange::Remove { credential, id } => {
                self.registrations.remove(&(credential, id));
            }
        }
    }
}

/// Nothing but credentials is ever deleted, so counting is numbering.
fn next_id(existing: usize) -> i64 {
    i64::try_from(existing).map_or(i64::MAX, |existing| existing + 1)
}
