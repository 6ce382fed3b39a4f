//! Links that make devices.

use crate::PostgresStorage;
use crate::credentials;
use crate::failure::Refused;
use crate::rows;
use crate::sql::{self, Row, parameters};
use domain::{
    AccountId, ApiTokenHash, Credential, CredentialId, DeviceLabel, LinkStage, MacAddress, PhoneFormat,
    ProvisioningLink, ProvisioningLinkId, Timestamp,
};
use sqlx::PgConnection;
use storage::{Conflict, Pending, ProvisioningLinks, StorageError};

/// The columns [`link`] reads.
const COLUMNS: &str = "id, account_id, credential, label, format, stage, token, created_at, expires_at";

impl ProvisioningLinks for PostgresStorage {
    fn provisioning_link(&self, token: ApiTokenHash) -> Pending<'_, Result<Option<ProvisioningLink>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!("SELECT {COLUMNS} FROM provisioning_links WHERE token = $1");
                sql::find(connection, sql, parameters![token.as_bytes()], link).await
            })
        }))
    }

    fn provisioning_links(
        &self,
        credential: CredentialId,
        now: Timestamp,
    ) -> Pending<'_, Result<Vec<ProvisioningLink>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!(
                    "SELECT {COLUMNS} FROM provisioning_links WHERE credential = $1 AND expires_at > $2 ORDER BY id"
                );
                sql::all(connection, sql, parameters![credential.as_bytes(), now.as_micros()], link).await
            })
        }))
    }

    fn forget_provisioning_links(&self, now: Timestamp) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                let sql = "DELETE FROM provisioning_links WHERE expires_at <= $1";
                sql::execute(connection, sql, parameters![now.as_micros()]).await?;
                Ok(())
            })
        }))
    }

    fn credential_of_desk_phone(
        &self,
        account: AccountId,
        mac: MacAddress,
    ) -> Pending<'_, Result<Option<Credential>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let wanted = "id = (SELECT credential FROM devices
                     WHERE account_id = $1 AND mac = $2 AND revoked_at IS NULL)";
                Ok(credentials::select(connection, wanted, parameters![account.0, mac.to_string()]).await?.pop())
            })
        }))
    }

    fn provisioning_path_number(&self, account: AccountId) -> Pending<'_, Result<u32, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = "SELECT number FROM provisioning_paths WHERE account_id = $1";
                Ok(sql::find(connection, sql, parameters![account.0], |row| row.get(0)).await?.unwrap_or(0))
            })
        }))
    }
}

/// Makes a link of a credential of its account.
pub(crate) async fn create(connection: &mut PgConnection, link: &ProvisioningLink, most: u32) -> Result<(), Refused> {
    let sql = "SELECT 1 FROM credentials WHERE id = $1 AND account_id = $2";
    if !sql::exists(connection, sql, parameters![link.credential.as_bytes(), link.account.0]).await? {
        return Err(Conflict::NotFound.into());
    }
    let sql = "SELECT count(*) FROM provisioning_links WHERE account_id = $1 AND expires_at > $2";
    let values = parameters![link.account.0, link.created_at.as_micros()];
    let present: i64 = sql::one(connection, sql, values, |row| row.get(0)).await?;
    if present >= i64::from(most) {
        return Err(Conflict::TooManyLinks.into());
    }
    let sql = format!("INSERT INTO provisioning_links ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    let values = parameters![
        link.id.as_bytes(),
        link.account.0,
        link.credential.as_bytes(),
        link.label.as_str(),
        link.format.map(PhoneFormat::as_str),
        link.stage.as_str(),
        link.token.as_bytes(),
        link.created_at.as_micros(),
        link.expires_at.as_micros(),
    ];
    sql::execute(connection, sql, values).await?;
    Ok(())
}

/// Takes a link away from whoever has its token, so that nobody else can.
pub(crate) async fn spend(
    connection: &mut PgConnection,
    (id, token): (ProvisioningLinkId, ApiTokenHash),
    at: Timestamp,
) -> Result<(), Refused> {
    let sql = "DELETE FROM provisioning_links WHERE id = $1 AND token = $2 AND expires_at > $3";
    one(sql::execute(connection, sql, parameters![id.as_bytes(), token.as_bytes(), at.as_micros()]).await?)
}

/// Gives an offered link another token, by which a GET spends it.
pub(crate) async fn open(
    connection: &mut PgConnection,
    (id, token): (ProvisioningLinkId, ApiTokenHash),
    at: Timestamp,
    (opened, expires_at): (ApiTokenHash, Timestamp),
) -> Result<(), Refused> {
    let sql = "UPDATE provisioning_links SET token = $4, expires_at = $5, stage = 'opened'
         WHERE id = $1 AND token = $2 AND expires_at > $3 AND stage = 'offered'";
    let values =
        parameters![id.as_bytes(), token.as_bytes(), at.as_micros(), opened.as_bytes(), expires_at.as_micros()];
    one(sql::execute(connection, sql, values).await?)
}

/// Takes a link back.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    (account, credential): (AccountId, CredentialId),
    id: ProvisioningLinkId,
) -> Result<(), Refused> {
    let sql = "DELETE FROM provisioning_links WHERE id = $1 AND account_id = $2 AND credential = $3";
    one(sql::execute(connection, sql, parameters![id.as_bytes(), account.0, credential.as_bytes()]).await?)
}

/// Counts that an account's path is replaced.
pub(crate) async fn replace_path(connection: &mut PgConnection, account: AccountId) -> Result<(), Refused> {
    let sql = "INSERT INTO provisioning_paths (account_id, number) SELECT id, 1 FROM accounts WHERE id = $1
         ON CONFLICT (account_id) DO UPDATE SET number = provisioning_paths.number + 1";
    one(sql::execute(connection, sql, parameters![account.0]).await?)
}

fn one(changed: u64) -> Result<(), Refused> {
    if changed == 1 { Ok(()) } else { Err(Conflict::NotFound.into()) }
}

fn link(row: &Row<'_>) -> sql::Result<ProvisioningLink> {
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
