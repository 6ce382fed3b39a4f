//! Credentials.

use crate::SqliteStorage;
use crate::failure::Failure;
use crate::rows;
use crate::transaction::Refused;
use domain::{AccountId, Credential, CredentialId, RealmId, Revision, Sealed};
use rusqlite::{Connection, OptionalExtension, params};
use storage::{Conflict, CredentialPage, Credentials, Fact, Page, Pending, RegistrationsAfter, StorageError};

impl Credentials for SqliteStorage {
    fn credential(
        &self,
        account: AccountId,
        id: CredentialId,
    ) -> Pending<'_, Result<Option<Credential>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!("SELECT {} FROM credentials WHERE id = ?1 AND account_id = ?2", rows::CREDENTIAL);
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_row(params![id.as_bytes(), account.0], rows::credential).optional()?)
        }))
    }

    fn credentials(&self, account: AccountId, page: Page) -> Pending<'_, Result<CredentialPage, StorageError>> {
        Box::pin(self.read(move |connection| read_page(connection, account, page)))
    }
}

fn read_page(connection: &mut Connection, account: AccountId, page: Page) -> Result<CredentialPage, Failure> {
    // One transaction, so that page and total are of one moment.
    let transaction = connection.transaction()?;
    let total: Option<i64> = transaction
        .prepare_cached("SELECT credential_count FROM accounts WHERE id = ?1")?
        .query_row([account.0], |row| row.get(0))
        .optional()?;
    let credentials = {
        // Skipping happens in the index alone; only the rows of the page are fetched.
        let sql = format!(
            "SELECT {} FROM credentials WHERE no IN
             (SELECT no FROM credentials WHERE account_id = ?1 ORDER BY no LIMIT ?2 OFFSET ?3) ORDER BY no",
            rows::CREDENTIAL
        );
        let mut statement = transaction.prepare_cached(&sql)?;
        let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
        let found = statement.query_map(params![account.0, page.limit, offset], rows::credential)?;
        found.collect::<rusqlite::Result<_>>()?
    };
    Ok(CredentialPage { credentials, total: total.unwrap_or(0).cast_unsigned() })
}

/// Creates a credential in the realm of its account.
pub(crate) fn create(connection: &Connection, new: &Credential, revision: Revision) -> Result<Fact, Refused> {
    let realm: Option<i64> = connection
        .prepare_cached("SELECT realm_id FROM accounts WHERE id = ?1")?
        .query_row([new.account.0], |row| row.get(0))
        .optional()?;
    if realm != Some(new.realm.0) {
        return Err(Conflict::NotFound.into());
    }
    let taken = connection
        .prepare_cached("SELECT 1 FROM credentials WHERE realm_id = ?1 AND username = ?2")?
        .exists(params![new.realm.0, new.username.as_str()])?;
    if taken {
        return Err(Conflict::UsernameTaken.into());
    }
    insert(connection, new, revision)?;
    count(connection, new.account, 1)?;
    Ok(Fact::Credential(Credential { revision, ..new.clone() }))
}

/// Replaces what may change of a credential, if it is still as it was read.
pub(crate) fn update(
    connection: &Connection,
    new: &Credential,
    registrations: RegistrationsAfter,
    revision: Revision,
) -> Result<Fact, Refused> {
    let stored = connection
        .prepare_cached(
            "SELECT revision, realm_id, username, created_at FROM credentials WHERE id = ?1 AND account_id = ?2",
        )?
        .query_row(params![new.id.as_bytes(), new.account.0], |row| {
            let stored = Credential {
                realm: RealmId(row.get(1)?),
                username: rows::username(row, 2)?,
                created_at: rows::moment(row, 3)?,
                revision,
                ..new.clone()
            };
            Ok((rows::revision(row, 0)?, stored))
        })
        .optional()?;
    let (made_from, credential) = stored.ok_or(Conflict::NotFound)?;
    if made_from != new.revision {
        return Err(Conflict::Superseded.into());
    }
    write(connection, &credential)?;
    if registrations == RegistrationsAfter::Remove {
        connection
            .prepare_cached("DELETE FROM registrations WHERE credential = ?1")?
            .execute([credential.id.as_bytes()])?;
    }
    Ok(Fact::Credential(credential))
}

/// Deletes a credential of that account; its registrations go with it.
pub(crate) fn delete(connection: &Connection, account: AccountId, id: CredentialId) -> Result<Fact, Refused> {
    let sql = "DELETE FROM credentials WHERE id = ?1 AND account_id = ?2 RETURNING realm_id, username";
    let deleted = connection
        .prepare_cached(sql)?
        .query_row(params![id.as_bytes(), account.0], |row| {
            Ok(Fact::CredentialDeleted { id, realm: RealmId(row.get(0)?), username: rows::username(row, 1)? })
        })
        .optional()?
        .ok_or(Conflict::NotFound)?;
    count(connection, account, -1)?;
    Ok(deleted)
}

fn insert(connection: &Connection, new: &Credential, revision: Revision) -> Result<(), Refused> {
    connection
        .prepare_cached(
            "INSERT INTO credentials (id, account_id, realm_id, username, enabled, description, generation, ha1_md5,
             ha1_sha256, ha1_sha512_256, created_at, updated_at, password_changed_at, revision)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            new.id.as_bytes(),
            new.account.0,
            new.realm.0,
            new.username.as_str(),
            new.enabled,
            new.description,
            new.generation,
            octets(new.ha1s.md5.as_ref()),
            octets(new.ha1s.sha256.as_ref()),
            octets(new.ha1s.sha512_256.as_ref()),
            new.created_at.as_micros(),
            new.updated_at.as_micros(),
            new.password_changed_at.as_micros(),
            revision.0.cast_signed(),
        ])?;
    Ok(())
}

fn write(connection: &Connection, credential: &Credential) -> Result<(), Refused> {
    connection
        .prepare_cached(
            "UPDATE credentials SET enabled = ?2, description = ?3, generation = ?4, ha1_md5 = ?5, ha1_sha256 = ?6,
             ha1_sha512_256 = ?7, updated_at = ?8, password_changed_at = ?9, revision = ?10 WHERE id = ?1",
        )?
        .execute(params![
            credential.id.as_bytes(),
            credential.enabled,
            credential.description,
            credential.generation,
            octets(credential.ha1s.md5.as_ref()),
            octets(credential.ha1s.sha256.as_ref()),
            octets(credential.ha1s.sha512_256.as_ref()),
            credential.updated_at.as_micros(),
            credential.password_changed_at.as_micros(),
            credential.revision.0.cast_signed(),
        ])?;
    Ok(())
}

fn count(connection: &Connection, account: AccountId, difference: i64) -> Result<(), Refused> {
    connection
        .prepare_cached("UPDATE accounts SET credential_count = credential_count + ?2 WHERE id = ?1")?
        .execute(params![account.0, difference])?;
    Ok(())
}

fn octets(sealed: Option<&Sealed>) -> Option<&[u8]> {
    sealed.map(Sealed::as_bytes)
}
