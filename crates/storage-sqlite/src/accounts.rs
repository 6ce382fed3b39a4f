//! Accounts, realms and hosts.

use crate::SqliteStorage;
use crate::failure::Failure;
use crate::rows;
use crate::transaction::Refused;
use domain::{Account, AccountId, ApiToken, AuthId, ChallengePolicy, HostName, Realm, RealmId, RealmName};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use storage::{Accounts, Conflict, Fact, NewAccount, Pending, SettingName, Settings, StorageError};

/// What the token that comes with an account is called.
const FIRST_TOKEN_LABEL: &str = "first token";

impl Accounts for SqliteStorage {
    fn account(&self, auth_id: AuthId) -> Pending<'_, Result<Option<Account>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!("SELECT {} FROM accounts WHERE auth_id = ?1", rows::ACCOUNT);
            find(connection, &sql, &auth_id.as_str(), rows::account)
        }))
    }

    fn accounts(&self) -> Pending<'_, Result<Vec<(Account, Realm)>, StorageError>> {
        Box::pin(self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT r.id, r.name, r.challenge_policy, a.auth_id, a.name, a.sip_domain, a.enabled, a.created_at, a.id
                 FROM accounts a JOIN realms r ON r.id = a.realm_id ORDER BY a.id",
            )?;
            let listed = statement.query_map([], account_with_realm)?.collect::<rusqlite::Result<_>>()?;
            Ok(listed)
        }))
    }

    fn realm(&self, id: RealmId) -> Pending<'_, Result<Option<Realm>, StorageError>> {
        Box::pin(self.read(move |connection| {
            find(connection, &format!("SELECT {} FROM realms WHERE id = ?1", rows::REALM), &id.0, rows::realm)
        }))
    }

    fn realm_by_name(&self, name: RealmName) -> Pending<'_, Result<Option<Realm>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!("SELECT {} FROM realms WHERE name = ?1", rows::REALM);
            find(connection, &sql, &name.as_str(), rows::realm)
        }))
    }
}

impl Settings for SqliteStorage {
    fn setting(&self, name: SettingName) -> Pending<'_, Result<Option<Box<str>>, StorageError>> {
        Box::pin(self.read(move |connection| {
            find(connection, "SELECT value FROM settings WHERE name = ?1", &name.as_str(), |row| row.get(0))
        }))
    }
}

/// Creates an account with all that belongs to it. Writes only when nothing is in the way.
pub(crate) fn create(connection: &Connection, new: &NewAccount, facts: &mut Vec<Fact>) -> Result<(), Refused> {
    let taken = find(connection, "SELECT id FROM accounts WHERE auth_id = ?1", &new.auth_id.as_str(), |row| {
        row.get::<_, i64>(0)
    });
    if taken.map_err(Refused::Failed)?.is_some() {
        return Err(Conflict::AuthIdTaken.into());
    }
    let known: Option<i64> =
        find(connection, "SELECT id FROM realms WHERE name = ?1", &new.realm.as_str(), |row| row.get(0))
            .map_err(Refused::Failed)?;
    for host in &new.hosts {
        let leads_to = realm_of(connection, host)?;
        if leads_to.is_some() && leads_to != known {
            return Err(Conflict::HostTaken.into());
        }
    }
    let realm = match known {
        Some(id) => RealmId(id),
        None => insert_realm(connection, new, facts)?,
    };
    let account = insert_account(connection, new, realm, facts)?;
    for host in &new.hosts {
        connection
            .prepare_cached(
                "INSERT INTO hosts (host, realm_id, account_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?
            .execute(params![host.as_str(), realm.0, account.0])?;
        facts.push(Fact::Host { host: host.clone(), realm });
    }
    insert_token(connection, new, account, facts)
}

/// Changes a realm's policy, if there is that realm.
pub(crate) fn set_challenge_policy(
    connection: &Connection,
    realm: RealmId,
    policy: ChallengePolicy,
) -> Result<Fact, Refused> {
    let sql = "UPDATE realms SET challenge_policy = ?2 WHERE id = ?1 RETURNING id, name, challenge_policy";
    let changed =
        connection.prepare_cached(sql)?.query_row(params![realm.0, policy.as_str()], rows::realm).optional()?;
    changed.map(Fact::Realm).ok_or(Refused::Conflict(Conflict::NotFound))
}

fn insert_realm(connection: &Connection, new: &NewAccount, facts: &mut Vec<Fact>) -> Result<RealmId, Refused> {
    connection
        .prepare_cached("INSERT INTO realms (name, challenge_policy) VALUES (?1, ?2)")?
        .execute(params![new.realm.as_str(), new.challenge_policy.as_str()])?;
    let id = RealmId(connection.last_insert_rowid());
    facts.push(Fact::Realm(Realm { id, name: new.realm.clone(), challenge_policy: new.challenge_policy }));
    Ok(id)
}

fn insert_account(
    connection: &Connection,
    new: &NewAccount,
    realm: RealmId,
    facts: &mut Vec<Fact>,
) -> Result<AccountId, Refused> {
    connection
        .prepare_cached(
            "INSERT INTO accounts (auth_id, name, realm_id, sip_domain, enabled, created_at)
             VALUES (?1, ?2, ?3, ?4, 1, ?5)",
        )?
        .execute(params![
            new.auth_id.as_str(),
            new.name,
            realm.0,
            new.sip_domain.as_str(),
            new.created_at.as_micros()
        ])?;
    let id = AccountId(connection.last_insert_rowid());
    facts.push(Fact::Account(Account {
        id,
        auth_id: new.auth_id.clone(),
        name: new.name.clone(),
        realm,
        sip_domain: new.sip_domain.clone(),
        enabled: true,
        created_at: new.created_at,
    }));
    Ok(id)
}

fn insert_token(
    connection: &Connection,
    new: &NewAccount,
    account: AccountId,
    facts: &mut Vec<Fact>,
) -> Result<(), Refused> {
    connection
        .prepare_cached("INSERT INTO api_tokens (account_id, hash, label, created_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![account.0, new.token.as_bytes(), FIRST_TOKEN_LABEL, new.created_at.as_micros()])?;
    facts.push(Fact::ApiToken(ApiToken {
        id: connection.last_insert_rowid(),
        account,
        hash: new.token,
        label: FIRST_TOKEN_LABEL.into(),
        created_at: new.created_at,
    }));
    Ok(())
}

fn realm_of(connection: &Connection, host: &HostName) -> Result<Option<i64>, Refused> {
    find(connection, "SELECT realm_id FROM hosts WHERE host = ?1", &host.as_str(), |row| row.get(0))
        .map_err(Refused::Failed)
}

fn account_with_realm(row: &Row<'_>) -> rusqlite::Result<(Account, Realm)> {
    let realm = rows::realm(row)?;
    let account = Account {
        id: AccountId(row.get(8)?),
        auth_id: rows::auth_id(row, 3)?,
        name: row.get(4)?,
        realm: realm.id,
        sip_domain: rows::host(row, 5)?,
        enabled: row.get(6)?,
        created_at: rows::moment(row, 7)?,
    };
    Ok((account, realm))
}

/// At most one row by one key.
fn find<T>(
    connection: &Connection,
    sql: &str,
    key: &dyn ToSql,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, Failure> {
    Ok(connection.prepare_cached(sql)?.query_row([key], read).optional()?)
}
