//! Reads.

use super::statements::{read_one, read_page};
use super::{ip_acls, numbers, origination_uris, trunk_rows};
use crate::SqliteStorage;
use crate::rows::find;
use domain::{AccountId, E164, IpAcl, IpAclId, Number, OriginationUri, OriginationUriId, Trunk, TrunkId};
use rusqlite::{Row, params};
use storage::{Listed, NumbersOf, Page, Pending, StorageError, Trunks};

impl Trunks for SqliteStorage {
    fn trunk(&self, account: AccountId, id: TrunkId) -> Pending<'_, Result<Option<Trunk>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let connection = &*connection;
            let read = |row: &Row<'_>| trunk_rows::trunk(connection, row);
            read_one(connection, (trunk_rows::COLUMNS, "trunks"), (account, id.as_bytes()), read)
        }))
    }

    fn trunks(&self, account: AccountId, page: Page) -> Pending<'_, Result<Listed<Trunk>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let connection = &*connection;
            let read = |row: &Row<'_>| trunk_rows::trunk(connection, row);
            read_page(connection, (trunk_rows::COLUMNS, "trunks"), (Some(account), page), read)
        }))
    }

    fn ip_acl(&self, account: AccountId, id: IpAclId) -> Pending<'_, Result<Option<IpAcl>, StorageError>> {
        Box::pin(self.read(move |connection| {
            read_one(connection, (ip_acls::COLUMNS, "ip_acls"), (account, id.as_bytes()), ip_acls::read)
        }))
    }

    fn ip_acls(&self, account: AccountId, page: Page) -> Pending<'_, Result<Listed<IpAcl>, StorageError>> {
        Box::pin(self.read(move |connection| {
            read_page(connection, (ip_acls::COLUMNS, "ip_acls"), (Some(account), page), ip_acls::read)
        }))
    }

    fn origination_uri(
        &self,
        account: AccountId,
        id: OriginationUriId,
    ) -> Pending<'_, Result<Option<OriginationUri>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let source = (origination_uris::COLUMNS, "origination_uris");
            read_one(connection, source, (account, id.as_bytes()), origination_uris::read)
        }))
    }

    fn origination_uris(
        &self,
        account: AccountId,
        page: Page,
    ) -> Pending<'_, Result<Listed<OriginationUri>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let source = (origination_uris::COLUMNS, "origination_uris");
            read_page(connection, source, (Some(account), page), origination_uris::read)
        }))
    }

    fn origination_uris_with_secret(
        &self,
        after: Option<OriginationUriId>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<OriginationUri>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!(
                "SELECT {} FROM origination_uris WHERE id > ?1 AND secret_password IS NOT NULL ORDER BY id LIMIT ?2",
                origination_uris::COLUMNS
            );
            // The empty octet string comes before all others.
            let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
            let mut statement = connection.prepare_cached(&sql)?;
            let found = statement.query_map(params![after, limit], origination_uris::read)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn has_origination_uri(&self, account: AccountId, uri: Box<str>) -> Pending<'_, Result<bool, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = "SELECT 1 FROM origination_uris WHERE account_id = ?1 AND uri = ?2";
            Ok(connection.prepare_cached(sql)?.exists(params![account.0, uri])?)
        }))
    }

    fn number(&self, e164: E164) -> Pending<'_, Result<Option<Number>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!("SELECT {} FROM numbers WHERE e164 = ?1", numbers::COLUMNS);
            find(connection, &sql, &e164.as_str(), numbers::read)
        }))
    }

    fn numbers(&self, of: NumbersOf, page: Page) -> Pending<'_, Result<Listed<Number>, StorageError>> {
        let account = match of {
            NumbersOf::Account(account) => Some(account),
            NumbersOf::Installation => None,
        };
        Box::pin(self.read(move |connection| {
            read_page(connection, (numbers::COLUMNS, "numbers"), (account, page), numbers::read)
        }))
    }

    fn numbers_of_trunk(
        &self,
        account: AccountId,
        trunk: TrunkId,
        limit: u32,
    ) -> Pending<'_, Result<Vec<Number>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!(
                "SELECT {} FROM numbers WHERE trunk = ?1 AND account_id = ?2 ORDER BY e164 LIMIT ?3",
                numbers::COLUMNS
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let found = statement.query_map(params![trunk.as_bytes(), account.0, limit], numbers::read)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        }))
    }
}
