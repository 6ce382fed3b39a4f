//! What trunks refer to.

use super::{statements, trunk_rows};
use crate::changed::Touched;
use crate::failure::Refused;
use crate::sql::{self, parameters};
use domain::{AccountId, CredentialId, IpAclId, OriginationUriId, Revision, Trunk, TrunkAttachments, TrunkId};
use sqlx::PgConnection;
use std::collections::HashMap;
use storage::Conflict;

const CREDENTIAL: &str = "credential";
const IP_ACL: &str = "ip_acl";
const PRIMARY: &str = "primary";
const FALLBACK: &str = "fallback";
const ORIGINATION_URI: &str = "origination_uri";
const EMERGENCY: &str = "emergency";

/// Gives trunks what they refer to.
pub(super) async fn complete(connection: &mut PgConnection, trunks: &mut [Trunk]) -> sql::Result<()> {
    let ids: Vec<&[u8]> = trunks.iter().map(|trunk| trunk.id.as_bytes().as_slice()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let sql = "SELECT trunk, role, coalesce(credential, ip_acl, origination_uri) FROM trunk_attachments
         WHERE trunk = ANY ($1) ORDER BY trunk, role, position";
    let found = sql::all(connection, sql, parameters![ids], |row| {
        Ok((trunk_rows::trunk_id(row, 0)?, row.get::<String>(1)?, row.get::<[u8; 16]>(2)?))
    });
    let found = found.await?;
    let mut places: HashMap<TrunkId, &mut Trunk> = trunks.iter_mut().map(|trunk| (trunk.id, trunk)).collect();
    for (trunk, role, id) in found {
        if let Some(trunk) = places.get_mut(&trunk) {
            attach(trunk, &role, id);
        }
    }
    Ok(())
}

fn attach(trunk: &mut Trunk, role: &str, id: [u8; 16]) {
    let attachments = &mut trunk.attachments;
    match role {
        CREDENTIAL => attachments.credentials.push(CredentialId::from_bytes(id)),
        IP_ACL => attachments.ip_acls.push(IpAclId::from_bytes(id)),
        PRIMARY => attachments.primary_uri = Some(OriginationUriId::from_bytes(id)),
        FALLBACK => attachments.fallback_uri = Some(OriginationUriId::from_bytes(id)),
        ORIGINATION_URI => attachments.origination_uris.push(OriginationUriId::from_bytes(id)),
        EMERGENCY => trunk.rules.emergency_uri = Some(OriginationUriId::from_bytes(id)),
        // The schema knows no other.
        _ => {}
    }
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
pub(super) async fn check(connection: &mut PgConnection, trunk: &Trunk) -> Result<(), Refused> {
    for (_, _, table, id) in references(trunk) {
        if !statements::owns(connection, table, trunk.account, &id).await? {
            return Err(Conflict::NothingToReferTo.into());
        }
    }
    Ok(())
}

/// Replaces what is stored by what the trunk refers to now.
pub(super) async fn write(connection: &mut PgConnection, trunk: &Trunk) -> Result<(), Refused> {
    let forget = "DELETE FROM trunk_attachments WHERE trunk = $1";
    sql::execute(connection, forget, parameters![trunk.id.as_bytes()]).await?;
    for (position, (role, column, _, id)) in references(trunk).into_iter().enumerate() {
        let sql = format!("INSERT INTO trunk_attachments (trunk, role, position, {column}) VALUES ($1, $2, $3, $4)");
        sql::execute(connection, sql, parameters![trunk.id.as_bytes(), role, position as i64, id]).await?;
    }
    Ok(())
}

/// The trunks that refer to something, which is about to go.
pub(crate) async fn trunks_with(
    connection: &mut PgConnection,
    column: &str,
    id: &[u8; 16],
) -> sql::Result<Vec<(AccountId, TrunkId)>> {
    let sql = format!(
        "SELECT account_id, id FROM trunks WHERE id IN (SELECT trunk FROM trunk_attachments WHERE {column} = $1)"
    );
    sql::all(connection, sql, parameters![id], |row| Ok((AccountId(row.get(0)?), trunk_rows::trunk_id(row, 1)?))).await
}

/// Notes trunks after what they referred to has gone, their references with it. It counts as a write: an update made
/// before would bring the reference back.
pub(crate) async fn note_detached(
    connection: &mut PgConnection,
    trunks: Vec<(AccountId, TrunkId)>,
    revision: Revision,
    touched: &mut Vec<Touched>,
) -> Result<(), Refused> {
    for (account, id) in trunks {
        let sql = "UPDATE trunks SET revision = $2 WHERE id = $1";
        sql::execute(connection, sql, parameters![id.as_bytes(), revision.0.cast_signed()]).await?;
        touched.push(Touched::Trunk(account, id));
    }
    Ok(())
}
