//! What can be done inside the writer's transaction.

use crate::accounts;
use crate::credentials;
use crate::failure::Failure;
use domain::{AuditEvent, Revision};
use rusqlite::{Connection, params};
use storage::{Change, ChangeSet, CommitError, Conflict, Fact, SettingName};

/// What became true, in order.
pub(crate) type News = Vec<(Revision, Vec<Fact>)>;

/// The open transaction: where it writes to, the revision it has come to, and what became true in it.
pub(crate) struct WriteTransaction<'c> {
    pub connection: &'c Connection,
    pub revision: Revision,
    pub news: News,
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
                self.revision = revision;
                self.news.push((revision, facts));
                Ok(revision)
            }
            Err(Refused::Failed(failure)) => return Err(failure),
            Err(Refused::Conflict(conflict)) => {
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
    write_audit_event(connection, revision, &set.audit, &facts)?;
    Ok(facts)
}

fn apply(connection: &Connection, change: &Change, revision: Revision, facts: &mut Vec<Fact>) -> Result<(), Refused> {
    match change {
        Change::CreateAccount(new) => return accounts::create(connection, new, facts),
        Change::CreateCredential(credential) => facts.push(credentials::create(connection, credential, revision)?),
        Change::UpdateCredential { credential, registrations } => {
            facts.push(credentials::update(connection, credential, *registrations, revision)?);
        }
        Change::DeleteCredential { account, id } => facts.push(credentials::delete(connection, *account, *id)?),
        Change::SetChallengePolicy { realm, policy } => {
            facts.push(accounts::set_challenge_policy(connection, *realm, *policy)?);
        }
        Change::PutSetting { name, value } => facts.push(put_setting(connection, *name, value)?),
    }
    Ok(())
}

fn put_setting(connection: &Connection, name: SettingName, value: &str) -> Result<Fact, Refused> {
    connection
        .prepare_cached("INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2")?
        .execute(params![name.as_str(), value])?;
    Ok(Fact::Setting { name, value: value.into() })
}

/// The event of an account's creation cannot know the account's number beforehand; it is filled in here.
fn write_audit_event(
    connection: &Connection,
    revision: Revision,
    event: &AuditEvent,
    facts: &[Fact],
) -> Result<(), Refused> {
    let created = facts.iter().find_map(|fact| if let Fact::Account(new) = fact { Some(new.id) } else { None });
    connection
        .prepare_cached(
            "INSERT INTO audit_log (revision, at, account_id, actor, source, request_id, action, subject, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            revision.0.cast_signed(),
            event.at.as_micros(),
            event.account.or(created).map(|account| account.0),
            event.actor,
            event.source,
            event.request_id,
            event.action.as_str(),
            event.subject,
            event.detail,
        ])?;
    Ok(())
}
