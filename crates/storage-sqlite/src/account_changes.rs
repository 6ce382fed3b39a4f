//! How accounts, realms and host names change. Each function checks everything before it writes.

use crate::failure::Failure;
use crate::rows::{self, find};
use crate::tokens;
use crate::transaction::Refused;
use crate::trunks::{self, trunk};
use domain::{Account, AccountId, AccountSettings, CallLimits, ChallengePolicy, DigestRules, HostName, Realm, RealmId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use storage::{AccountPatch, Conflict, Fact, NewAccount, RealmPatch, RegistrationsAfter};

/// Creates an account with all that belongs to it.
pub(crate) fn create(connection: &Connection, new: &NewAccount, facts: &mut Vec<Fact>) -> Result<(), Refused> {
    let mut taken = connection.prepare_cached("SELECT 1 FROM accounts WHERE auth_id = ?1")?;
    if taken.exists([new.auth_id.as_str()])? {
        return Err(Conflict::AuthIdTaken.into());
    }
    if let Some(parent) = new.parent {
        let mut above = connection.prepare_cached("SELECT 1 FROM accounts WHERE id = ?1 AND parent_account IS NULL")?;
        if !above.exists([parent.0])? {
            return Err(Conflict::NotFound.into());
        }
    }
    let known: Option<i64> =
        find(connection, "SELECT id FROM realms WHERE name = ?1", &new.realm.as_str(), |row| row.get(0))?;
    for host in &new.hosts {
        let leads_to = realm_of(connection, host)?;
        if leads_to.is_some() && leads_to != known || trunk::has_host(connection, host)? {
            return Err(Conflict::HostTaken.into());
        }
    }
    let realm = match known {
        Some(id) => RealmId(id),
        None => insert_realm(connection, new, facts)?,
    };
    let account = insert_account(connection, new, realm, facts)?;
    for host in &new.hosts {
        insert_host(connection, account, realm, host)?;
        facts.push(Fact::Host { host: host.clone(), realm });
    }
    facts.push(tokens::insert(connection, new.token.of_account(account, new.created_at))?);
    Ok(())
}

/// Changes what the patch names.
pub(crate) fn update(
    connection: &Connection,
    id: AccountId,
    patch: &AccountPatch,
    registrations: RegistrationsAfter,
) -> Result<Fact, Refused> {
    let sql = format!("SELECT {} FROM accounts WHERE id = ?1", rows::ACCOUNT);
    let mut account = find(connection, &sql, &id.0, rows::account)?.ok_or(Conflict::NotFound)?;
    if let Some(name) = &patch.name {
        account.name.clone_from(name);
    }
    if let Some(profile) = &patch.profile {
        account.profile.clone_from(profile);
    }
    account.limits = patch.limits.unwrap_or(account.limits);
    if let Some(settings) = &patch.settings {
        account.settings = settings.clone();
    }
    account.enabled = patch.enabled.unwrap_or(account.enabled);
    account.updated_at = patch.updated_at;
    write(connection, &account)?;
    if registrations == RegistrationsAfter::Remove {
        connection
            .prepare_cached(
                "DELETE FROM registrations WHERE credential IN
                 (SELECT c.id FROM accounts a JOIN credentials c ON c.account_id = a.id
                  WHERE a.id = ?1 OR a.parent_account = ?1)",
            )?
            .execute([id.0])?;
    }
    Ok(Fact::Account(account))
}

/// Deletes an account; its registrations go with its credentials.
pub(crate) fn delete(connection: &Connection, id: AccountId, facts: &mut Vec<Fact>) -> Result<(), Refused> {
    if !exists(connection, id)? {
        return Err(Conflict::NotFound.into());
    }
    if connection.prepare_cached("SELECT 1 FROM accounts WHERE parent_account = ?1")?.exists([id.0])? {
        return Err(Conflict::HasSubAccounts.into());
    }
    trunks::delete_of_account(connection, id, facts)?;
    let removed = "DELETE FROM webhooks WHERE account_id = ?1 RETURNING account_id";
    delete_owned(connection, removed, id, |_| Ok(Fact::WebhookDeleted(id)), facts)?;
    delete_owned(
        connection,
        "DELETE FROM credentials WHERE account_id = ?1 RETURNING id, realm_id, username",
        id,
        rows::deleted_credential,
        facts,
    )?;
    let revoked = "DELETE FROM api_tokens WHERE account_id = ?1 RETURNING id";
    let token_revoked = |row: &Row<'_>| Ok(Fact::ApiTokenRevoked { account: id, id: rows::token_id(row, 0)? });
    delete_owned(connection, revoked, id, token_revoked, facts)?;
    let removed = "DELETE FROM hosts WHERE account_id = ?1 RETURNING host";
    delete_owned(connection, removed, id, |row| rows::host(row, 0).map(Fact::HostRemoved), facts)?;
    connection.prepare_cached("DELETE FROM remembered_answers WHERE account_id = ?1")?.execute([id.0])?;
    connection.prepare_cached("DELETE FROM accounts WHERE id = ?1")?.execute([id.0])?;
    facts.push(Fact::AccountDeleted(id));
    Ok(())
}

/// Lets a host name lead to the account's realm; no fact if it does already.
pub(crate) fn add_host(connection: &Connection, account: AccountId, host: &HostName) -> Result<Option<Fact>, Refused> {
    let realm: Option<i64> =
        find(connection, "SELECT realm_id FROM accounts WHERE id = ?1", &account.0, |row| row.get(0))?;
    let realm = realm.ok_or(Conflict::NotFound)?;
    if trunk::has_host(connection, host)? {
        return Err(Conflict::HostTaken.into());
    }
    match realm_of(connection, host)? {
        Some(other) if other != realm => Err(Conflict::HostTaken.into()),
        Some(_) => Ok(None),
        None => {
            insert_host(connection, account, RealmId(realm), host)?;
            Ok(Some(Fact::Host { host: host.clone(), realm: RealmId(realm) }))
        }
    }
}

/// Takes a host name that was given to the account away.
pub(crate) fn remove_host(connection: &Connection, account: AccountId, host: &HostName) -> Result<Fact, Refused> {
    let mut statement = connection.prepare_cached("DELETE FROM hosts WHERE host = ?1 AND account_id = ?2")?;
    match statement.execute(params![host.as_str(), account.0])? {
        0 => Err(Conflict::NotFound.into()),
        _ => Ok(Fact::HostRemoved(host.clone())),
    }
}

/// Changes what the patch names, if there is that realm.
pub(crate) fn update_realm(connection: &Connection, realm: RealmId, patch: &RealmPatch) -> Result<Fact, Refused> {
    let sql = format!(
        "UPDATE realms SET challenge_policy = coalesce(?2, challenge_policy), auth_int = coalesce(?3, auth_int),
         without_qop = coalesce(?4, without_qop), md5_retired = coalesce(?5, md5_retired)
         WHERE id = ?1 RETURNING {}",
        rows::REALM
    );
    let policy = patch.challenge_policy.map(ChallengePolicy::as_str);
    let parameters = params![realm.0, policy, patch.auth_int, patch.without_qop, patch.md5_retired];
    let changed = connection.prepare_cached(&sql)?.query_row(parameters, rows::realm).optional()?;
    changed.map(Fact::Realm).ok_or(Refused::Conflict(Conflict::NotFound))
}

/// Whether there is that account.
pub(crate) fn exists(connection: &Connection, id: AccountId) -> Result<bool, Failure> {
    Ok(connection.prepare_cached("SELECT 1 FROM accounts WHERE id = ?1")?.exists([id.0])?)
}

fn delete_owned(
    connection: &Connection,
    sql: &str,
    account: AccountId,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<Fact>,
    facts: &mut Vec<Fact>,
) -> Result<(), Refused> {
    let mut statement = connection.prepare_cached(sql)?;
    for fact in statement.query_map([account.0], read)? {
        facts.push(fact?);
    }
    Ok(())
}

fn insert_realm(connection: &Connection, new: &NewAccount, facts: &mut Vec<Fact>) -> Result<RealmId, Refused> {
    connection
        .prepare_cached("INSERT INTO realms (name, challenge_policy) VALUES (?1, ?2)")?
        .execute(params![new.realm.as_str(), new.challenge_policy.as_str()])?;
    let id = RealmId(connection.last_insert_rowid());
    let (name, challenge_policy) = (new.realm.clone(), new.challenge_policy);
    facts.push(Fact::Realm(Realm { id, name, challenge_policy, rules: DigestRules::default() }));
    Ok(id)
}

fn insert_account(
    connection: &Connection,
    new: &NewAccount,
    realm: RealmId,
    facts: &mut Vec<Fact>,
) -> Result<AccountId, Refused> {
    let settings = AccountSettings::default();
    connection
        .prepare_cached(
            "INSERT INTO accounts (auth_id, name, realm_id, sip_domain, parent_account, enabled, api_id, email, phone,
             description, permissions, rate_limit, created_at, updated_at, concurrent_calls_limit, cps_limit,
             event_retention_days, minimum_password_score, never_banned)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14, ?15, ?16, ?17, ?18)",
        )?
        .execute(params![
            new.auth_id.as_str(),
            new.name,
            realm.0,
            new.sip_domain.as_str(),
            new.parent.map(|parent| parent.0),
            new.enabled,
            new.api_id.as_bytes(),
            new.profile.email,
            new.profile.phone,
            new.profile.description,
            new.profile.permissions,
            new.profile.rate_limit,
            new.created_at.as_micros(),
            CallLimits::OF_ACCOUNT.concurrent_calls,
            CallLimits::OF_ACCOUNT.calls_per_second,
            settings.event_retention.days(),
            settings.minimum_password_score.get(),
            rows::networks(&settings.never_banned),
        ])?;
    let id = AccountId(connection.last_insert_rowid());
    facts.push(Fact::Account(Account {
        id,
        auth_id: new.auth_id.clone(),
        name: new.name.clone(),
        realm,
        sip_domain: new.sip_domain.clone(),
        parent: new.parent,
        enabled: new.enabled,
        api_id: new.api_id,
        profile: new.profile.clone(),
        limits: CallLimits::OF_ACCOUNT,
        settings,
        created_at: new.created_at,
        updated_at: new.created_at,
    }));
    Ok(id)
}

