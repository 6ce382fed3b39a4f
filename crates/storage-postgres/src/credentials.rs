//! Credentials: how they are read, and how they change but for their creation.

use crate::PostgresStorage;
use crate::changed::Touched;
use crate::credential_search;
use crate::devices;
use crate::failure::Refused;
use crate::rows;
use crate::sql::{self, parameters};
use crate::trunks::attachments;
use domain::{AccountId, Credential, CredentialId, PreviousGeneration, RealmId, Revision, Sealed, Timestamp, Username};
use sqlx::PgConnection;
use sqlx::postgres::PgArguments;
use storage::{
    Conflict, CredentialNumber, CredentialPage, CredentialSearch, Credentials, Page, Pending, RegistrationsAfter,
    ResealedCredential, StorageError,
};

impl Credentials for PostgresStorage {
    fn credential(
        &self,
        account: AccountId,
        id: CredentialId,
    ) -> Pending<'_, Result<Option<Credential>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let values = parameters![id.as_bytes(), account.0];
                Ok(select(connection, "id = $1 AND account_id = $2", values).await?.pop())
            })
        }))
    }

    fn credentials(&self, account: AccountId, page: Page) -> Pending<'_, Result<CredentialPage, StorageError>> {
        // Skipping happens in the index alone; only the rows of the page are fetched.
        let wanted = "no IN (SELECT no FROM credentials WHERE account_id = $1 ORDER BY no LIMIT $2 OFFSET $3)";
        let begin = rows::offset(page);
        Box::pin(
            self.database.read(move |connection| Box::pin(read_page(connection, wanted, (account, page.limit, begin)))),
        )
    }

    fn credentials_after(
        &self,
        account: AccountId,
        after: CredentialNumber,
        limit: u32,
    ) -> Pending<'_, Result<CredentialPage, StorageError>> {
        // A range of the index, wherever it begins.
        let wanted = "no IN (SELECT no FROM credentials WHERE account_id = $1 AND no > $3 ORDER BY no LIMIT $2)";
        let begin = number(after);
        Box::pin(self.database.read(move |connection| Box::pin(read_page(connection, wanted, (account, limit, begin)))))
    }

    fn find_credentials(&self, search: CredentialSearch) -> Pending<'_, Result<CredentialPage, StorageError>> {
        Box::pin(self.database.read(move |connection| Box::pin(credential_search::read(connection, search))))
    }

    fn credential_by_username(
        &self,
        account: AccountId,
        username: Username,
    ) -> Pending<'_, Result<Option<Credential>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let wanted = "realm_id = (SELECT realm_id FROM accounts WHERE id = $1)
                     AND username = $2 AND account_id = $1";
                Ok(select(connection, wanted, parameters![account.0, username.as_str()]).await?.pop())
            })
        }))
    }

    fn credentials_by_usernames(
        &self,
        realm: RealmId,
        usernames: Vec<Username>,
    ) -> Pending<'_, Result<Vec<Credential>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let names: Vec<&str> = usernames.iter().map(Username::as_str).collect();
                select(connection, "realm_id = $1 AND username = ANY ($2)", parameters![realm.0, names]).await
            })
        }))
    }

    fn credentials_of_all_accounts(
        &self,
        after: Option<CredentialNumber>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<(CredentialNumber, Credential)>, StorageError>> {
        // Numbers count from 1.
        let after = after.map_or(0, number);
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                select_numbered(connection, "no > $1 ORDER BY no LIMIT $2", parameters![after, limit]).await
            })
        }))
    }

    fn credentials_with_outdated_passwords(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Pending<'_, Result<Vec<Credential>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let wanted = "id IN (SELECT id FROM credentials WHERE previous_until <= $1 UNION
                     SELECT credential FROM devices WHERE kept_until <= $1) LIMIT $2";
                select(connection, wanted, parameters![now.as_micros(), limit]).await
            })
        }))
    }
}

/// The credentials that a condition selects, with their devices.
pub(crate) async fn select(
    connection: &mut PgConnection,
    wanted: &str,
    values: PgArguments,
) -> sql::Result<Vec<Credential>> {
    let sql = format!("SELECT {} FROM credentials WHERE {wanted}", rows::CREDENTIAL);
    let mut found = sql::all(connection, sql, values, rows::credential).await?;
    devices::complete(connection, &mut found).await?;
    Ok(found)
}

