//! How credentials come to be: one or thousands, by the same few statements.

use crate::credentials::{PreviousColumns, octets, retire_md5};
use crate::devices;
use crate::failure::Refused;
use crate::rows;
use crate::sql::{self, parameters};
use domain::{AccountId, Credential, Device, RealmId, Timestamp};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap, HashSet};
use storage::Conflict;

/// Whether it may be looked at together with others: a desk phone may be another's of the same run.
pub(crate) fn goes_with_others(new: &Credential) -> bool {
    new.devices.live().all(|device| Device::desk_phone(device).is_none())
}

/// Credentials that may be created, each with its place in what was asked for, and why others may not.
pub(crate) struct Admitted {
    pub credentials: Vec<(usize, Credential)>,
    pub refused: Vec<(usize, Conflict)>,
}

/// What an account's credentials are created in.
struct Home {
    realm: i64,
    md5_retired: bool,
}

/// Finds out which of these may be created, each as if those before it were there already. Nothing is written.
pub(crate) async fn admit(connection: &mut PgConnection, wanted: &[&Credential]) -> Result<Admitted, Refused> {
    let homes = homes(connection, wanted).await?;
    let mut taken = taken(connection, wanted).await?;
    let mut admitted = Admitted { credentials: Vec::with_capacity(wanted.len()), refused: Vec::new() };
    for (place, new) in wanted.iter().enumerate() {
        let Some(home) = homes.get(&new.account).filter(|home| home.realm == new.realm.0) else {
            admitted.refused.push((place, Conflict::NotFound));
            continue;
        };
        if !taken.insert((new.realm, new.username.as_str().into())) {
            admitted.refused.push((place, Conflict::UsernameTaken));
            continue;
        }
        let mut credential = Credential::clone(new);
        if home.md5_retired {
            retire_md5(&mut credential);
        }
        admitted.credentials.push((place, credential));
    }
    if let [new] = wanted
        && admitted.refused.is_empty()
    {
        devices::check_desk_phones(connection, new).await?;
    }
    Ok(admitted)
}

/// Writes credentials that were admitted and have their revisions.
pub(crate) async fn insert(connection: &mut PgConnection, admitted: &[Credential]) -> Result<(), Refused> {
    if admitted.is_empty() {
        return Ok(());
    }
    insert_rows(connection, admitted).await?;
    for credential in admitted {
        devices::write(connection, credential).await?;
    }
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    for credential in admitted {
        *counts.entry(credential.account.0).or_default() += 1;
    }
    let (accounts, created): (Vec<i64>, Vec<i64>) = counts.into_iter().unzip();
    let sql = "UPDATE accounts SET credential_count = credential_count + created.count
         FROM unnest ($1::bigint[], $2::bigint[]) AS created (account, count) WHERE id = created.account";
    sql::execute(connection, sql, parameters![accounts, created]).await?;
    Ok(())
}

async fn homes(connection: &mut PgConnection, wanted: &[&Credential]) -> sql::Result<HashMap<AccountId, Home>> {
    let mut accounts: Vec<i64> = wanted.iter().map(|new| new.account.0).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let sql = "SELECT a.id, a.realm_id, r.md5_retired FROM accounts a JOIN realms r ON r.id = a.realm_id
         WHERE a.id = ANY ($1)";
    let found = sql::all(connection, sql, parameters![accounts], |row| {
        Ok((AccountId(row.get(0)?), Home { realm: row.get(1)?, md5_retired: row.get(2)? }))
    });
    Ok(found.await?.into_iter().collect())
}

async fn taken(connection: &mut PgConnection, wanted: &[&Credential]) -> sql::Result<HashSet<(RealmId, Box<str>)>> {
    let realms: Vec<i64> = wanted.iter().map(|new| new.realm.0).collect();
    let usernames: Vec<&str> = wanted.iter().map(|new| new.username.as_str()).collect();
    let sql = "SELECT c.realm_id, c.username FROM unnest ($1::bigint[], $2::text[]) AS wanted (realm, username)
         JOIN credentials c ON c.realm_id = wanted.realm AND c.username = wanted.username COLLATE \"C\"";
    let found =
        sql::all(connection, sql, parameters![realms, usernames], |row| Ok((RealmId(row.get(0)?), row.get(1)?)));
    Ok(found.await?.into_iter().collect())
}

async fn insert_rows(connection: &mut PgConnection, all: &[Credential]) -> Result<(), Refused> {
    let sql = "INSERT INTO credentials (id, account_id, realm_id, username, enabled, description, generation, ha1_md5,
             ha1_sha256, ha1_sha512_256, created_at, updated_at, password_changed_at, revision, requires_sha256,
             requires_secure_transport, allowed_networks, expires_at, previous_generation, previous_ha1_md5,
             previous_ha1_sha256, previous_ha1_sha512_256, overlap_until, previous_until, password_score,
             device_secrets)
         SELECT * FROM unnest ($1::bytea[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[],
             $7::bigint[], $8::bytea[], $9::bytea[], $10::bytea[], $11::bigint[], $12::bigint[], $13::bigint[],
             $14::bigint[], $15::bigint[], $16::bigint[], $17::text[], $18::bigint[], $19::bigint[], $20::bytea[],
             $21::bytea[], $22::bytea[], $23::bigint[], $24::bigint[], $25::bigint[], $26::bigint[])";
    let previous: Vec<PreviousColumns<'_>> =
        all.iter().map(|new| PreviousColumns::of(new.previous.as_deref())).collect();
    let values = parameters![
        column(all, |new| new.id.as_bytes().as_slice()),
        column(all, |new| new.account.0),
        column(all, |new| new.realm.0),
        column(all, |new| new.username.as_str()),
        column(all, |new| i64::from(new.enabled)),
        column(all, |new| &*new.description),
        column(all, |new| i64::from(new.generation)),
        column(all, |new| octets(new.ha1s.md5.as_ref())),
        column(all, |new| octets(new.ha1s.sha256.as_ref())),
        column(all, |new| octets(new.ha1s.sha512_256.as_ref())),
        column(all, |new| new.created_at.as_micros()),
        column(all, |new| new.updated_at.as_micros()),
        column(all, |new| new.password_changed_at.as_micros()),
        column(all, |new| new.revision.0.cast_signed()),
        column(all, |new| i64::from(new.requirements.sha256)),
        column(all, |new| i64::from(new.requirements.secure_transport)),
        column(all, |new| rows::networks(&new.requirements.networks)),
        column(all, |new| new.expires_at.map(Timestamp::as_micros)),
        column(&previous, |previous| previous.generation.map(i64::from)),
        column(&previous, |previous| previous.md5),
        column(&previous, |previous| previous.sha256),
        column(&previous, |previous| previous.sha512_256),
        column(&previous, |previous| previous.overlap_until),
        column(&previous, |previous| previous.kept_until),
        column(all, |new| rows::score(new).map(i64::from)),
        column(all, |new| i64::from(new.devices.numbered())),
    ];
    sql::execute(connection, sql, values).await?;
    Ok(())
}

fn column<'a, S, T>(rows: &'a [S], value: impl Fn(&'a S) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
