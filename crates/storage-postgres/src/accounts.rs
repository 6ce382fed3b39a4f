//! Reads of accounts, realms, host names and settings.

use crate::PostgresStorage;
use crate::rows;
use crate::sql::{self, Row, parameters};
use domain::{Account, AccountId, AuthId, HostName, Realm, RealmId, RealmName};
use storage::{AccountPage, Accounts, Page, Pending, SettingName, Settings, StorageError, SubAccountFilter};

/// Accounts with their realms; the realm's columns follow the account's.
const WITH_REALM: &str =
    "FROM accounts JOIN (SELECT id AS realm_number, name AS realm_name, challenge_policy, auth_int, without_qop, md5_retired
                            FROM realms) AS realm
     ON realm_number = realm_id";
const REALM_COLUMNS: &str = "realm_number, realm_name, challenge_policy, auth_int, without_qop, md5_retired";

impl Accounts for PostgresStorage {
    fn account(&self, auth_id: AuthId) -> Pending<'_, Result<Option<Account>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!("SELECT {} FROM accounts WHERE auth_id = $1", rows::ACCOUNT);
                sql::find(connection, sql, parameters![auth_id.as_str()], rows::account).await
            })
        }))
    }

    fn accounts(&self) -> Pending<'_, Result<Vec<(Account, Realm)>, StorageError>> {
        Box::pin(self.database.read(|connection| {
            Box::pin(async move {
                let sql = format!("SELECT {}, {REALM_COLUMNS} {WITH_REALM} ORDER BY id", rows::ACCOUNT);
                sql::all(connection, sql, parameters![], account_with_realm).await
            })
        }))
    }

    fn sub_accounts(
        &self,
        parent: AccountId,
        filter: SubAccountFilter,
        page: Page,
    ) -> Pending<'_, Result<AccountPage, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let wanted = match filter {
                    SubAccountFilter::All => "parent_account = $1",
                    SubAccountFilter::Enabled => "parent_account = $1 AND enabled = 1",
                };
                let count = format!("SELECT count(*) FROM accounts WHERE {wanted}");
                let total = sql::one(connection, count, parameters![parent.0], |row| row.get(0)).await?;
                let sql = format!(
                    "SELECT {}, {REALM_COLUMNS} {WITH_REALM} WHERE {wanted} ORDER BY id LIMIT $2 OFFSET $3",
                    rows::ACCOUNT
                );
                let window = parameters![parent.0, page.limit, rows::offset(page)];
                let accounts = sql::all(connection, sql, window, account_with_realm).await?;
                Ok(AccountPage { accounts, total })
            })
        }))
    }

    fn hosts(&self, account: AccountId) -> Pending<'_, Result<Vec<HostName>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = "SELECT host FROM hosts WHERE account_id = $1 ORDER BY host";
                sql::all(connection, sql, parameters![account.0], |row| rows::host(row, 0)).await
            })
        }))
    }

    fn realms(&self) -> Pending<'_, Result<Vec<Realm>, StorageError>> {
        Box::pin(self.database.read(|connection| {
            Box::pin(async move {
                let sql = format!("SELECT {} FROM realms ORDER BY name", rows::REALM);
                sql::all(connection, sql, parameters![], rows::realm).await
            })
        }))
    }

    fn realm(&self, id: RealmId) -> Pending<'_, Result<Option<Realm>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!("SELECT {} FROM realms WHERE id = $1", rows::REALM);
                sql::find(connection, sql, parameters![id.0], rows::realm).await
            })
        }))
    }

    fn realm_by_name(&self, name: RealmName) -> Pending<'_, Result<Option<Realm>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!("SELECT {} FROM realms WHERE name = $1", rows::REALM);
                sql::find(connection, sql, parameters![name.as_str()], rows::realm).await
            })
        }))
    }
}

impl Settings for PostgresStorage {
    fn setting(&self, name: SettingName) -> Pending<'_, Result<Option<Box<str>>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = "SELECT value FROM settings WHERE name = $1";
                sql::find(connection, sql, parameters![name.as_str()], |row| row.get(0)).await
            })
        }))
    }
}

fn account_with_realm(row: &Row<'_>) -> sql::Result<(Account, Realm)> {
    Ok((rows::account(row)?, rows::realm_at(row, rows::ACCOUNT_COLUMNS)?))
}
