//! The stored things and the rules by which they change.

use domain::{
    Account, AccountId, AlgorithmUse, ApiToken, AuditEvent, AuthRecord, AuthRecordId, Ban, BanId, BindingId, CallId,
    CallRecord, CallSnapshot, ContactBinding, Credential, CredentialId, CredentialUse, DigestAlgorithm, HostName,
    IpAcl, Number, OperatorToken, OriginationUri, ProvisioningLink, ProvisioningLinkId, Realm, RealmId, Revision,
    Timestamp, Trunk, Username, Webhook,
};
use std::collections::{BTreeMap, HashMap};
use storage::{
    Change, ChangeSet, CommitError, Conflict, Fact, Refresh, RegistrationChange, RememberedAnswer, SettingName,
    TokenUse, WebhookDelivery,
};

/// Whose remembered answer it is, and its key.
pub(super) type AnswerKey = (Option<AccountId>, [u8; 32]);

#[derive(Clone, Default)]
pub(super) struct State {
    pub revision: Revision,
    pub settings: HashMap<SettingName, Box<str>>,
    pub realms: Vec<Realm>,
    /// By number, which is the order of creation.
    pub accounts: BTreeMap<AccountId, Account>,
    pub last_account: i64,
    pub hosts: BTreeMap<HostName, Host>,
    /// In order of creation.
    pub tokens: Vec<ApiToken>,
    /// In order of creation.
    pub operator_tokens: Vec<OperatorToken>,
    pub answers: BTreeMap<AnswerKey, RememberedAnswer>,
    /// By number, which is the order of creation.
    pub credentials: BTreeMap<u64, Credential>,
    pub numbers: HashMap<CredentialId, u64>,
    pub usernames: HashMap<(RealmId, Username), u64>,
    pub last_number: u64,
    /// In order of creation, as are the next three.
    pub ip_acls: Vec<IpAcl>,
    pub origination_uris: Vec<OriginationUri>,
    pub trunks: Vec<Trunk>,
    pub numbers_in_use: Vec<Number>,
    pub audit_log: Vec<(Revision, AuditEvent)>,
    pub registrations: BTreeMap<(CredentialId, BindingId), ContactBinding>,
    pub algorithm_uses: BTreeMap<(CredentialId, DigestAlgorithm), AlgorithmUse>,
    pub credential_uses: BTreeMap<CredentialId, CredentialUse>,
    pub device_uses: BTreeMap<(CredentialId, u32), CredentialUse>,
    pub provisioning_links: BTreeMap<ProvisioningLinkId, ProvisioningLink>,
    pub provisioning_paths: BTreeMap<AccountId, u32>,
    pub live_calls: BTreeMap<CallId, CallSnapshot>,
    pub call_records: BTreeMap<CallId, CallRecord>,
    pub webhooks: BTreeMap<AccountId, Webhook>,
    pub webhook_outbox: BTreeMap<[u8; 16], WebhookDelivery>,
    pub bans: BTreeMap<BanId, Ban>,
    pub boots: Vec<(u32, Timestamp)>,
    pub auth_records: BTreeMap<AuthRecordId, AuthRecord>,
    pub last_auth_record: i64,
}

/// Where a host name leads, and which account it was given to.
#[derive(Clone, Copy)]
pub(super) struct Host {
    pub realm: RealmId,
    pub account: AccountId,
}

impl State {
    pub fn commit(&mut self, set: ChangeSet) -> Result<(Revision, Vec<Fact>), CommitError> {
        // A single change checks everything before it writes; only later changes of a set can undo earlier ones.
        let before = (set.changes.len() > 1).then(|| self.clone());
        let revision = Revision(self.revision.0 + 1);
        let mut facts = Vec::new();
        let mut created = None;
        for change in set.changes {
            let creates_account = matches!(change, Change::CreateAccount(_));
            if let Err(error) = self.apply(change, revision, &mut facts) {
                if let Some(before) = before {
                    *self = before;
                }
                return Err(error);
            }
            if creates_account && created.is_none() {
                created = Some(AccountId(self.last_account));
            }
        }
        self.revision = revision;
        self.audit_log.push((revision, AuditEvent { account: set.audit.account.or(created), ..set.audit }));
        Ok((revision, facts))
    }

