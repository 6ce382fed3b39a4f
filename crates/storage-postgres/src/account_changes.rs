//! How accounts, realms and host names change. Each function checks everything before it writes.

use crate::changed::Touched;
use crate::failure::Refused;
use crate::rows;
use crate::sql::{self, parameters};
use crate::tokens;
use crate::trunks::{self, trunk};
use domain::{AccountId, AccountSettings, CallLimits, ChallengePolicy, HostName, RealmId};
use sqlx::PgConnection;
use storage::{AccountPatch, Conflict, NewAccount, RealmPatch, RegistrationsAfter};

/// Creates an account with all that belongs to it.
pub(crate) async fn create(
    connection: &mut PgConnection,
    new: &NewAccount,
    touched: &mut Vec<Touched>,
) -> Result<AccountId, Refused> {
    let taken = "SELECT 1 FROM accounts WHERE auth_id = $1";
    if sql::exists(connection, taken, parameters![new.auth_id.as_str()]).await? {
        return Err(Conflict::AuthIdTaken.into());
    }
    if let Some(parent) = new.parent {
        let above = "SELECT 1 FROM accounts WHERE id = $1 AND parent_account IS NULL";
        if !sql::exists(connection, above, parameters![parent.0]).await? {
            return Err(Conflict::NotFound.into());
        }
    }
    let by_name = "SELECT id FROM realms WHERE name = $1";
    let known: Option<i64> = sql::find(connection, by_name, parameters![new.realm.as_str()], |row| row.get(0)).await?;
    for host in &new.hosts {
        let leads_to = realm_of(connection, host).await?;
        if leads_to.is_some() && leads_to != known || trunk::has_host(connection, host).await? {
            return Err(Conflict::HostTaken.into());
        }
    }
    let realm = match known {
        Some(id) => RealmId(id),
        None => insert_realm(connection, new, touched).await?,
    };
    let account = insert_account(connection, new, realm).await?;
    touched.push(Touched::Account(account));
    for host in &new.hosts {
        insert_host(connection, account, realm, host).await?;
        touched.push(Touched::Host(host.clone()));
    }
    touched.push(tokens::insert(connection, &new.token.of_account(account, new.created_at)).await?);
    Ok(account)
}

/// Changes what the patch names.
pub(crate) async fn update(
    connection: &mut PgConnection,
    id: AccountId,
    patch: &AccountPatch,
    registrations: RegistrationsAfter,
) -> Result<Touched, Refused> {
    let sql = format!("SELECT {} FROM accounts WHERE id = $1", rows::ACCOUNT);
    let stored = sql::find(connection, sql, parameters![id.0], rows::account).await?;
    let mut account = stored.ok_or(Conflict::NotFound)?;
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
    write(connection, &account).await?;
    if registrations != RegistrationsAfter::Remove {
        return Ok(Touched::Account(id));
    }
    let end = "DELETE FROM registrations WHERE credential IN
         (SELECT c.id FROM accounts a JOIN credentials c ON c.account_id = a.id
          WHERE a.id = $1 OR a.parent_account = $1)";
    sql::execute(connection, end, parameters![id.0]).await?;
    Ok(Touched::StoppedAccount(id))
}

/// Deletes an account; its registrations go with its credentials.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    id: AccountId,
    touched: &mut Vec<Touched>,
) -> Result<(), Refused> {
    if !exists(connection, id).await? {
        return Err(Conflict::NotFound.into());
    }
    let below = "SELECT 1 FROM accounts WHERE parent_account = $1";
    if sql::exists(connection, below, parameters![id.0]).await? {
        return Err(Conflict::HasSubAccounts.into());
    }
    trunks::delete_of_account(connection, id, touched).await?;
    let webhook = "DELETE FROM webhooks WHERE account_id = $1";
    if sql::execute(connection, webhook, parameters![id.0]).await? > 0 {
        touched.push(Touched::Webhook(id));
    }
    let credentials = "DELETE FROM credentials WHERE account_id = $1 RETURNING id, realm_id, username";
    touched.extend(sql::all(connection, credentials, parameters![id.0], rows::touched_credential).await?);
    let tokens = "DELETE FROM api_tokens WHERE account_id = $1 RETURNING id";
    let revoked = sql::all(connection, tokens, parameters![id.0], |row| rows::token_id(row, 0)).await?;
    touched.extend(revoked.into_iter().map(|token| Touched::ApiToken(id, token)));
    let hosts = "DELETE FROM hosts WHERE account_id = $1 RETURNING host";
    let removed = sql::all(connection, hosts, parameters![id.0], |row| rows::host(row, 0)).await?;
    touched.extend(removed.into_iter().map(Touched::Host));
    sql::execute(connection, "DELETE FROM remembered_answers WHERE account_id = $1", parameters![id.0]).await?;
    sql::execute(connection, "DELETE FROM accounts WHERE id = $1", parameters![id.0]).await?;
    touched.push(Touched::Account(id));
    Ok(())
}

