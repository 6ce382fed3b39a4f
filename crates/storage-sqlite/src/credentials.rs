//! Credentials.

use crate::SqliteStorage;
use crate::credential_search;
use crate::devices;
use crate::failure::Failure;
use crate::rows::{self, find};
use crate::transaction::Refused;
use crate::trunks::attachments;
use domain::{AccountId, Credential, CredentialId, PreviousGeneration, RealmId, Revision, Sealed, Timestamp, Username};
use rusqlite::{Connection, OptionalExtension, params};
use storage::{
    Conflict, CredentialNumber, CredentialPage, CredentialSearch, Credentials, Fact, Page, Pending, RegistrationsAfter,
    ResealedCredential, StorageError,
};

impl Credentials for SqliteStorage {
    fn credential(
        &self,
        account: AccountId,
        id: CredentialId,
    ) -> Pending<'_, Result<Option<Credential>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!("SELECT {} FROM credentials WHERE id = ?1 AND account_id = ?2", rows::CREDENTIAL);
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement
                .query_row(params![id.as_bytes(), account.0], |row| rows::credential(connection, row))
                .optional()?)
        }))
    }

    fn credentials(&self, account: AccountId, page: Page) -> Pending<'_, Result<CredentialPage, StorageError>> {
        // Skipping happens in the index alone; only the rows of the page are fetched.
        let wanted = "no IN (SELECT no FROM credentials WHERE account_id = ?1 ORDER BY no LIMIT ?2 OFFSET ?3)";
        let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
        Box::pin(self.read(move |connection| read_page(connection, wanted, account, page.limit, offset)))
    }

    fn credentials_after(
        &self,
        account: AccountId,
        after: CredentialNumber,
        limit: u32,
    ) -> Pending<'_, Result<CredentialPage, StorageError>> {
        // A range of the index, wherever it begins.
        let wanted = "no IN (SELECT no FROM credentials WHERE account_id = ?1 AND no > ?3 ORDER BY no LIMIT ?2)";
        Box::pin(self.read(move |connection| read_page(connection, wanted, account, limit, number(after))))
    }

    fn find_credentials(&self, search: CredentialSearch) -> Pending<'_, Result<CredentialPage, StorageError>> {
        Box::pin(self.read(move |connection| credential_search::read(connection, &search)))
    }

    fn credential_by_username(
        &self,
        account: AccountId,
        username: Username,
    ) -> Pending<'_, Result<Option<Credential>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!(
                "SELECT {} FROM credentials WHERE realm_id = (SELECT realm_id FROM accounts WHERE id = ?1)
                 AND username = ?2 AND account_id = ?1",
                rows::CREDENTIAL
            );
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement
                .query_row(params![account.0, username.as_str()], |row| rows::credential(connection, row))
                .optional()?)
        }))
    }

    fn credentials_by_usernames(
        &self,
        realm: RealmId,
        usernames: Vec<Username>,
    ) -> Pending<'_, Result<Vec<Credential>, StorageError>> {
        Box::pin(self.read(move |connection| {
            // One transaction, so that all are of one moment.
            let transaction = connection.transaction()?;
            let sql = format!("SELECT {} FROM credentials WHERE realm_id = ?1 AND username = ?2", rows::CREDENTIAL);
            let mut statement = transaction.prepare_cached(&sql)?;
            let mut found = Vec::new();
            for username in &usernames {
                found.extend(
                    statement
                        .query_row(params![realm.0, username.as_str()], |row| rows::credential(&transaction, row))
                        .optional()?,
                );
            }
            Ok(found)
        }))
    }

    fn credentials_of_all_accounts(
        &self,
        after: Option<CredentialNumber>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<(CredentialNumber, Credential)>, StorageError>> {
        // Numbers count from 1.
        let after = after.map_or(0, number);
        Box::pin(self.read(move |connection| {
            let columns = rows::NUMBERED_CREDENTIAL;
            let sql = format!("SELECT {columns} FROM credentials WHERE no > ?1 ORDER BY no LIMIT ?2");
            let mut statement = connection.prepare_cached(&sql)?;
            let found = statement.query_map(params![after, limit], |row| rows::numbered_credential(connection, row))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn credentials_with_outdated_passwords(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Pending<'_, Result<Vec<Credential>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!(
                "SELECT {} FROM credentials WHERE previous_until <= ?1 OR id IN
                 (SELECT credential FROM devices WHERE kept_until <= ?1) LIMIT ?2",
                rows::CREDENTIAL
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let found =
                statement.query_map(params![now.as_micros(), limit], |row| rows::credential(connection, row))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        }))
    }
}

/// Reads what `wanted` selects by account (`?1`), number of rows (`?2`) and where to begin (`?3`).
fn read_page(
    connection: &mut Connection,
    wanted: &str,
    account: AccountId,
    limit: u32,
    begin: i64,
) -> Result<CredentialPage, Failure> {
    // One transaction, so that page and total are of one moment.
    let transaction = connection.transaction()?;
    let total: Option<i64> =
        find(&transaction, "SELECT credential_count FROM accounts WHERE id = ?1", &account.0, |row| row.get(0))?;
    let sql = format!("SELECT {} FROM credentials WHERE {wanted} ORDER BY no", rows::NUMBERED_CREDENTIAL);
    let mut statement = transaction.prepare_cached(&sql)?;
    // One more than asked for tells whether others follow.
    let found = statement.query_map(params![account.0, i64::from(limit) + 1, begin], |row| {
        rows::numbered_credential(&transaction, row)
    })?;
    let mut page = found.collect::<rusqlite::Result<Vec<_>>>()?;
    let others_follow = page.len() > limit as usize;
    page.truncate(limit as usize);
    let next = page.last().filter(|_| others_follow).map(|(number, _)| *number);
    let credentials = page.into_iter().map(|(_, credential)| credential).collect();
    Ok(CredentialPage { credentials, total: total.unwrap_or(0).cast_unsigned(), next })
}

fn number(after: CredentialNumber) -> i64 {
    i64::try_from(after.0).unwrap_or(i64::MAX)
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
    devices::check_desk_phones(connection, new)?;
    let credential = Credential { revision, ..without_retired(connection, new.clone())? };
    insert(connection, &credential)?;
    devices::write(connection, &credential)?;
    count(connection, new.account, 1)?;
    Ok(Fact::Credential(credential))
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
    devices::check_desk_phones(connection, &credential)?;
    let credential = without_retired(connection, credential)?;
    devices::write(connection, &credential)?;
    write(connection, &credential)?;
    match registrations {
        RegistrationsAfter::Keep => {}
        RegistrationsAfter::Remove => {
            let mut remove = connection.prepare_cached("DELETE FROM registrations WHERE credential = ?1")?;
            remove.execute([credential.id.as_bytes()])?;
        }
        RegistrationsAfter::RemoveOfEndedSecrets => {
            let overlapping = credential.previous.as_deref().filter(|previous| previous.overlap_until.is_some());
            let sql = format!(
                "DELETE FROM registrations WHERE credential = ?1 AND generation <> ?2
                 AND generation IS NOT ?3 AND generation NOT IN ({})",
                devices::LIVE_SECRETS
            );
            let overlapping = overlapping.map(|previous| previous.generation);
            let parameters = params![credential.id.as_bytes(), credential.generation, overlapping];
            connection.prepare_cached(&sql)?.execute(parameters)?;
        }
    }
    Ok(Fact::Credential(credential))
}

/// Deletes a credential of that account; its registrations go with it, and trunks let go of it.
pub(crate) fn delete(
    connection: &Connection,
    (account, id): (AccountId, CredentialId),
    revision: Revision,
    facts: &mut Vec<Fact>,
) -> Result<(), Refused> {
    let attached = attachments::trunks_with(connection, "credential", id.as_bytes())?;
    let sql = "DELETE FROM credentials WHERE id = ?1 AND account_id = ?2 RETURNING id, realm_id, username";
    let deleted = connection
        .prepare_cached(sql)?
        .query_row(params![id.as_bytes(), account.0], rows::deleted_credential)
        .optional()?
        .ok_or(Conflict::NotFound)?;
    count(connection, account, -1)?;
    attachments::tell_detached(connection, &attached, revision, facts)?;
    facts.push(deleted);
    Ok(())
}

/// Replaces the seals of those credentials that are still as they were read. It is a write like any other: an update
/// made before it would bring the old seals back.
pub(crate) fn reseal(
    connection: &Connection,
    resealed: &[ResealedCredential],
    revision: Revision,
    facts: &mut Vec<Fact>,
) -> Result<(), Refused> {
    let sql = format!(
        "UPDATE credentials SET ha1_md5 = ?3, ha1_sha256 = ?4, ha1_sha512_256 = ?5, revision = ?6,
         previous_generation = ?7, previous_ha1_md5 = ?8, previous_ha1_sha256 = ?9, previous_ha1_sha512_256 = ?10,
         overlap_until = ?11, previous_until = ?12, device_secrets = ?13 WHERE id = ?1 AND revision = ?2 RETURNING {}",
        rows::CREDENTIAL
    );
    let mut statement = connection.prepare_cached(&sql)?;
    for new in resealed {
        let previous = PreviousColumns::of(new.previous.as_deref());
        let parameters = params![
            new.id.as_bytes(),
            new.revision.0.cast_signed(),
            octets(new.ha1s.md5.as_ref()),
            octets(new.ha1s.sha256.as_ref()),
            octets(new.ha1s.sha512_256.as_ref()),
            revision.0.cast_signed(),
            previous.generation,
            previous.md5,
            previous.sha256,
            previous.sha512_256,
            previous.overlap_until,
            previous.kept_until,
            new.devices.numbered(),
        ];
        let resealed = statement.query_row(parameters, |row| rows::credential(connection, row)).optional()?;
        if let Some(credential) = resealed {
            let credential = Credential { devices: new.devices.clone(), ..credential };
            devices::write(connection, &credential)?;
            facts.push(Fact::Credential(credential));
        }
    }
    Ok(())
}

/// The generation of the password before, as it is stored.
#[derive(Default)]
struct PreviousColumns<'c> {
    generation: Option<u32>,
    md5: Option<&'c [u8]>,
    sha256: Option<&'c [u8]>,
    sha512_256: Option<&'c [u8]>,
    overlap_until: Option<i64>,
    kept_until: Option<i64>,
}

