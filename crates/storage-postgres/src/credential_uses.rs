//! When credentials were last used, and which of them want looking after.

use crate::PostgresStorage;
use crate::devices;
use crate::rows;
use crate::sql::{self, Row, parameters};
use domain::{CredentialId, CredentialUse, Devices, Timestamp};
use sqlx::PgConnection;
use storage::{
    CredentialReport, CredentialReportRequest, CredentialStanding, CredentialTotals, CredentialUses, Pending,
    StorageError,
};

/// Every credential of an account as the report sees it. Where no moment of a use is known, the last day of an algorithm
/// may be.
const STANDING: &str = "WITH known AS (
         SELECT c.no, c.id, c.username, c.enabled, c.created_at, c.password_changed_at, c.expires_at,
             greatest(coalesce(u.at, 0), 86400000000 * coalesce(
                 (SELECT max(a.last_day) FROM algorithm_uses a WHERE a.credential = c.id), 0)) AS used
         FROM credentials c LEFT JOIN credential_uses u ON u.credential = c.id WHERE c.account_id = $1),
     standing AS (
         SELECT *, coalesce(password_changed_at < $2, false) AS old,
             coalesce(greatest(used, created_at) < $3, false) AS unused FROM known)";

impl CredentialUses for PostgresStorage {
    fn save_credential_uses(&self, uses: Vec<CredentialUse>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                for one in &uses {
                    save(connection, one).await?;
                }
                Ok(())
            })
        }))
    }

    fn credential_use(&self, credential: CredentialId) -> Pending<'_, Result<Option<CredentialUse>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = "SELECT credential, at, source, transport, method, user_agent, algorithm, generation
                     FROM credential_uses WHERE credential = $1";
                sql::find(connection, sql, parameters![credential.as_bytes()], rows::credential_use).await
            })
        }))
    }

    fn device_uses(&self, credential: CredentialId) -> Pending<'_, Result<Vec<CredentialUse>, StorageError>> {
        Box::pin(self.database.read(move |connection| Box::pin(devices::uses(connection, credential))))
    }

    fn credential_report(
        &self,
        request: CredentialReportRequest,
    ) -> Pending<'_, Result<CredentialReport, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let totals = totals(connection, &request).await?;
                Ok(CredentialReport { listed: listed(connection, &request).await?, totals })
            })
        }))
    }
}

async fn save(connection: &mut PgConnection, one: &CredentialUse) -> sql::Result<()> {
    if Devices::is_secret_of_device(one.generation) {
        devices::save_use(connection, one).await?;
    }
    let sql =
        "INSERT INTO credential_uses (credential, at, source, transport, method, user_agent, algorithm, generation)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE EXISTS (SELECT 1 FROM credentials WHERE id = $1)
         ON CONFLICT (credential) DO UPDATE SET at = excluded.at, source = excluded.source,
         transport = excluded.transport, method = excluded.method, user_agent = excluded.user_agent,
         algorithm = excluded.algorithm, generation = excluded.generation WHERE excluded.at >= credential_uses.at";
    let values = parameters![
        one.credential.as_bytes(),
        one.at.as_micros(),
        one.source.to_string(),
        one.transport.as_str(),
        one.method,
        one.user_agent,
        one.algorithm.as_str(),
        one.generation,
    ];
    sql::execute(connection, sql, values).await?;
    Ok(())
}

async fn totals(connection: &mut PgConnection, request: &CredentialReportRequest) -> sql::Result<CredentialTotals> {
    let sql = format!(
        "{STANDING} SELECT count(*), count(*) FILTER (WHERE used = 0), count(*) FILTER (WHERE unused),
             count(*) FILTER (WHERE old), count(*) FILTER (WHERE expires_at <= $4),
             count(*) FILTER (WHERE unused OR old) FROM standing"
    );
    let values = parameters![
        request.account.0,
        rows::micros(request.password_before),
        rows::micros(request.unused_since),
        request.now.as_micros(),
    ];
    sql::one(connection, sql, values, |row| {
        Ok(CredentialTotals {
            credentials: row.get(0)?,
            never_used: row.get(1)?,
            unused: row.get(2)?,
            password_old: row.get(3)?,
            expired: row.get(4)?,
            listed: row.get(5)?,
        })
    })
    .await
}

async fn listed(
    connection: &mut PgConnection,
    request: &CredentialReportRequest,
) -> sql::Result<Vec<CredentialStanding>> {
    let sql = format!(
        "{STANDING} SELECT id, username, enabled, created_at, password_changed_at, expires_at, nullif(used, 0), old,
             unused FROM standing WHERE unused OR old ORDER BY no LIMIT $4 OFFSET $5"
    );
    let values = parameters![
        request.account.0,
        request.password_before.map(Timestamp::as_micros),
        request.unused_since.map(Timestamp::as_micros),
        request.page.limit,
        rows::offset(request.page),
    ];
    sql::all(connection, sql, values, standing).await
}

fn standing(row: &Row<'_>) -> sql::Result<CredentialStanding> {
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