/// The same with their numbers.
pub(crate) async fn select_numbered(
    connection: &mut PgConnection,
    wanted: &str,
    values: PgArguments,
) -> sql::Result<Vec<(CredentialNumber, Credential)>> {
    let sql = format!("SELECT {} FROM credentials WHERE {wanted}", rows::NUMBERED_CREDENTIAL);
    let found = sql::all(connection, sql, values, rows::numbered_credential).await?;
    let (numbers, mut credentials): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    devices::complete(connection, &mut credentials).await?;
    Ok(numbers.into_iter().zip(credentials).collect())
}

/// Reads what `wanted` selects by account (`$1`), number of rows (`$2`) and where to begin (`$3`).
async fn read_page(
    connection: &mut PgConnection,
    wanted: &str,
    (account, limit, begin): (AccountId, u32, i64),
) -> sql::Result<CredentialPage> {
    let count = "SELECT credential_count FROM accounts WHERE id = $1";
    let total = sql::find(connection, count, parameters![account.0], |row| row.get(0)).await?.unwrap_or(0);
    // One more than asked for tells whether others follow.
    let window = parameters![account.0, i64::from(limit) + 1, begin];
    let mut page = select_numbered(connection, &format!("{wanted} ORDER BY no"), window).await?;
    let others_follow = page.len() > limit as usize;
    page.truncate(limit as usize);
    let next = page.last().filter(|_| others_follow).map(|(number, _)| *number);
    let credentials = page.into_iter().map(|(_, credential)| credential).collect();
    Ok(CredentialPage { credentials, total, next })
}

fn number(after: CredentialNumber) -> i64 {
    i64::try_from(after.0).unwrap_or(i64::MAX)
}

/// Replaces what may change of a credential, if it is still as it was read.
pub(crate) async fn update(
    connection: &mut PgConnection,
    new: &Credential,
    registrations: RegistrationsAfter,
    revision: Revision,
) -> Result<Touched, Refused> {
    let sql = "SELECT revision, realm_id, username, created_at FROM credentials WHERE id = $1 AND account_id = $2";
    let stored = sql::find(connection, sql, parameters![new.id.as_bytes(), new.account.0], |row| {
        let stored = Credential {
            realm: RealmId(row.get(1)?),
            username: rows::username(row, 2)?,
            created_at: rows::moment(row, 3)?,
            revision,
            ..new.clone()
        };
        Ok((rows::revision(row, 0)?, stored))
    });
    let (made_from, mut credential) = stored.await?.ok_or(Conflict::NotFound)?;
    if made_from != new.revision {
        return Err(Conflict::Superseded.into());
    }
    devices::check_desk_phones(connection, &credential).await?;
    let retired = "SELECT 1 FROM realms WHERE id = $1 AND md5_retired = 1";
    if sql::exists(connection, retired, parameters![credential.realm.0]).await? {
        retire_md5(&mut credential);
    }
    devices::write(connection, &credential).await?;
    write(connection, &credential).await?;
    end_registrations(connection, &credential, registrations).await?;
    let Credential { id, realm, username, .. } = credential;
    Ok(match registrations {
        RegistrationsAfter::Remove => Touched::StoppedCredential { id, realm, username },
        RegistrationsAfter::Keep | RegistrationsAfter::RemoveOfEndedSecrets => {
            Touched::Credential { id, realm, username }
        }
    })
}

async fn end_registrations(
    connection: &mut PgConnection,
    credential: &Credential,
    registrations: RegistrationsAfter,
) -> Result<(), Refused> {
    match registrations {
        RegistrationsAfter::Keep => {}
        RegistrationsAfter::Remove => {
            let remove = "DELETE FROM registrations WHERE credential = $1";
            sql::execute(connection, remove, parameters![credential.id.as_bytes()]).await?;
        }
        RegistrationsAfter::RemoveOfEndedSecrets => {
            let overlapping = credential.previous.as_deref().filter(|previous| previous.overlap_until.is_some());
            let overlapping = overlapping.map(|previous| previous.generation);
            let sql = format!(
                "DELETE FROM registrations WHERE credential = $1 AND generation <> $2
                 AND generation IS DISTINCT FROM $3 AND generation NOT IN ({})",
                devices::LIVE_SECRETS
            );
            let values = parameters![credential.id.as_bytes(), credential.generation, overlapping];
            sql::execute(connection, sql, values).await?;
        }
    }
    Ok(())
}

