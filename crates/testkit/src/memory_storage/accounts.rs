//! How accounts, realms, host names and tokens change.

use super::state::{Host, State};
use domain::{
    Account, AccountId, AccountSettings, ApiToken, CallLimits, ChallengePolicy, DigestRules, HostName, OperatorToken,
    Realm, RealmId, RealmName, TokenId,
};
use storage::{AccountPatch, CommitError, Conflict, Fact, NewAccount, RealmPatch, RegistrationsAfter, StorageError};

const NOT_FOUND: CommitError = CommitError::Conflict(Conflict::NotFound);

impl State {
    pub fn create_account(&mut self, new: NewAccount, facts: &mut Vec<Fact>) -> Result<(), CommitError> {
        if self.accounts.values().any(|account| account.auth_id == new.auth_id) {
            return Err(CommitError::Conflict(Conflict::AuthIdTaken));
        }
        if new.parent.is_some_and(|parent| self.accounts.get(&parent).is_none_or(|parent| parent.parent.is_some())) {
            return Err(NOT_FOUND);
        }
        let known = self.realms.iter().find(|realm| realm.name == new.realm).map(|realm| realm.id);
        let leads_elsewhere = |host| self.hosts.get(host).is_some_and(|other| Some(other.realm) != known);
        if new.hosts.iter().any(|host| leads_elsewhere(host) || self.trunks.iter().any(|trunk| trunk.host == *host)) {
            return Err(CommitError::Conflict(Conflict::HostTaken));
        }
        self.check_new_token(new.token.id)?;
        let realm = known.unwrap_or_else(|| self.create_realm(new.realm.clone(), new.challenge_policy, facts));
        self.last_account += 1;
        let id = AccountId(self.last_account);
        let token = new.token.of_account(id, new.created_at);
        let account = Account {
            id,
            auth_id: new.auth_id,
            name: new.name,
            realm,
            sip_domain: new.sip_domain,
            parent: new.parent,
            enabled: new.enabled,
            api_id: new.api_id,
            profile: new.profile,
            limits: CallLimits::OF_ACCOUNT,
            settings: AccountSettings::default(),
            created_at: new.created_at,
            updated_at: new.created_at,
        };
        self.accounts.insert(id, account.clone());
        facts.push(Fact::Account(account));
        for host in new.hosts {
            self.hosts.entry(host.clone()).or_insert(Host { realm, account: id });
            facts.push(Fact::Host { host, realm });
        }
        self.tokens.push(token.clone());
        facts.push(Fact::ApiToken(token));
        Ok(())
    }

    fn create_realm(&mut self, name: RealmName, challenge_policy: ChallengePolicy, facts: &mut Vec<Fact>) -> RealmId {
        // No realm is ever deleted, so counting is numbering.
        let id = RealmId(i64::try_from(self.realms.len()).map_or(i64::MAX, |existing| existing + 1));
        let realm = Realm { id, name, challenge_policy, rules: DigestRules::default() };
        self.realms.push(realm.clone());
        facts.push(Fact::Realm(realm));
        id
    }

    pub fn update_account(
        &mut self,
        id: AccountId,
        patch: AccountPatch,
        registrations: RegistrationsAfter,
    ) -> Result<Fact, CommitError> {
        let account = self.accounts.get_mut(&id).ok_or(NOT_FOUND)?;
        account.name = patch.name.unwrap_or_else(|| account.name.clone());
        account.enabled = patch.enabled.unwrap_or(account.enabled);
        account.profile = patch.profile.unwrap_or_else(|| account.profile.clone());
        account.limits = patch.limits.unwrap_or(account.limits);
        account.settings = patch.settings.unwrap_or_else(|| account.settings.clone());
        account.updated_at = patch.updated_at;
        let fact = Fact::Account(account.clone());
        if registrations == RegistrationsAfter::Remove {
            let ended = |owner: &Account| owner.id == id || owner.parent == Some(id);
            let Self { registrations, numbers, credentials, accounts, .. } = self;
            registrations.retain(|(credential, _), _| {
                let credential = numbers.get(credential).and_then(|number| credentials.get(number));
                !credential.and_then(|credential| accounts.get(&credential.account)).is_some_and(ended)
            });
        }
        Ok(fact)
    }