impl<'c> PreviousColumns<'c> {
    fn of(previous: Option<&'c PreviousGeneration>) -> Self {
        let Some(PreviousGeneration { generation, ha1s, overlap_until, kept_until }) = previous else {
            return Self::default();
        };
        Self {
            generation: Some(*generation),
            md5: octets(ha1s.md5.as_ref()),
            sha256: octets(ha1s.sha256.as_ref()),
            sha512_256: octets(ha1s.sha512_256.as_ref()),
            overlap_until: overlap_until.map(Timestamp::as_micros),
            kept_until: Some(kept_until.as_micros()),
        }
    }
}

/// The same without its HA1 under MD5, if its realm has retired that: whoever sealed it may not have known yet.
fn without_retired(connection: &Connection, mut credential: Credential) -> Result<Credential, Refused> {
    let mut retired = connection.prepare_cached("SELECT 1 FROM realms WHERE id = ?1 AND md5_retired = 1")?;
    if retired.exists([credential.realm.0])? {
        credential.ha1s.md5 = None;
        if let Some(previous) = &mut credential.previous {
            previous.ha1s.md5 = None;
        }
        credential.devices.retire_md5();
    }
    Ok(credential)
}

fn insert(connection: &Connection, new: &Credential) -> Result<(), Refused> {
    let previous = PreviousColumns::of(new.previous.as_deref());
    connection
        .prepare_cached(
            "INSERT INTO credentials (id, account_id, realm_id, username, enabled, description, generation, ha1_md5,
             ha1_sha256, ha1_sha512_256, created_at, updated_at, password_changed_at, revision, requires_sha256,
             requires_secure_transport, allowed_networks, expires_at, previous_generation, previous_ha1_md5,
             previous_ha1_sha256, previous_ha1_sha512_256, overlap_until, previous_until, password_score,
             device_secrets)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
             ?22, ?23, ?24, ?25, ?26)",
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
            new.revision.0.cast_signed(),
            new.requirements.sha256,
            new.requirements.secure_transport,
            rows::networks(&new.requirements.networks),
            new.expires_at.map(Timestamp::as_micros),
            previous.generation,
            previous.md5,
            previous.sha256,
            previous.sha512_256,
            previous.overlap_until,
            previous.kept_until,
            rows::score(new),
            new.devices.numbered(),
        ])?;
    Ok(())
}

fn write(connection: &Connection, credential: &Credential) -> Result<(), Refused> {
    let previous = PreviousColumns::of(credential.previous.as_deref());
    connection
        .prepare_cached(
            "UPDATE credentials SET enabled = ?2, description = ?3, generation = ?4, ha1_md5 = ?5, ha1_sha256 = ?6,
             ha1_sha512_256 = ?7, updated_at = ?8, password_changed_at = ?9, revision = ?10, requires_sha256 = ?11,
             requires_secure_transport = ?12, allowed_networks = ?13, expires_at = ?14, previous_generation = ?15,
             previous_ha1_md5 = ?16, previous_ha1_sha256 = ?17, previous_ha1_sha512_256 = ?18, overlap_until = ?19,
             previous_until = ?20, password_score = ?21, device_secrets = ?22 WHERE id = ?1",
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
            credential.requirements.sha256,
            credential.requirements.secure_transport,
            rows::networks(&credential.requirements.networks),
            credential.expires_at.map(Timestamp::as_micros),
            previous.generation,
            previous.md5,
            previous.sha256,
            previous.sha512_256,
            previous.overlap_until,
            previous.kept_until,
            rows::score(credential),
            credential.devices.numbered(),
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
