//! What trunks refer to.

use super::{statements, trunk_rows};
use crate::failure::Failure;
use crate::transaction::Refused;
use domain::{CredentialId, IpAclId, OriginationUriId, Revision, Trunk, TrunkAttachments, TrunkId};
use rusqlite::{Connection, params};
use storage::{Conflict, Fact};

const CREDENTIAL: &str = "credential";
const IP_ACL: &str = "ip_acl";
const PRIMARY: &str = "primary";
const FALLBACK: &str = "fallback";
const ORIGINATION_URI: &str = "origination_uri";
const EMERGENCY: &str = "emergency";

/// Reads what a trunk refers to, its rules' emergency URI apart.
pub(super) fn read(
    connection: &Connection,
    trunk: TrunkId,
) -> rusqlite::Result<(TrunkAttachments, Option<OriginationUriId>)> {
    let mut statement = connection.prepare_cached(
        "SELECT role, coalesce(credential, ip_acl, origination_uri) FROM trunk_attachments
         WHERE trunk = ?1 ORDER BY role, position",
    )?;
    let (mut attachments, mut emergency) = (TrunkAttachments::default(), None);
    let mut found = statement.query([trunk.as_bytes()])?;
    while let Some(row) = found.next()? {
        let id: [u8; 16] = row.get(1)?;
        match row.get_ref(0)?.as_str()? {
            CREDENTIAL => attachments.credentials.push(CredentialId::from_bytes(id)),
            IP_ACL => attachments.ip_acls.push(IpAclId::from_bytes(id)),
            PRIMARY => attachments.primary_uri = Some(OriginationUriId::from_bytes(id)),
            FALLBACK => attachments.fallback_uri = Some(OriginationUriId::from_bytes(id)),
            ORIGINATION_URI => attachments.origination_uris.push(OriginationUriId::from_bytes(id)),
            EMERGENCY => emergency = Some(OriginationUriId::from_bytes(id)),
            // The schema knows no other.
            _ => {}
        }
    }
    Ok((attachments, emergency))
}

/// One reference: its role, the column and table of what it refers to, and the identifier.
type Reference = (&'static str, &'static str, &'static str, [u8; 16]);

fn references(trunk: &Trunk) -> Vec<Reference> {
    let TrunkAttachments { credentials, ip_acls, primary_uri, fallback_uri, origination_uris } = &trunk.attachments;
    let uri = |role, id: &OriginationUriId| (role, ORIGINATION_URI, "origination_uris", *id.as_bytes());
    let mut all = Vec::new();
    all.extend(credentials.iter().map(|id| (CREDENTIAL, CREDENTIAL, "credentials", *id.as_bytes())));
    all.extend(ip_acls.iter().map(|id| (IP_ACL, IP_ACL, "ip_acls", *id.as_bytes())));
    all.extend(primary_uri.iter().map(|id| uri(PRIMARY, id)));
    all.extend(fallback_uri.iter().map(|id| uri(FALLBACK, id)));
    all.extend(origination_uris.iter().map(|id| uri(ORIGINATION_URI, id)));
    all.extend(trunk.rules.emergency_uri.iter().map(|id| uri(EMERGENCY, id)));
    all
}

/// Refuses a trunk that refers to what its account does not have.
pub(super) fn check(connection: &Connection, trunk: &Trunk) -> Result<(), Refused> {
    for (_, _, table, id) in references(trunk) {
        if !statements::owns(connection, table, trunk.account, &id)? {
            return Err(Conflict::NothingToReferTo.into());
        }
    }
    Ok(())
}

/// Replaces what is stored by what the trunk refers to now.
pub(super) fn write(connection: &Connection, trunk: &Trunk) -> Result<(), Refused> {
    connection.prepare_cached("DELETE FROM trunk_attachments WHERE trunk = ?1")?.execute([trunk.id.as_bytes()])?;
    for (position, (role, column, _, id)) in references(trunk).into_iter().enumerate() {
        let sql = format!("INSERT INTO trunk_attachments (trunk, role, position, {column}) VALUES (?1, ?2, ?3, ?4)");
        connection.prepare_cached(&sql)?.execute(params![trunk.id.as_bytes(), role, position as i64, id])?;
    }
    Ok(())
}

/// The trunks that refer to something, which is about to go.
pub(crate) fn trunks_with(connection: &Connection, column: &str, id: &[u8; 16]) -> Result<Vec<TrunkId>, Failure> {
    let sql = format!("SELECT DISTINCT trunk FROM trunk_attachments WHERE {column} = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map([id], |row| trunk_rows::trunk_id(row, 0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Tells trunks after what they referred to has gone, their references with it. It counts as a write: an update made
/// before would bring the reference back.
pub(crate) fn tell_detached(
    connection: &Connection,
    trunks: &[TrunkId],
    revision: Revision,
    facts: &mut Vec<Fact>,
) -> Result<(), Refused> {
    for id in trunks {
        let sql = format!("UPDATE trunks SET revision = ?2 WHERE id = ?1 RETURNING {}", trunk_rows::COLUMNS);
        let trunk = connection
            .prepare_cached(&sql)?
            .query_row(params![id.as_bytes(), revision.0.cast_signed()], |row| trunk_rows::trunk(connection, row))?;
        facts.push(Fact::Trunk(Box::new(trunk)));
    }
    Ok(())
}
