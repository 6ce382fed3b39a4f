//! What can be done inside the writer's transaction.

use crate::account_changes;
use crate::answers;
use crate::audit_log::AuditHead;
use crate::credentials;
use crate::failure::Failure;
use crate::provisioning_links;
use crate::registrations;
use crate::tokens;
use crate::trunks::{ip_acls, numbers, origination_uris, trunk};
use crate::webhooks;
use domain::{AccountId, Revision};
use rusqlite::{Connection, params};
use storage::{Change, ChangeSet, CommitError, Conflict, Fact, SettingName};

/// What became true, in order.
pub(crate) type News = Vec<(Revision, Vec<Fact>)>;

/// The open transaction: where it writes to, the revision it has come to, and what became true in it.
pub(crate) struct WriteTransaction<'c> {
    pub connection: &'c Connection,
    pub revision: Revision,
    pub news: News,
    /// Sets whose precondition did not hold.
    pub conflicts: usize,
    /// Where the audit log ends by now; read when the first record is written.
    pub audit: Option<AuditHead>,
}

/// Why a change was not applied.
pub(crate) enum Refused {
    /// A precondition of this set; its neighbours go on.
    Conflict(Conflict),
    /// The transaction is not to be trusted any more.
    Failed(Failure),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Conflict> for Refused {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

impl WriteTransaction<'_> {
    /// Applies a set whole or not at all. The outer error is the transaction's, the inner one the set's own.
    pub fn commit(&mut self, set: &ChangeSet) -> Result<Result<Revision, CommitError>, Failure> {
        // One change checks everything before it writes, so only sets of several need a way back.
        let savepoint = set.changes.len() > 1;
        if savepoint {
            self.run("SAVEPOINT change_set")?;
        }
        let revision = Revision(self.revision.0 + 1);
        let outcome = match apply_all(self.connection, set, revision) {
            Ok(facts) => {
                self.write_audit_event(set, revision, &facts)?;
                self.revision = revision;
                self.news.push((revision, facts));
                Ok(revision)
            }
            Err(Refused::Failed(failure)) => return Err(failure),
            Err(Refused::Conflict(conflict)) => {
                self.conflicts += 1;
                if savepoint {
                    self.run("ROLLBACK TO change_set")?;
                }
                Err(CommitError::Conflict(conflict))
            }
        };
        if savepoint {
            self.run("RELEASE change_set")?;
        }
        Ok(outcome)
    }

    fn write_audit_event(&mut self, set: &ChangeSet, revision: Revision, facts: &[Fact]) -> Result<(), Failure> {
        let account = set.audit.account.or_else(|| created_account(set, facts));
        let head = match &mut self.audit {
            Some(head) => head,
            audit @ None => audit.insert(AuditHead::read(self.connection)?),
        };
        Ok(head.append(self.connection, &set.audit, (revision, account))?)
    }

    fn run(&self, sql: &str) -> Result<(), Failure> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

fn apply_all(connection: &Connection, set: &ChangeSet, revision: Revision) -> Result<Vec<Fact>, Refused> {
    let mut facts = Vec::new();
    for change in &set.changes {
        apply(connection, change, revision, &mut facts)?;
    }
    Ok(facts)
}

fn apply(connection: &Connection, change: &Change, revision: Revision, facts: &mut Vec<Fact>) -> Result<(), Refused> {
    match change {
        Change::CreateAccount(new) => return account_changes::create(connection, new, facts),
        Change::UpdateAccount { id, patch, registrations } => {
            facts.push(account_changes::update(connection, *id, patch, *registrations)?);
        }
        Change::DeleteAccount(id) => return account_changes::delete(connection, *id, facts),
        Change::AddHost { account, host } => facts.extend(account_changes::add_host(connection, *account, host)?),
        Change::RemoveHost { account, host } => facts.push(account_changes::remove_host(connection, *account, host)?),
        Change::CreateApiToken(token) => facts.push(tokens::create(connection, token)?),
        Change::RevokeApiToken { account, id } => facts.push(tokens::revoke(connection, *account, *id)?),
        Change::CreateOperatorToken(token) => facts.push(tokens::create_for_operator(connection, token)?),
        Change::RevokeOperatorToken(id) => facts.push(tokens::revoke_of_operator(connection, *id)?),
        Change::RememberAnswer { answer, replaces_before } => {
            return answers::remember(connection, answer, *replaces_before);
        }
        Change::ResealCredentials(resealed) => return credentials::reseal(connection, resealed, revision, facts),
        Change::ResealAnswers(resealed) => return answers::reseal(connection, resealed),
        Change::CreateCredential(credential) => facts.push(credentials::create(connection, credential, revision)?),
        Change::UpdateCredential { credential, registrations } => {
            facts.push(credentials::update(connection, credential, *registrations, revision)?);
        }
        Change::DeleteCredential { account, id } => {
            return credentials::delete(connection, (*account, *id), revision, facts);
        }
        Change::CreateIpAcl(new) => facts.push(ip_acls::create(connection, new, revision)?),
        Change::UpdateIpAcl(new) => facts.push(ip_acls::update(connection, new, revision)?),
        Change::DeleteIpAcl { account, id } => return ip_acls::delete(connection, (*account, *id), revision, facts),
        Change::CreateOriginationUri(new) => facts.push(origination_uris::create(connection, new, revision)?),
        Change::UpdateOriginationUri(new) => facts.push(origination_uris::update(connection, new, revision)?),
        Change::DeleteOriginationUri { account, id } => {
            return origination_uris::delete(connection, (*account, *id), revision, facts);
        }
        Change::ResealUpstreamSecrets(resealed) => {
            return origination_uris::reseal(connection, resealed, revision, facts);
        }
        Change::CreateTrunk(new) => facts.push(trunk::create(connection, new, revision)?),
        Change::UpdateTrunk(new) => facts.push(trunk::update(connection, new, revision)?),
        Change::DeleteTrunk { account, id } => return trunk::delete(connection, (*account, *id), revision, facts),
        Change::AllocateNumber(new) => facts.push(numbers::allocate(connection, new, revision)?),
        Change::UpdateNumber(new) => facts.push(numbers::update(connection, new, revision)?),
        Change::ReleaseNumber(e164) => facts.push(numbers::release(connection, e164)?),
        Change::PutWebhook(new) => facts.push(webhooks::put(connection, new, revision)?),
        Change::DeleteWebhook(account) => facts.push(webhooks::delete(connection, *account)?),
        Change::ResealWebhookSecrets(resealed) => return webhooks::reseal(connection, resealed, revision, facts),
        Change::CreateProvisioningLink { link, most } => return provisioning_links::create(connection, link, *most),
        Change::SpendProvisioningLink { id, token, at } => {
            return provisioning_links::spend(connection, (*id, *token), *at);
        }
        Change::OpenProvisioningLink { id, token, at, opened, expires_at } => {
            return provisioning_links::open(connection, (*id, *token), *at, (*opened, *expires_at));
        }
        Change::DeleteProvisioningLink { account, credential, id } => {
            return provisioning_links::delete(connection, (*account, *credential), *id);
        }
        Change::ReplaceProvisioningPath(account) => return provisioning_links::replace_path(connection, *account),
        Change::EndRegistrations { account, credential, binding } => {
            facts.push(registrations::end(connection, (*account, *credential), *binding)?);
        }
        Change::UpdateRealm { realm, patch } => {
            facts.push(account_changes::update_realm(connection, *realm, patch)?);
        }
        Change::PutSetting { name, value } => facts.push(put_setting(connection, *name, value)?),
        Change::ClearSetting(name) => facts.extend(clear_setting(connection, *name)?),
    }
    Ok(())
}

fn put_setting(connection: &Connection, name: SettingName, value: &str) -> Result<Fact, Refused> {
    connection
        .prepare_cached("INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2")?
        .execute(params![name.as_str(), value])?;
    Ok(Fact::Setting { name, value: value.into() })
}

fn clear_setting(connection: &Connection, name: SettingName) -> Result<Option<Fact>, Refused> {
    let cleared = connection.prepare_cached("DELETE FROM settings WHERE name = ?1")?.execute([name.as_str()])?;
    Ok((cleared > 0).then_some(Fact::SettingCleared(name)))
}

/// The first account that the set creates: its event could not know the number beforehand.
fn created_account(set: &ChangeSet, facts: &[Fact]) -> Option<AccountId> {
    let new =
        set.changes.iter().find_map(|change| if let Change::CreateAccount(new) = change { Some(new) } else { None });
    let created = |fact: &Fact| match fact {
        Fact::Account(account) if new.is_some_and(|new| new.auth_id == account.auth_id) => Some(account.id),
        _ => None,
    };
    facts.iter().find_map(created)
}
