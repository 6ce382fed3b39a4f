//! Brings the schema to the version this program knows.

use crate::failure::Failure;
use crate::open::{Look, OpenError};
use crate::sql::{self, parameters};
use sqlx::{Connection as _, PgConnection};
use storage::SettingName;

/// Every migration in order; the version of a database is how many of them it has seen. Never edit one that was
/// released.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/0001_first.sql")];

/// The version this program knows.
pub(crate) const VERSION: u32 = MIGRATIONS.len() as u32;

/// The oldest version whose programs understand what this program makes of the schema: they may go on beside it, and be
/// started again, while nodes are replaced one after the other.
const UNDERSTOOD_SINCE: u32 = 1;

/// Under which nodes that start at once wait for each other.
const LOCK: i64 = 0x5369_7057;

/// Runs what is missing in one transaction: an upgrade that fails leaves the database as it was.
pub(crate) async fn migrate(connection: &mut PgConnection) -> Result<(), OpenError> {
    let mut transaction = connection.begin().await.map_err(Failure::from)?;
    sql::execute(&mut transaction, "SELECT pg_advisory_xact_lock($1)", parameters![LOCK]).await?;
    let from = version(&mut transaction).await?;
    for migration in MIGRATIONS.iter().skip(from as usize) {
        sqlx::raw_sql(*migration).execute(&mut *transaction).await.map_err(Failure::from)?;
    }
    if from < VERSION {
        let put = "INSERT INTO schema_version (single, version, understood_since) VALUES (1, $1, $2)
             ON CONFLICT (single) DO UPDATE SET version = $1, understood_since = $2";
        sql::execute(&mut transaction, put, parameters![VERSION, UNDERSTOOD_SINCE]).await?;
        tracing::info!(from, to = VERSION, "migrated the database");
    }
    transaction.commit().await.map_err(Failure::from)?;
    Ok(())
}

/// What is there, as it is.
pub(crate) async fn look(connection: &mut PgConnection) -> Result<Look, OpenError> {
    let (all, ours) = tables(connection).await?;
    if ours == 0 {
        let empty = Look { schema_version: 0, accounts: 0, credentials: 0, nodes: Vec::new(), settings: Vec::new() };
        return if all > 0 { Err(OpenError::NotOurs) } else { Ok(empty) };
    }
    let counts =
        "SELECT version, (SELECT count(*) FROM accounts), (SELECT count(*) FROM credentials) FROM schema_version";
    let (schema_version, accounts, credentials) =
        sql::one(connection, counts, parameters![], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await?;
    let nodes = sql::all(connection, "SELECT name FROM nodes ORDER BY id", parameters![], |row| row.get(0)).await?;
    let settings = sql::all(connection, "SELECT name, value FROM settings", parameters![], |row| {
        let (name, value): (String, Box<str>) = (row.get(0)?, row.get(1)?);
        let known = SettingName::ALL.into_iter().find(|known| known.as_str() == name);
        Ok(known.map(|name| (name, value)))
    });
    let settings = settings.await?.into_iter().flatten().collect();
    Ok(Look { schema_version, accounts, credentials, nodes, settings })
}

async fn tables(connection: &mut PgConnection) -> Result<(i64, i64), OpenError> {
    let tables = "SELECT count(*), count(*) FILTER (WHERE tablename = 'schema_version')
         FROM pg_tables WHERE schemaname = current_schema()";
    Ok(sql::one(connection, tables, parameters![], |row| Ok((row.get(0)?, row.get(1)?))).await?)
}

/// The version of the schema that is there; nothing is changed where it is not ours or too new.
async fn version(connection: &mut PgConnection) -> Result<u32, OpenError> {
    let (all, ours) = tables(connection).await?;
    if ours == 0 && all > 0 {
        return Err(OpenError::NotOurs);
    }
    if ours == 0 {
        let create = "CREATE TABLE schema_version (single bigint PRIMARY KEY CHECK (single = 1),
             version bigint NOT NULL, understood_since bigint NOT NULL)";
        sql::execute(connection, create, parameters![]).await?;
        return Ok(0);
    }
    let read = "SELECT version, understood_since FROM schema_version";
    let found = sql::find(connection, read, parameters![], |row| Ok((row.get(0)?, row.get(1)?))).await?;
    match found.unwrap_or((0, 0)) {
        (found, since) if since > VERSION => Err(OpenError::TooNew { found, known: VERSION }),
        (found, _) => Ok(found),
    }
}
