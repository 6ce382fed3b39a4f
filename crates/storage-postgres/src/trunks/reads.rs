//! Reads.

use super::statements::read_page;
use super::{attachments, ip_acls, numbers, origination_uris, trunk_rows};
use crate::PostgresStorage;
use crate::sql::{self, parameters};
use domain::{AccountId, E164, IpAcl, IpAclId, Number, OriginationUri, OriginationUriId, Trunk, TrunkId};
use storage::{Listed, NumbersOf, Page, Pending, StorageError, Trunks};

impl Trunks for PostgresStorage {
    fn trunk(&self, account: AccountId, id: TrunkId) -> Pending<'_, Result<Option<Trunk>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let values = parameters![id.as_bytes(), account.0];
                Ok(trunk_rows::select(connection, "id = $1 AND account_id = $2", values).await?.pop())
            })
        }))
    }

    fn trunks(&self, account: AccountId, page: Page) -> Pending<'_, Result<Listed<Trunk>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let source = (trunk_rows::COLUMNS, "trunks");
                let window = (Some(account), page);
                let (mut objects, total) = read_page(connection, source, window, trunk_rows::trunk).await?;
                attachments::complete(connection, &mut objects).await?;
                Ok(Listed { objects, total })
            })
        }))
    }

    fn ip_acl(&self, account: AccountId, id: IpAclId) -> Pending<'_, Result<Option<IpAcl>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let columns = ip_acls::COLUMNS;
                let sql = format!("SELECT {columns} FROM ip_acls WHERE id = $1 AND account_id = $2");
                sql::find(connection, sql, parameters![id.as_bytes(), account.0], ip_acls::read).await
            })
        }))
    }

    fn ip_acls(&self, account: AccountId, page: Page) -> Pending<'_, Result<Listed<IpAcl>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let source = (ip_acls::COLUMNS, "ip_acls");
                let (objects, total) = read_page(connection, source, (Some(account), page), ip_acls::read).await?;
                Ok(Listed { objects, total })
            })
        }))
    }

    fn origination_uri(
        &self,
        account: AccountId,
        id: OriginationUriId,
    ) -> Pending<'_, Result<Option<OriginationUri>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let columns = origination_uris::COLUMNS;
                let sql = format!("SELECT {columns} FROM origination_uris WHERE id = $1 AND account_id = $2");
                sql::find(connection, sql, parameters![id.as_bytes(), account.0], origination_uris::read).await
            })
        }))
    }

    fn origination_uris(
        &self,
        account: AccountId,
        page: Page,
    ) -> Pending<'_, Result<Listed<OriginationUri>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let source = (origination_uris::COLUMNS, "origination_uris");
                let (objects, total) =
                    read_page(connection, source, (Some(account), page), origination_uris::read).await?;
                Ok(Listed { objects, total })
            })
        }))
    }

    fn origination_uris_with_secret(
        &self,
        after: Option<OriginationUriId>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<OriginationUri>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!(
                    "SELECT {} FROM origination_uris WHERE id > $1 AND secret_password IS NOT NULL ORDER BY id LIMIT $2",
                    origination_uris::COLUMNS
                );
                // The empty octet string comes before all others.
                let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
                sql::all(connection, sql, parameters![after, limit], origination_uris::read).await
            })
        }))
    }

    fn has_origination_uri(&self, account: AccountId, uri: Box<str>) -> Pending<'_, Result<bool, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = "SELECT 1 FROM origination_uris WHERE account_id = $1 AND uri = $2";
                sql::exists(connection, sql, parameters![account.0, uri]).await
            })
        }))
    }

    fn number(&self, e164: E164) -> Pending<'_, Result<Option<Number>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!("SELECT {} FROM numbers WHERE e164 = $1", numbers::COLUMNS);
                sql::find(connection, sql, parameters![e164.as_str()], numbers::read).await
            })
        }))
    }

    fn numbers(&self, of: NumbersOf, page: Page) -> Pending<'_, Result<Listed<Number>, StorageError>> {
        let account = match of {
            NumbersOf::Account(account) => Some(account),
            NumbersOf::Installation => None,
        };
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let source = (numbers::COLUMNS, "numbers");
                let (objects, total) = read_page(connection, source, (account, page), numbers::read).await?;
                Ok(Listed { objects, total })
            })
        }))
    }

    fn numbers_of_trunk(
        &self,
        account: AccountId,
        trunk: TrunkId,
        limit: u32,
    ) -> Pending<'_, Result<Vec<Number>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!(
                    "SELECT {} FROM numbers WHERE trunk = $1 AND account_id = $2 ORDER BY e164 LIMIT $3",
                    numbers::COLUMNS
                );
                sql::all(connection, sql, parameters![trunk.as_bytes(), account.0, limit], numbers::read).await
            })
        }))
    }
}