    pub fn delete_account(&mut self, id: AccountId, facts: &mut Vec<Fact>) -> Result<(), CommitError> {
        if !self.accounts.contains_key(&id) {
            return Err(NOT_FOUND);
        }
        if self.accounts.values().any(|account| account.parent == Some(id)) {
            return Err(CommitError::Conflict(Conflict::HasSubAccounts));
        }
        self.delete_trunks_of_account(id, facts);
        facts.extend(self.webhooks.remove(&id).map(|_| Fact::WebhookDeleted(id)));
        let owned = self.credentials.values().filter(|credential| credential.account == id);
        for credential in owned.map(|credential| credential.id).collect::<Vec<_>>() {
            facts.push(self.delete_credential(id, credential)?);
        }
        for token in self.tokens.extract_if(.., |token| token.account == id) {
            facts.push(Fact::ApiTokenRevoked { account: id, id: token.id });
        }
        let given = self.hosts.iter().filter(|(_, host)| host.account == id);
        for host in given.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            facts.push(self.remove_host(id, host)?);
        }
        self.answers.retain(|(account, _), _| *account != Some(id));
        self.webhook_outbox.retain(|_, delivery| delivery.account != id);
        self.accounts.remove(&id);
        facts.push(Fact::AccountDeleted(id));
        Ok(())
    }

    pub fn add_host(&mut self, account: AccountId, host: HostName) -> Result<Option<Fact>, CommitError> {
        let realm = self.accounts.get(&account).ok_or(NOT_FOUND)?.realm;
        if self.trunks.iter().any(|trunk| trunk.host == host) {
            return Err(CommitError::Conflict(Conflict::HostTaken));
        }
        match self.hosts.get(&host) {
            Some(other) if other.realm != realm => Err(CommitError::Conflict(Conflict::HostTaken)),
            Some(_) => Ok(None),
            None => {
                self.hosts.insert(host.clone(), Host { realm, account });
                Ok(Some(Fact::Host { host, realm }))
            }
        }
    }

    pub fn remove_host(&mut self, account: AccountId, host: HostName) -> Result<Fact, CommitError> {
        if self.hosts.get(&host).is_none_or(|given| given.account != account) {
            return Err(NOT_FOUND);
        }
        self.hosts.remove(&host);
        Ok(Fact::HostRemoved(host))
    }

    pub fn create_api_token(&mut self, token: ApiToken) -> Result<Fact, CommitError> {
        if !self.accounts.contains_key(&token.account) {
            return Err(NOT_FOUND);
        }
        self.check_new_token(token.id)?;
        self.tokens.push(token.clone());
        Ok(Fact::ApiToken(token))
    }

    pub fn revoke_api_token(&mut self, account: AccountId, id: TokenId) -> Result<Fact, CommitError> {
        let position = self.tokens.iter().position(|token| token.id == id && token.account == account);
        self.tokens.remove(position.ok_or(NOT_FOUND)?);
        Ok(Fact::ApiTokenRevoked { account, id })
    }

    pub fn create_operator_token(&mut self, token: OperatorToken) -> Result<Fact, CommitError> {
        self.check_new_token(token.id)?;
        self.operator_tokens.push(token.clone());
        Ok(Fact::OperatorToken(token))
    }

    pub fn revoke_operator_token(&mut self, id: TokenId) -> Result<Fact, CommitError> {
        let position = self.operator_tokens.iter().position(|token| token.id == id);
        self.operator_tokens.remove(position.ok_or(NOT_FOUND)?);
        Ok(Fact::OperatorTokenRevoked(id))
    }

    pub fn update_realm(&mut self, id: RealmId, patch: RealmPatch) -> Result<Fact, CommitError> {
        let realm = self.realms.iter_mut().find(|realm| realm.id == id).ok_or(NOT_FOUND)?;
        realm.challenge_policy = patch.challenge_policy.unwrap_or(realm.challenge_policy);
        realm.rules.auth_int = patch.auth_int.unwrap_or(realm.rules.auth_int);
        realm.rules.without_qop = patch.without_qop.unwrap_or(realm.rules.without_qop);
        realm.rules.md5_retired = patch.md5_retired.unwrap_or(realm.rules.md5_retired);
        Ok(Fact::Realm(realm.clone()))
    }

    fn check_new_token(&self, id: TokenId) -> Result<(), CommitError> {
        let known = self.tokens.iter().map(|token| token.id).chain(self.operator_tokens.iter().map(|token| token.id));
        if known.into_iter().any(|other| other == id) {
            return Err(CommitError::Storage(StorageError::Damaged(format!("token {id} exists already"))));
        }
        Ok(())
    }
}
