//! Reads of accounts, realms, host names and settings.

use crate::SqliteStorage;
use crate::rows::{self, find};
use domain::{Account, AccountId, AuthId, HostName, Realm, RealmId, RealmName};
use rusqlite::{Row, params};
use storage::{AccountPage, Accounts, Page, Pending, SettingName, Settings, StorageError, SubAccountFilter};

/// Accounts with their realms; the realm's columns follow the account's.
const WITH_REALM: &str =
    "FROM accounts JOIN (SELECT id AS realm_number, name AS realm_name, challenge_policy, auth_int, without_qop, md5_retired
                            FROM realms)
     ON realm_number = realm_id";
const REALM_COLUMNS: &str = "realm_number, realm_name, challenge_policy, auth_int, without_qop, md5_retired";

impl Accounts for SqliteStorage {
    fn account(&self, auth_id: AuthId) -> Pending<'_, Result<Option<Account>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!("SELECT {} FROM accounts WHERE auth_id = ?1", rows::ACCOUNT);
            find(connection, &sql, &auth_id.as_str(), rows::account)
        }))
    }

    fn accounts(&self) -> Pending<'_, Result<Vec<(Account, Realm)>, StorageError>> {
        Box::pin(self.read(|connection| {
            let sql = format!("SELECT {}, {REALM_COLUMNS} {WITH_REALM} ORDER BY id", rows::ACCOUNT);
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_map([], account_with_realm)?.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn sub_accounts(
        &self,
        parent: AccountId,
        filter: SubAccountFilter,
        page: Page,
    ) -> Pending<'_, Result<AccountPage, StorageError>> {
        Box::pin(self.read(move |connection| {
            // One transaction, so that page and total are of one moment.
            let transaction = connection.transaction()?;
            let wanted = match filter {
                SubAccountFilter::All => "parent_account = ?1",
                SubAccountFilter::Enabled => "parent_account = ?1 AND enabled = 1",
            };
            let count = format!("SELECT count(*) FROM accounts WHERE {wanted}");
            let total: i64 = transaction.prepare_cached(&count)?.query_row([parent.0], |row| row.get(0))?;
            let sql = format!(
                "SELECT {}, {REALM_COLUMNS} {WITH_REALM} WHERE {wanted} ORDER BY id LIMIT ?2 OFFSET ?3",
                rows::ACCOUNT
            );
            let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
            let mut statement = transaction.prepare_cached(&sql)?;
            let found = statement.query_map(params![parent.0, page.limit, offset], account_with_realm)?;
            Ok(AccountPage { accounts: found.collect::<rusqlite::Result<_>>()?, total: total.cast_unsigned() })
        }))
    }

    fn hosts(&self, account: AccountId) -> Pending<'_, Result<Vec<HostName>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = "SELECT host FROM hosts WHERE account_id = ?1 ORDER BY host";
            let mut statement = connection.prepare_cached(sql)?;
            let found = statement.query_map([account.0], |row| rows::host(row, 0))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn realms(&self) -> Pending<'_, Result<Vec<Realm>, StorageError>> {
        Box::pin(self.read(|connection| {
            let sql = format!("SELECT {} FROM realms ORDER BY name", rows::REALM);
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_map([], rows::realm)?.collect::<rusqlite::Result<_>>()?)
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

fn account_with_realm(row: &Row<'_>) -> rusqlite::Result<(Account, Realm)> {
    Ok((rows::account(row)?, rows::realm_at(row, rows::ACCOUNT_COLUMNS)?))
}