/// Lets a host name lead to the account's realm; nothing is touched if it does already.
pub(crate) async fn add_host(
    connection: &mut PgConnection,
    account: AccountId,
    host: &HostName,
) -> Result<Option<Touched>, Refused> {
    let sql = "SELECT realm_id FROM accounts WHERE id = $1";
    let realm: Option<i64> = sql::find(connection, sql, parameters![account.0], |row| row.get(0)).await?;
    let realm = realm.ok_or(Conflict::NotFound)?;
    if trunk::has_host(connection, host).await? {
        return Err(Conflict::HostTaken.into());
    }
    match realm_of(connection, host).await? {
        Some(other) if other != realm => Err(Conflict::HostTaken.into()),
        Some(_) => Ok(None),
        None => {
            insert_host(connection, account, RealmId(realm), host).await?;
            Ok(Some(Touched::Host(host.clone())))
        }
    }
}

/// Takes a host name that was given to the account away.
pub(crate) async fn remove_host(
    connection: &mut PgConnection,
    account: AccountId,
    host: &HostName,
) -> Result<Touched, Refused> {
    let sql = "DELETE FROM hosts WHERE host = $1 AND account_id = $2";
    match sql::execute(connection, sql, parameters![host.as_str(), account.0]).await? {
        0 => Err(Conflict::NotFound.into()),
        _ => Ok(Touched::Host(host.clone())),
    }
}

/// Changes what the patch names, if there is that realm.
pub(crate) async fn update_realm(
    connection: &mut PgConnection,
    realm: RealmId,
    patch: &RealmPatch,
) -> Result<Touched, Refused> {
    let sql = "UPDATE realms SET challenge_policy = coalesce($2, challenge_policy), auth_int = coalesce($3, auth_int),
         without_qop = coalesce($4, without_qop), md5_retired = coalesce($5, md5_retired) WHERE id = $1";
    let policy = patch.challenge_policy.map(ChallengePolicy::as_str);
    let values = parameters![realm.0, policy, patch.auth_int, patch.without_qop, patch.md5_retired];
    match sql::execute(connection, sql, values).await? {
        0 => Err(Conflict::NotFound.into()),
        _ => Ok(Touched::Realm(realm)),
    }
}

/// Whether there is that account.
pub(crate) async fn exists(connection: &mut PgConnection, id: AccountId) -> sql::Result<bool> {
    sql::exists(connection, "SELECT 1 FROM accounts WHERE id = $1", parameters![id.0]).await
}

async fn insert_realm(
    connection: &mut PgConnection,
    new: &NewAccount,
    touched: &mut Vec<Touched>,
) -> Result<RealmId, Refused> {
    let sql = "INSERT INTO realms (name, challenge_policy) VALUES ($1, $2) RETURNING id";
    let values = parameters![new.realm.as_str(), new.challenge_policy.as_str()];
    let id = RealmId(sql::one(connection, sql, values, |row| row.get(0)).await?);
    touched.push(Touched::Realm(id));
    Ok(id)
}

async fn insert_account(connection: &mut PgConnection, new: &NewAccount, realm: RealmId) -> Result<AccountId, Refused> {
    let settings = AccountSettings::default();
    let sql =
        "INSERT INTO accounts (auth_id, name, realm_id, sip_domain, parent_account, enabled, api_id, email, phone,
             description, permissions, rate_limit, created_at, updated_at, concurrent_calls_limit, cps_limit,
             event_retention_days, minimum_password_score, never_banned)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15, $16, $17, $18) RETURNING id";
    let values = parameters![
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
    ];
    Ok(AccountId(sql::one(connection, sql, values, |row| row.get(0)).await?))
}

async fn write(connection: &mut PgConnection, account: &domain::Account) -> Result<(), Refused> {
    let sql = "UPDATE accounts SET name = $2, enabled = $3, email = $4, phone = $5, description = $6, permissions = $7,
         rate_limit = $8, updated_at = $9, concurrent_calls_limit = $10, cps_limit = $11,
         event_retention_days = $12, minimum_password_score = $13, never_banned = $14 WHERE id = $1";
    let values = parameters![
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
    ];
    sql::execute(connection, sql, values).await?;
    Ok(())
}

/// Leaves a name that leads there already with the account it was given to.
async fn insert_host(
    connection: &mut PgConnection,
    account: AccountId,
    realm: RealmId,
    host: &HostName,
) -> Result<(), Refused> {
    let sql = "INSERT INTO hosts (host, realm_id, account_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    sql::execute(connection, sql, parameters![host.as_str(), realm.0, account.0]).await?;
    Ok(())
}

async fn realm_of(connection: &mut PgConnection, host: &HostName) -> sql::Result<Option<i64>> {
    let sql = "SELECT realm_id FROM hosts WHERE host = $1";
    sql::find(connection, sql, parameters![host.as_str()], |row| row.get(0)).await
}