    fn apply(&mut self, change: Change, revision: Revision, facts: &mut Vec<Fact>) -> Result<(), CommitError> {
        match change {
            Change::CreateAccount(new) => return self.create_account(new, facts),
            Change::UpdateAccount { id, patch, registrations } => {
                facts.push(self.update_account(id, patch, registrations)?);
            }
            Change::DeleteAccount(id) => return self.delete_account(id, facts),
            Change::AddHost { account, host } => facts.extend(self.add_host(account, host)?),
            Change::RemoveHost { account, host } => facts.push(self.remove_host(account, host)?),
            Change::CreateApiToken(token) => facts.push(self.create_api_token(token)?),
            Change::RevokeApiToken { account, id } => facts.push(self.revoke_api_token(account, id)?),
            Change::CreateOperatorToken(token) => facts.push(self.create_operator_token(token)?),
            Change::RevokeOperatorToken(id) => facts.push(self.revoke_operator_token(id)?),
            Change::RememberAnswer { answer, replaces_before } => return self.remember(answer, replaces_before),
            Change::ResealCredentials(resealed) => facts.extend(self.reseal_credentials(resealed, revision)),
            Change::ResealAnswers(resealed) => self.reseal_answers(resealed),
            Change::CreateCredential(credential) => {
                facts.push(self.create_credential(Credential { revision, ..credential })?);
            }
            Change::UpdateCredential { credential, registrations } => {
                facts.push(self.update_credential(credential, registrations, revision)?);
            }
            Change::DeleteCredential { account, id } => {
                let deleted = self.delete_credential(account, id)?;
                self.detach_credential(id, revision, facts);
                facts.push(deleted);
            }
            Change::CreateIpAcl(new) => facts.push(self.create_ip_acl(IpAcl { revision, ..new })?),
            Change::UpdateIpAcl(new) => facts.push(self.update_ip_acl(new, revision)?),
            Change::DeleteIpAcl { account, id } => return self.delete_ip_acl((account, id), revision, facts),
            Change::CreateOriginationUri(new) => {
                facts.push(self.create_origination_uri(OriginationUri { revision, ..new })?);
            }
            Change::UpdateOriginationUri(new) => facts.push(self.update_origination_uri(new, revision)?),
            Change::DeleteOriginationUri { account, id } => {
                return self.delete_origination_uri((account, id), revision, facts);
            }
            Change::ResealUpstreamSecrets(resealed) => facts.extend(self.reseal_upstream_secrets(resealed, revision)),
            Change::CreateTrunk(new) => facts.push(self.create_trunk(Trunk { revision, ..*new })?),
            Change::UpdateTrunk(new) => facts.push(self.update_trunk(*new, revision)?),
            Change::DeleteTrunk { account, id } => return self.delete_trunk((account, id), revision, facts),
            Change::AllocateNumber(new) => facts.push(self.allocate_number(Number { revision, ..new })?),
            Change::UpdateNumber(new) => facts.push(self.update_number(new, revision)?),
            Change::ReleaseNumber(e164) => facts.push(self.release_number(e164)?),
            Change::PutWebhook(new) => facts.push(self.put_webhook(*new, revision)?),
            Change::DeleteWebhook(account) => facts.push(self.delete_webhook(account)?),
            Change::ResealWebhookSecrets(resealed) => facts.extend(self.reseal_webhook_secrets(resealed, revision)),
            Change::CreateProvisioningLink { link, most } => return self.create_provisioning_link(link, most),
            Change::SpendProvisioningLink { id, token, at } => return self.spend_provisioning_link((id, token), at),
            Change::OpenProvisioningLink { id, token, at, opened, expires_at } => {
                return self.open_provisioning_link((id, token), at, (opened, expires_at));
            }
            Change::DeleteProvisioningLink { account, credential, id } => {
                return self.delete_provisioning_link((account, credential), id);
            }
            Change::ReplaceProvisioningPath(account) => return self.replace_provisioning_path(account),
            Change::EndRegistrations { account, credential, binding } => {
                facts.push(self.end_registrations((account, credential), binding)?);
            }
            Change::UpdateRealm { realm, patch } => facts.push(self.update_realm(realm, patch)?),
            Change::PutSetting { name, value } => {
                self.settings.insert(name, value.clone());
                facts.push(Fact::Setting { name, value });
            }
            Change::ClearSetting(name) => {
                facts.extend(self.settings.remove(&name).map(|_| Fact::SettingCleared(name)));
            }
        }
        Ok(())
    }