fn write(connection: &Connection, account: &Account) -> Result<(), Refused> {
    connection
        .prepare_cached(
            "UPDATE accounts SET name = ?2, enabled = ?3, email = ?4, phone = ?5, description = ?6, permissions = ?7,
             rate_limit = ?8, updated_at = ?9, concurrent_calls_limit = ?10, cps_limit = ?11,
             event_retention_days = ?12, minimum_password_score = ?13, never_banned = ?14 WHERE id = ?1",
        )?
        .execute(params![
            account.id.0,
            account.name,
            account.enabled,
            account.profile.email,
            account.profile.phone,
            account.profile.description,
            account.profile.permissions,
            account.profile.rate_limit,
            account.updated_at.as_micros(),
            account.limits.concurrent_calls,
            account.limits.calls_per_second,
            account.settings.event_retention.days(),
            account.settings.minimum_password_score.get(),
            rows::networks(&account.settings.never_banned),
        ])?;
    Ok(())
}

/// Leaves a name that leads there already with the account it was given to.
fn insert_host(connection: &Connection, account: AccountId, realm: RealmId, host: &HostName) -> Result<(), Refused> {
    connection
        .prepare_cached("INSERT INTO hosts (host, realm_id, account_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute(params![host.as_str(), realm.0, account.0])?;
    Ok(())
}

fn realm_of(connection: &Connection, host: &HostName) -> Result<Option<i64>, Failure> {
    find(connection, "SELECT realm_id FROM hosts WHERE host = ?1", &host.as_str(), |row| row.get(0))
}
