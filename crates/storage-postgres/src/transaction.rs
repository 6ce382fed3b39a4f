//! What is done inside a transaction that commits change sets.

use crate::account_changes;
use crate::answers;
use crate::audit_log::AuditTail;
use crate::changed::{self, Touched};
use crate::credential_creations::{self, Admitted};
use crate::credentials;
use crate::failure::{Failure, Refused};
use crate::provisioning_links;
use crate::registrations;
use crate::rows;
use crate::sql::{self, parameters};
use crate::tokens;
use crate::trunks::{ip_acls, numbers, origination_uris, trunk};
use crate::webhooks;
use domain::{AccountId, Credential, Revision};
use sqlx::PgConnection;
use storage::{Change, ChangeSet, Conflict, SettingName};

/// Where nodes listen for commits.
pub(crate) const COMMITTED: &str = "sipwarden_committed";

/// What each set came to, if the transaction is committed.
pub(crate) type Outcomes = Vec<Result<Revision, Conflict>>;

/// The open transaction: the revision it has come to, and what is written at its end.
struct Transaction<'c> {
    connection: &'c mut PgConnection,
    revision: Revision,
    touched: Vec<(Revision, Touched)>,
    audit: AuditTail,
}

/// What a set has done so far.
#[derive(Default)]
struct Done {
    touched: Vec<Touched>,
    /// The first account it created: its audit event could not know the number beforehand.
    created: Option<AccountId>,
}

/// Applies sets in their order, each whole or not at all. No other transaction, of whatever node, does so meanwhile: the
/// counter's row is held until this one ends.
pub(crate) async fn apply_sets(connection: &mut PgConnection, sets: &[&ChangeSet]) -> Result<Outcomes, Failure> {
    let lock = "SELECT revision FROM counter FOR UPDATE";
    let revision = sql::one(connection, lock, parameters![], |row| rows::revision(row, 0)).await?;
    let audit = AuditTail::read(connection).await?;
    let mut transaction = Transaction { connection, revision, touched: Vec::new(), audit };
    let mut outcomes = Vec::with_capacity(sets.len());
    let mut waiting = sets;
    while let Some((first, others)) = waiting.split_first() {
        let run: Vec<&Credential> = waiting.iter().map_while(|set| lone_creation(set)).collect();
        let Some((creations, after)) = waiting.split_at_checked(run.len()).filter(|_| !run.is_empty()) else {
            outcomes.push(transaction.apply_set(first).await?);
            waiting = others;
            continue;
        };
        outcomes.extend(transaction.create_each(creations, &run).await?);
        waiting = after;
    }
    transaction.finish(revision).await?;
    Ok(outcomes)
}

/// The credential that a set creates, if it does nothing else.
fn lone_creation(set: &ChangeSet) -> Option<&Credential> {
    match set.changes.as_slice() {
        [Change::CreateCredential(new)] if credential_creations::goes_with_others(new) => Some(new),
        _ => None,
    }
}

