//! When credentials were last used, and which of them want looking after.

use crate::SqliteStorage;
use crate::devices;
use crate::failure::Failure;
use crate::rows;
use domain::{CredentialId, CredentialUse, Devices, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use storage::{
    CredentialReport, CredentialReportRequest, CredentialStanding, CredentialTotals, CredentialUses, Pending,
    StorageError,
};

/// Every credential of an account as the report sees it. Where no moment of a use is known, the last day of an algorithm
/// may be.
const STANDING: &str = "WITH known AS (
         SELECT c.no, c.id, c.username, c.enabled, c.created_at, c.password_changed_at, c.expires_at,
             max(coalesce(u.at, 0), 86400000000 * coalesce(
                 (SELECT max(a.last_day) FROM algorithm_uses a WHERE a.credential = c.id), 0)) AS used
         FROM credentials c LEFT JOIN credential_uses u ON u.credential = c.id WHERE c.account_id = :account),
     standing AS (
         SELECT *, coalesce(password_changed_at < :password_before, 0) AS old,
             coalesce(max(used, created_at) < :unused_since, 0) AS unused FROM known)";

impl CredentialUses for SqliteStorage {
    fn save_credential_uses(&self, uses: Vec<CredentialUse>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.writer.run(move |transaction| uses.iter().try_for_each(|one| save(transaction.connection, one))))
    }

    fn credential_use(&self, credential: CredentialId) -> Pending<'_, Result<Option<CredentialUse>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = "SELECT credential, at, source, transport, method, user_agent, algorithm, generation
                 FROM credential_uses WHERE credential = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row([credential.as_bytes()], rows::credential_use).optional()?)
        }))
    }

    fn device_uses(&self, credential: CredentialId) -> Pending<'_, Result<Vec<CredentialUse>, StorageError>> {
        Box::pin(self.read(move |connection| devices::uses(connection, credential)))
    }

    fn credential_report(
        &self,
        request: CredentialReportRequest,
    ) -> Pending<'_, Result<CredentialReport, StorageError>> {
        Box::pin(self.read(move |connection| {
            // List and totals are of one moment.
            let transaction = connection.unchecked_transaction()?;
            let totals = totals(&transaction, &request)?;
            Ok(CredentialReport { listed: listed(&transaction, &request)?, totals })
        }))
    }
}

fn save(connection: &Connection, one: &CredentialUse) -> Result<(), Failure> {
    if Devices::is_secret_of_device(one.generation) {
        devices::save_use(connection, one)?;
    }
    let sql =
        "INSERT INTO credential_uses (credential, at, source, transport, method, user_agent, algorithm, generation)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM credentials WHERE id = ?1)
         ON CONFLICT (credential) DO UPDATE SET at = excluded.at, source = excluded.source,
         transport = excluded.transport, method = excluded.method, user_agent = excluded.user_agent,
         algorithm = excluded.algorithm, generation = excluded.generation WHERE excluded.at >= at";
    connection.prepare_cached(sql)?.execute(params![
        one.credential.as_bytes(),
        one.at.as_micros(),
        one.source.to_string(),
        one.transport.as_str(),
        one.method,
        one.user_agent,
        one.algorithm.as_str(),
        one.generation,
    ])?;
    Ok(())
}

fn totals(connection: &Connection, request: &CredentialReportRequest) -> Result<CredentialTotals, Failure> {
    let sql = format!(
        "{STANDING} SELECT count(*), coalesce(sum(used = 0), 0), coalesce(sum(unused), 0), coalesce(sum(old), 0),
             coalesce(sum(coalesce(expires_at <= :now, 0)), 0), coalesce(sum(unused OR old), 0) FROM standing"
    );
    let parameters = named_params! {
        ":account": request.account.0,
        ":password_before": request.password_before.map(Timestamp::as_micros),
        ":unused_since": request.unused_since.map(Timestamp::as_micros),
        ":now": request.now.as_micros(),
    };
    let totals = connection.prepare_cached(&sql)?.query_row(parameters, |row| {
        let count = |column: usize| row.get(column).map(i64::cast_unsigned);
        Ok(CredentialTotals {
            credentials: count(0)?,
            never_used: count(1)?,
            unused: count(2)?,
            password_old: count(3)?,
            expired: count(4)?,
            listed: count(5)?,
        })
    })?;
    Ok(totals)
}

fn listed(connection: &Connection, request: &CredentialReportRequest) -> Result<Vec<CredentialStanding>, Failure> {
    let sql = format!(
        "{STANDING} SELECT id, username, enabled, created_at, password_changed_at, expires_at, nullif(used, 0), old,
             unused FROM standing WHERE unused OR old ORDER BY no LIMIT :limit OFFSET :offset"
    );
    let parameters = named_params! {
        ":account": request.account.0,
        ":password_before": request.password_before.map(Timestamp::as_micros),
        ":unused_since": request.unused_since.map(Timestamp::as_micros),
        ":limit": request.page.limit,
        ":offset": i64::try_from(request.page.offset).unwrap_or(i64::MAX),
    };
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(parameters, standing)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

fn standing(row: &Row<'_>) -> rusqlite::Result<CredentialStanding> {
    Ok(CredentialStanding {
        id: CredentialId::from_bytes(row.get(0)?),
        username: rows::username(row, 1)?,
        enabled: row.get(2)?,
        created_at: rows::moment(row, 3)?,
        password_changed_at: rows::moment(row, 4)?,
        expires_at: rows::some_moment(row, 5)?,
        last_used_at: rows::some_moment(row, 6)?,
        password_old: row.get(7)?,
        unused: row.get(8)?,
    })
}
