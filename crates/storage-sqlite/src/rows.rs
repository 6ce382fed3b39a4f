//! Rows as values.
//!
//! Columns are read by position, in the order of the lists here. A text that does not parse is damage: it was parsed
//! before it was written.

use domain::{
    Account, AccountId, ApiToken, ApiTokenHash, AuthId, BindingId, ChallengePolicy, ContactBinding, Credential,
    CredentialId, HostName, Realm, RealmId, RealmName, Revision, Sealed, SealedHa1s, SignallingTransport, Timestamp,
    Username,
};
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};
use std::fmt::Display;

/// The columns [`realm`] reads.
pub(crate) const REALM: &str = "id, name, challenge_policy";
/// The columns [`account`] reads.
pub(crate) const ACCOUNT: &str = "id, auth_id, name, realm_id, sip_domain, enabled, created_at";
/// The columns [`api_token`] reads.
pub(crate) const API_TOKEN: &str = "id, account_id, hash, label, created_at";
/// The columns [`credential`] reads.
pub(crate) const CREDENTIAL: &str = "id, account_id, realm_id, username, enabled, description, generation, ha1_md5, \
     ha1_sha256, ha1_sha512_256, created_at, updated_at, password_changed_at, revision";
/// The columns [`binding`] reads.
pub(crate) const BINDING: &str = "credential, binding, generation, contact, instance, reg_id, path, q_thousandths, \
     call_id, cseq, user_agent, transport, source, local, registered_at, expires_at";

pub(crate) fn realm(row: &Row<'_>) -> Result<Realm> {
    Ok(Realm {
        id: RealmId(row.get(0)?),
        name: parsed(row, 1, RealmName::parse)?,
        challenge_policy: parsed(row, 2, |name| ChallengePolicy::from_name(name).ok_or("no policy has that name"))?,
    })
}

pub(crate) fn account(row: &Row<'_>) -> Result<Account> {
    Ok(Account {
        id: AccountId(row.get(0)?),
        auth_id: auth_id(row, 1)?,
        name: row.get(2)?,
        realm: RealmId(row.get(3)?),
        sip_domain: host(row, 4)?,
        enabled: row.get(5)?,
        created_at: moment(row, 6)?,
    })
}

pub(crate) fn auth_id(row: &Row<'_>, column: usize) -> Result<AuthId> {
    parsed(row, column, AuthId::parse)
}

pub(crate) fn host(row: &Row<'_>, column: usize) -> Result<HostName> {
    parsed(row, column, HostName::parse)
}

pub(crate) fn api_token(row: &Row<'_>) -> Result<ApiToken> {
    Ok(ApiToken {
        id: row.get(0)?,
        account: AccountId(row.get(1)?),
        hash: ApiTokenHash::from_bytes(row.get(2)?),
        label: row.get(3)?,
        created_at: moment(row, 4)?,
    })
}

pub(crate) fn credential(row: &Row<'_>) -> Result<Credential> {
    Ok(Credential {
        id: CredentialId::from_bytes(row.get(0)?),
        account: AccountId(row.get(1)?),
        realm: RealmId(row.get(2)?),
        username: username(row, 3)?,
        enabled: row.get(4)?,
        description: row.get(5)?,
        generation: row.get(6)?,
        ha1s: SealedHa1s { md5: sealed(row, 7)?, sha256: sealed(row, 8)?, sha512_256: sealed(row, 9)? },
        created_at: moment(row, 10)?,
        updated_at: moment(row, 11)?,
        password_changed_at: moment(row, 12)?,
        revision: revision(row, 13)?,
    })
}

pub(crate) fn binding(row: &Row<'_>) -> Result<ContactBinding> {
    Ok(ContactBinding {
        credential: CredentialId::from_bytes(row.get(0)?),
        id: BindingId(row.get(1)?),
        generation: row.get(2)?,
        contact: octets(row, 3)?,
        instance: octets(row, 4)?,
        reg_id: row.get(5)?,
        path: octets(row, 6)?,
        q_thousandths: row.get(7)?,
        call_id: octets(row, 8)?,
        cseq: row.get(9)?,
        user_agent: octets(row, 10)?,
        transport: parsed(row, 11, |name| SignallingTransport::from_name(name).ok_or("no transport has that name"))?,
        source: parsed(row, 12, str::parse)?,
        local: parsed(row, 13, str::parse)?,
        registered_at: moment(row, 14)?,
        expires_at: moment(row, 15)?,
    })
}

pub(crate) fn username(row: &Row<'_>, column: usize) -> Result<Username> {
    row.get(column).map(Username::from_stored)
}

pub(crate) fn moment(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    row.get(column).map(Timestamp::from_micros)
}

/// Revisions are counted from zero by one, so the sign bit is never reached.
pub(crate) fn revision(row: &Row<'_>, column: usize) -> Result<Revision> {
    row.get(column).map(|number: i64| Revision(number.cast_unsigned()))
}

fn octets(row: &Row<'_>, column: usize) -> Result<Box<[u8]>> {
    row.get::<_, Vec<u8>>(column).map(Vec::into_boxed_slice)
}

fn sealed(row: &Row<'_>, column: usize) -> Result<Option<Sealed>> {
    let stored: Option<Vec<u8>> = row.get(column)?;
    Ok(stored.map(|octets| Sealed::from_bytes(octets.into_boxed_slice())))
}

fn parsed<T, E: Display>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Result<T> {
    let value = row.get_ref(column)?.as_str().map_err(|error| damaged(row, column, &error))?;
    parse(value).map_err(|error| damaged(row, column, &error))
}

/// Names the column and the rule, never the value.
fn damaged(row: &Row<'_>, column: usize, rule: &dyn Display) -> Error {
    let name = row.as_ref().column_name(column).unwrap_or("?");
    Error::FromSqlConversionFailure(column, Type::Text, format!("column {name}: {rule}").into())
}