impl Transaction<'_> {
    /// Creates a credential for each of those sets, with a revision of its own.
    async fn create_each(&mut self, sets: &[&ChangeSet], wanted: &[&Credential]) -> Result<Outcomes, Failure> {
        let Admitted { credentials, refused } = match credential_creations::admit(self.connection, wanted).await {
            Ok(admitted) => admitted,
            Err(Refused::Conflict(conflict)) => return Ok(vec![Err(conflict); wanted.len()]),
            Err(Refused::Failed(failure)) => return Err(failure),
        };
        let mut outcomes: Outcomes = vec![Err(Conflict::NotFound); wanted.len()];
        for (place, conflict) in refused {
            if let Some(outcome) = outcomes.get_mut(place) {
                *outcome = Err(conflict);
            }
        }
        let mut created = Vec::with_capacity(credentials.len());
        for (place, credential) in credentials {
            self.revision = Revision(self.revision.0 + 1);
            if let (Some(outcome), Some(set)) = (outcomes.get_mut(place), sets.get(place)) {
                *outcome = Ok(self.revision);
                self.audit.append(&set.audit, (self.revision, set.audit.account));
            }
            let Credential { id, realm, username, .. } = credential.clone();
            self.touched.push((self.revision, Touched::Credential { id, realm, username }));
            created.push(Credential { revision: self.revision, ..credential });
        }
        match credential_creations::insert(self.connection, &created).await {
            Ok(()) => Ok(outcomes),
            Err(Refused::Failed(failure)) => Err(failure),
            Err(Refused::Conflict(_)) => Err(Failure::damaged("a credential that was admitted conflicts")),
        }
    }

    /// Applies one set. The outer error is the transaction's, the inner one the set's own.
    async fn apply_set(&mut self, set: &ChangeSet) -> Result<Result<Revision, Conflict>, Failure> {
        // One change checks everything before it writes, so only sets of several need a way back.
        let savepoint = set.changes.len() > 1;
        if savepoint {
            sql::execute(self.connection, "SAVEPOINT change_set", parameters![]).await?;
        }
        let revision = Revision(self.revision.0 + 1);
        let mut done = Done::default();
        let outcome = match apply_all(self.connection, set, revision, &mut done).await {
            Ok(()) => {
                self.revision = revision;
                self.audit.append(&set.audit, (revision, set.audit.account.or(done.created)));
                self.touched.extend(done.touched.into_iter().map(|touched| (revision, touched)));
                Ok(revision)
            }
            Err(Refused::Failed(failure)) => return Err(failure),
            Err(Refused::Conflict(conflict)) => {
                if savepoint {
                    sql::execute(self.connection, "ROLLBACK TO SAVEPOINT change_set", parameters![]).await?;
                }
                Err(conflict)
            }
        };
        if savepoint {
            sql::execute(self.connection, "RELEASE SAVEPOINT change_set", parameters![]).await?;
        }
        Ok(outcome)
    }

    /// Writes what all sets have in common.
    async fn finish(self, before: Revision) -> Result<(), Failure> {
        if self.revision == before {
            return Ok(());
        }
        self.audit.write(self.connection).await?;
        changed::write(self.connection, &self.touched).await?;
        let count = "UPDATE counter SET revision = $1 RETURNING pg_notify($2, '')";
        sql::execute(self.connection, count, parameters![self.revision.0.cast_signed(), COMMITTED]).await?;
        Ok(())
    }
}

async fn apply_all(
    connection: &mut PgConnection,
    set: &ChangeSet,
    revision: Revision,
    done: &mut Done,
) -> Result<(), Refused> {
    let mut waiting = set.changes.as_slice();
    while let Some((first, others)) = waiting.split_first() {
        let run: Vec<&Credential> = waiting.iter().map_while(creation_in_run).collect();
        match waiting.get(run.len()..).filter(|_| !run.is_empty()) {
            Some(after) => {
                create_all(connection, &run, revision, done).await?;
                waiting = after;
            }
            None => {
                apply(connection, first, revision, done).await?;
                waiting = others;
            }
        }
    }
    Ok(())
}

fn creation_in_run(change: &Change) -> Option<&Credential> {
    match change {
        Change::CreateCredential(new) if credential_creations::goes_with_others(new) => Some(new),
        _ => None,
    }
}

/// Creates credentials that stand or fall together.
async fn create_all(
    connection: &mut PgConnection,
    wanted: &[&Credential],
    revision: Revision,
    done: &mut Done,
) -> Result<(), Refused> {
    let Admitted { credentials, refused } = credential_creations::admit(connection, wanted).await?;
    if let Some((_, conflict)) = refused.first() {
        return Err(Refused::Conflict(*conflict));
    }
    let created: Vec<Credential> =
        credentials.into_iter().map(|(_, credential)| Credential { revision, ..credential }).collect();
    credential_creations::insert(connection, &created).await?;
    let touched =
        created.into_iter().map(|Credential { id, realm, username, .. }| Touched::Credential { id, realm, username });
    done.touched.extend(touched);
    Ok(())
}