    fn remember(&mut self, answer: RememberedAnswer, replaces_before: Timestamp) -> Result<(), CommitError> {
        if answer.account.is_some_and(|account| !self.accounts.contains_key(&account)) {
            return Err(CommitError::Conflict(Conflict::NotFound));
        }
        let key = (answer.account, answer.key);
        if self.answers.get(&key).is_some_and(|earlier| earlier.at >= replaces_before) {
            return Err(CommitError::Conflict(Conflict::KeyUsed));
        }
        self.answers.insert(key, answer);
        Ok(())
    }

    fn reseal_answers(&mut self, resealed: Vec<RememberedAnswer>) {
        for answer in resealed {
            let stored = self.answers.get_mut(&(answer.account, answer.key));
            if let Some(stored) = stored.filter(|stored| stored.at == answer.at) {
                stored.sealed = answer.sealed;
            }
        }
    }

    pub fn save_token_use(&mut self, token_use: TokenUse) {
        let of_accounts = self.tokens.iter_mut().map(|token| (token.id, &mut token.last_used_at));
        let of_operator = self.operator_tokens.iter_mut().map(|token| (token.id, &mut token.last_used_at));
        for (_, last_used_at) in of_accounts.chain(of_operator).filter(|(id, _)| *id == token_use.token) {
            *last_used_at = (*last_used_at).max(Some(token_use.at));
        }
    }

    /// Everything that is true, what is referred to first.
    pub fn facts(&self) -> Vec<Fact> {
        let settings = self.settings.iter().map(|(name, value)| Fact::Setting { name: *name, value: value.clone() });
        settings
            .chain(self.realms.iter().cloned().map(Fact::Realm))
            .chain(self.accounts.values().cloned().map(Fact::Account))
            .chain(self.hosts.iter().map(|(name, host)| Fact::Host { host: name.clone(), realm: host.realm }))
            .chain(self.tokens.iter().cloned().map(Fact::ApiToken))
            .chain(self.operator_tokens.iter().cloned().map(Fact::OperatorToken))
            .chain(self.credentials.values().cloned().map(Fact::Credential))
            .chain(self.trunk_facts())
            .chain(self.webhooks.values().map(|webhook| Fact::Webhook(Box::new(webhook.clone()))))
            .collect()
    }

    pub fn save(&mut self, change: RegistrationChange) {
        match change {
            RegistrationChange::Put(binding) => {
                let owner = self.numbers.get(&binding.credential).and_then(|number| self.credentials.get(number));
                let welcome = owner.is_some_and(|owner| {
                    owner.enabled && owner.accepts_secret(binding.generation) && self.authenticates(owner.account)
                });
                if welcome {
                    self.registrations.insert((binding.credential, binding.id), binding);
                }
            }
            RegistrationChange::Refresh(Refresh { credential, id, cseq, expires_at }) => {
                if let Some(binding) = self.registrations.get_mut(&(credential, id)) {
                    (binding.cseq, binding.expires_at) = (cseq, expires_at);
                }
            }
            RegistrationChange::Remove { credential, id } => {
                self.registrations.remove(&(credential, id));
            }
        }
    }

    /// Whether neither the account nor the one above it is disabled.
    fn authenticates(&self, id: AccountId) -> bool {
        self.accounts.get(&id).is_some_and(|account| {
            let parent = account.parent.and_then(|parent| self.accounts.get(&parent));
            account.enabled && parent.is_none_or(|parent| parent.enabled)
        })
    }
}