/// Deletes a credential of that account; its registrations go with it, and trunks let go of it.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    (account, id): (AccountId, CredentialId),
    revision: Revision,
    touched: &mut Vec<Touched>,
) -> Result<(), Refused> {
    let attached = attachments::trunks_with(connection, "credential", id.as_bytes()).await?;
    let sql = "DELETE FROM credentials WHERE id = $1 AND account_id = $2 RETURNING id, realm_id, username";
    let deleted = sql::find(connection, sql, parameters![id.as_bytes(), account.0], rows::touched_credential).await?;
    touched.push(deleted.ok_or(Conflict::NotFound)?);
    let count = "UPDATE accounts SET credential_count = credential_count - 1 WHERE id = $1";
    sql::execute(connection, count, parameters![account.0]).await?;
    attachments::note_detached(connection, attached, revision, touched).await
}

/// Replaces the seals of those credentials that are still as they were read. It is a write like any other: an update
/// made before it would bring the old seals back.
pub(crate) async fn reseal(
    connection: &mut PgConnection,
    resealed: &[ResealedCredential],
    revision: Revision,
    touched: &mut Vec<Touched>,
) -> Result<(), Refused> {
    let sql = format!(
        "UPDATE credentials SET ha1_md5 = $3, ha1_sha256 = $4, ha1_sha512_256 = $5, revision = $6,
         previous_generation = $7, previous_ha1_md5 = $8, previous_ha1_sha256 = $9, previous_ha1_sha512_256 = $10,
         overlap_until = $11, previous_until = $12, device_secrets = $13 WHERE id = $1 AND revision = $2 RETURNING {}",
        rows::CREDENTIAL
    );
    for new in resealed {
        let previous = PreviousColumns::of(new.previous.as_deref());
        let values = parameters![
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
        if let Some(credential) = sql::find(connection, sql.clone(), values, rows::credential).await? {
            let credential = Credential { devices: new.devices.clone(), ..credential };
            devices::write(connection, &credential).await?;
            let Credential { id, realm, username, .. } = credential;
            touched.push(Touched::Credential { id, realm, username });
        }
    }
    Ok(())
}

/// The generation of the password before, as it is stored.
#[derive(Default)]
pub(crate) struct PreviousColumns<'c> {
    pub generation: Option<u32>,
    pub md5: Option<&'c [u8]>,
    pub sha256: Option<&'c [u8]>,
    pub sha512_256: Option<&'c [u8]>,
    pub overlap_until: Option<i64>,
    pub kept_until: Option<i64>,
}

impl<'c> PreviousColumns<'c> {
    pub fn of(previous: Option<&'c PreviousGeneration>) -> Self {
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

/// Takes away every HA1 under MD5, because its realm has retired that: whoever sealed it may not have known yet.
pub(crate) fn retire_md5(credential: &mut Credential) {
    credential.ha1s.md5 = None;
    if let Some(previous) = &mut credential.previous {
        previous.ha1s.md5 = None;
    }
    credential.devices.retire_md5();
}

async fn write(connection: &mut PgConnection, credential: &Credential) -> Result<(), Refused> {
    let previous = PreviousColumns::of(credential.previous.as_deref());
    let sql = "UPDATE credentials SET enabled = $2, description = $3, generation = $4, ha1_md5 = $5, ha1_sha256 = $6,
         ha1_sha512_256 = $7, updated_at = $8, password_changed_at = $9, revision = $10, requires_sha256 = $11,
         requires_secure_transport = $12, allowed_networks = $13, expires_at = $14, previous_generation = $15,
         previous_ha1_md5 = $16, previous_ha1_sha256 = $17, previous_ha1_sha512_256 = $18, overlap_until = $19,
         previous_until = $20, password_score = $21, device_secrets = $22 WHERE id = $1";
    let values = parameters![
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
    ];
    sql::execute(connection, sql, values).await?;
    Ok(())
}

/// A sealed secret as it is stored.
pub(crate) fn octets(sealed: Option<&Sealed>) -> Option<&[u8]> {
    sealed.map(Sealed::as_bytes)
}
