//! Links that make devices.

use crate::SqliteStorage;
use crate::rows;
use crate::transaction::Refused;
use domain::{
    AccountId, ApiTokenHash, Credential, CredentialId, DeviceLabel, LinkStage, MacAddress, PhoneFormat,
    ProvisioningLink, ProvisioningLinkId, Timestamp,
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use storage::{Conflict, Pending, ProvisioningLinks, StorageError};

/// The columns [`link`] reads.
const COLUMNS: &str = "id, account_id, credential, label, format, stage, token, created_at, expires_at";

impl ProvisioningLinks for SqliteStorage {
    fn provisioning_link(&self, token: ApiTokenHash) -> Pending<'_, Result<Option<ProvisioningLink>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM provisioning_links WHERE token = ?1");
            rows::find(connection, &sql, token.as_bytes(), link)
        }))
    }

    fn provisioning_links(
        &self,
        credential: CredentialId,
        now: Timestamp,
    ) -> Pending<'_, Result<Vec<ProvisioningLink>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM provisioning_links WHERE credential = ?1 AND expires_at > ?2 ORDER BY id"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let found = statement.query_map(params![credential.as_bytes(), now.as_micros()], link)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn forget_provisioning_links(&self, now: Timestamp) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.writer.run(move |transaction| {
            let sql = "DELETE FROM provisioning_links WHERE expires_at <= ?1";
            transaction.connection.prepare_cached(sql)?.execute([now.as_micros()])?;
            Ok(())
        }))
    }

    fn credential_of_desk_phone(
        &self,
        account: AccountId,
        mac: MacAddress,
    ) -> Pending<'_, Result<Option<Credential>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!(
                "SELECT {} FROM credentials WHERE id =
                 (SELECT credential FROM devices WHERE account_id = ?1 AND mac = ?2 AND revoked_at IS NULL)",
                rows::CREDENTIAL
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let found =
                statement.query_row(params![account.0, mac.to_string()], |row| rows::credential(connection, row));
            Ok(found.optional()?)
        }))
    }

    fn provisioning_path_number(&self, account: AccountId) -> Pending<'_, Result<u32, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = "SELECT number FROM provisioning_paths WHERE account_id = ?1";
            Ok(rows::find(connection, sql, &account.0, |row| row.get(0))?.unwrap_or(0))
        }))
    }
}

/// Makes a link of a credential of its account.
pub(crate) fn create(connection: &Connection, link: &ProvisioningLink, most: u32) -> Result<(), Refused> {
    let sql = "SELECT 1 FROM credentials WHERE id = ?1 AND account_id = ?2";
    if !connection.prepare_cached(sql)?.exists(params![link.credential.as_bytes(), link.account.0])? {
        return Err(Conflict::NotFound.into());
    }
    let sql = "SELECT count(*) FROM provisioning_links WHERE account_id = ?1 AND expires_at > ?2";
    let parameters = params![link.account.0, link.created_at.as_micros()];
    let present: u32 = connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))?;
    if present >= most {
        return Err(Conflict::TooManyLinks.into());
    }
    let sql = format!("INSERT INTO provisioning_links ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    connection.prepare_cached(&sql)?.execute(params![
        link.id.as_bytes(),
        link.account.0,
        link.credential.as_bytes(),
        link.label.as_str(),
        link.format.map(PhoneFormat::as_str),
        link.stage.as_str(),
        link.token.as_bytes(),
        link.created_at.as_micros(),
        link.expires_at.as_micros(),
    ])?;
    Ok(())
}

/// Takes a link away from whoever has its token, so that nobody else can.
pub(crate) fn spend(
    connection: &Connection,
    (id, token): (ProvisioningLinkId, ApiTokenHash),
    at: Timestamp,
) -> Result<(), Refused> {
    let sql = "DELETE FROM provisioning_links WHERE id = ?1 AND token = ?2 AND expires_at > ?3";
    one(connection.prepare_cached(sql)?.execute(params![id.as_bytes(), token.as_bytes(), at.as_micros()])?)
}

/// Gives an offered link another token, by which a GET spends it.
pub(crate) fn open(
    connection: &Connection,
    (id, token): (ProvisioningLinkId, ApiTokenHash),
    at: Timestamp,
    (opened, expires_at): (ApiTokenHash, Timestamp),
) -> Result<(), Refused> {
    let sql = "UPDATE provisioning_links SET token = ?4, expires_at = ?5, stage = 'opened'
         WHERE id = ?1 AND token = ?2 AND expires_at > ?3 AND stage = 'offered'";
    let parameters =
        params![id.as_bytes(), token.as_bytes(), at.as_micros(), opened.as_bytes(), expires_at.as_micros()];
    one(connection.prepare_cached(sql)?.execute(parameters)?)
}

/// Takes a link back.
pub(crate) fn delete(
    connection: &Connection,
    (account, credential): (AccountId, CredentialId),
    id: ProvisioningLinkId,
) -> Result<(), Refused> {
    let sql = "DELETE FROM provisioning_links WHERE id = ?1 AND account_id = ?2 AND credential = ?3";
    one(connection.prepare_cached(sql)?.execute(params![id.as_bytes(), account.0, credential.as_bytes()])?)
}

/// Counts that an account's path is replaced.
pub(crate) fn replace_path(connection: &Connection, account: AccountId) -> Result<(), Refused> {
    let sql = "INSERT INTO provisioning_paths (account_id, number) SELECT id, 1 FROM accounts WHERE id = ?1
         ON CONFLICT (account_id) DO UPDATE SET number = number + 1";
    one(connection.prepare_cached(sql)?.execute([account.0])?)
}

fn one(changed: usize) -> Result<(), Refused> {
    if changed == 1 { Ok(()) } else { Err(Conflict::NotFound.into()) }
}

fn link(row: &Row<'_>) -> rusqlite::Result<ProvisioningLink> {
    let format = |name: &str| PhoneFormat::from_name(name).ok_or("no format has that name");
    let stage = |name: &str| LinkStage::from_name(name).ok_or("no stage has that name");
    Ok(ProvisioningLink {
        id: ProvisioningLinkId::from_bytes(row.get(0)?),
        account: AccountId(row.get(1)?),
        credential: CredentialId::from_bytes(row.get(2)?),
        label: rows::parsed(row, 3, DeviceLabel::parse)?,
        format: rows::some_parsed(row, 4, format)?,
        stage: rows::parsed(row, 5, stage)?,
        token: ApiTokenHash::from_bytes(row.get(6)?),
        created_at: rows::moment(row, 7)?,
        expires_at: rows::moment(row, 8)?,
    })
}