async fn apply(
    connection: &mut PgConnection,
    change: &Change,
    revision: Revision,
    done: &mut Done,
) -> Result<(), Refused> {
    let touched = &mut done.touched;
    match change {
        Change::CreateAccount(new) => {
            let created = account_changes::create(connection, new, touched).await?;
            done.created = done.created.or(Some(created));
        }
        Change::UpdateAccount { id, patch, registrations } => {
            touched.push(account_changes::update(connection, *id, patch, *registrations).await?);
        }
        Change::DeleteAccount(id) => return account_changes::delete(connection, *id, touched).await,
        Change::AddHost { account, host } => {
            touched.extend(account_changes::add_host(connection, *account, host).await?);
        }
        Change::RemoveHost { account, host } => {
            touched.push(account_changes::remove_host(connection, *account, host).await?);
        }
        Change::CreateApiToken(token) => touched.push(tokens::create(connection, token).await?),
        Change::RevokeApiToken { account, id } => touched.push(tokens::revoke(connection, *account, *id).await?),
        Change::CreateOperatorToken(token) => touched.push(tokens::create_for_operator(connection, token).await?),
        Change::RevokeOperatorToken(id) => touched.push(tokens::revoke_of_operator(connection, *id).await?),
        Change::RememberAnswer { answer, replaces_before } => {
            return answers::remember(connection, answer, *replaces_before).await;
        }
        Change::ResealCredentials(resealed) => {
            return credentials::reseal(connection, resealed, revision, touched).await;
        }
        Change::ResealAnswers(resealed) => return answers::reseal(connection, resealed).await,
        Change::CreateCredential(new) => return create_all(connection, &[new], revision, done).await,
        Change::UpdateCredential { credential, registrations } => {
            touched.push(credentials::update(connection, credential, *registrations, revision).await?);
        }
        Change::DeleteCredential { account, id } => {
            return credentials::delete(connection, (*account, *id), revision, touched).await;
        }
        Change::EndRegistrations { account, credential, binding } => {
            touched.push(registrations::end(connection, (*account, *credential), *binding).await?);
        }
        Change::UpdateRealm { realm, patch } => {
            touched.push(account_changes::update_realm(connection, *realm, patch).await?);
        }
        Change::PutSetting { name, value } => touched.push(put_setting(connection, *name, value).await?),
        Change::ClearSetting(name) => touched.extend(clear_setting(connection, *name).await?),
        Change::PutWebhook(new) => touched.push(webhooks::put(connection, new, revision).await?),
        Change::DeleteWebhook(account) => touched.push(webhooks::delete(connection, *account).await?),
        Change::ResealWebhookSecrets(resealed) => {
            return webhooks::reseal(connection, resealed, revision, touched).await;
        }
        other => return apply_of_trunks_and_links(connection, other, revision, touched).await,
    }
    Ok(())
}

async fn apply_of_trunks_and_links(
    connection: &mut PgConnection,
    change: &Change,
    revision: Revision,
    touched: &mut Vec<Touched>,
) -> Result<(), Refused> {
    match change {
        Change::CreateIpAcl(new) => touched.push(ip_acls::create(connection, new, revision).await?),
        Change::UpdateIpAcl(new) => touched.push(ip_acls::update(connection, new, revision).await?),
        Change::DeleteIpAcl { account, id } => {
            return ip_acls::delete(connection, (*account, *id), revision, touched).await;
        }
        Change::CreateOriginationUri(new) => touched.push(origination_uris::create(connection, new, revision).await?),
        Change::UpdateOriginationUri(new) => touched.push(origination_uris::update(connection, new, revision).await?),
        Change::DeleteOriginationUri { account, id } => {
            return origination_uris::delete(connection, (*account, *id), revision, touched).await;
        }
        Change::ResealUpstreamSecrets(resealed) => {
            return origination_uris::reseal(connection, resealed, revision, touched).await;
        }
        Change::CreateTrunk(new) => touched.push(trunk::create(connection, new, revision).await?),
        Change::UpdateTrunk(new) => touched.push(trunk::update(connection, new, revision).await?),
        Change::DeleteTrunk { account, id } => {
            return trunk::delete(connection, (*account, *id), revision, touched).await;
        }
        Change::AllocateNumber(new) => touched.push(numbers::allocate(connection, new, revision).await?),
        Change::UpdateNumber(new) => touched.push(numbers::update(connection, new, revision).await?),
        Change::ReleaseNumber(e164) => touched.push(numbers::release(connection, e164).await?),
        Change::CreateProvisioningLink { link, most } => {
            return provisioning_links::create(connection, link, *most).await;
        }
        Change::SpendProvisioningLink { id, token, at } => {
            return provisioning_links::spend(connection, (*id, *token), *at).await;
        }
        Change::OpenProvisioningLink { id, token, at, opened, expires_at } => {
            return provisioning_links::open(connection, (*id, *token), *at, (*opened, *expires_at)).await;
        }
        Change::DeleteProvisioningLink { account, credential, id } => {
            return provisioning_links::delete(connection, (*account, *credential), *id).await;
        }
        Change::ReplaceProvisioningPath(account) => {
            return provisioning_links::replace_path(connection, *account).await;
        }
        _ => {}
    }
    Ok(())
}

async fn put_setting(connection: &mut PgConnection, name: SettingName, value: &str) -> Result<Touched, Refused> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2";
    sql::execute(connection, sql, parameters![name.as_str(), value]).await?;
    Ok(Touched::Setting(name))
}

async fn clear_setting(connection: &mut PgConnection, name: SettingName) -> Result<Option<Touched>, Refused> {
    let sql = "DELETE FROM settings WHERE name = $1";
    let cleared = sql::execute(connection, sql, parameters![name.as_str()]).await?;
    Ok((cleared > 0).then_some(Touched::Setting(name)))
}
