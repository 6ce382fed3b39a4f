//! Which algorithms credentials have been used with.

use crate::PostgresStorage;
use crate::rows;
use crate::sql::{self, parameters};
use domain::{AlgorithmUse, CredentialId, Day};
use sqlx::PgConnection;
use std::collections::HashMap;
use storage::{
    AlgorithmReport, AlgorithmReportRequest, AlgorithmTotals, AlgorithmUses, CredentialAlgorithms, Pending, ReportOf,
    StorageError,
};

/// Rows that are read at once.
const CHUNK: u32 = 4096;

impl AlgorithmUses for PostgresStorage {
    fn load_algorithm_uses(&self, each: &mut dyn FnMut(AlgorithmUse)) -> Result<(), StorageError> {
        self.database.read_blocking(
            |connection, send| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT {} FROM algorithm_uses WHERE (credential, algorithm) > ($1, $2)
                         ORDER BY credential, algorithm LIMIT $3",
                        rows::ALGORITHM_USE
                    );
                    let mut after = (Vec::new(), "");
                    loop {
                        let from = parameters![after.0, after.1, CHUNK];
                        let found = sql::all(connection, sql.clone(), from, rows::algorithm_use).await?;
                        let Some(last) = found.last() else { return Ok(()) };
                        after = (last.credential.as_bytes().to_vec(), last.algorithm.as_str());
                        // Whoever asked may have gone.
                        let _ = send.send(found);
                    }
                })
            },
            each,
        )
    }

    fn save_algorithm_uses(&self, uses: Vec<AlgorithmUse>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                for one in &uses {
                    save(connection, one).await?;
                }
                Ok(())
            })
        }))
    }

    fn algorithm_report(&self, request: AlgorithmReportRequest) -> Pending<'_, Result<AlgorithmReport, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let of = match request.of {
                    ReportOf::Account(account) => ("account_id", account.0),
                    ReportOf::Realm(realm) => ("realm_id", realm.0),
                };
                let totals = totals(connection, of, request.since).await?;
                Ok(AlgorithmReport { using_md5: using_md5(connection, of, &request).await?, totals })
            })
        }))
    }
}

async fn save(connection: &mut PgConnection, one: &AlgorithmUse) -> sql::Result<()> {
    let sql = "INSERT INTO algorithm_uses (credential, algorithm, first_day, last_day, user_agent)
         SELECT $1, $2, $3, $4, $5 WHERE EXISTS (SELECT 1 FROM credentials WHERE id = $1)
         ON CONFLICT (credential, algorithm) DO UPDATE SET
         first_day = least(algorithm_uses.first_day, excluded.first_day),
         last_day = greatest(algorithm_uses.last_day, excluded.last_day),
         user_agent = CASE WHEN excluded.last_day >= algorithm_uses.last_day
             THEN excluded.user_agent ELSE algorithm_uses.user_agent END";
    let values = parameters![
        one.credential.as_bytes(),
        one.algorithm.as_str(),
        one.first_day.0,
        one.last_day.0,
        one.user_agent,
    ];
    sql::execute(connection, sql, values).await?;
    Ok(())
}

async fn totals(
    connection: &mut PgConnection,
    (column, owner): (&str, i64),
    since: Day,
) -> sql::Result<AlgorithmTotals> {
    let sql = format!(
        "SELECT count(*), count(*) FILTER (WHERE md5), count(*) FILTER (WHERE sha AND NOT md5),
         count(*) FILTER (WHERE has_md5) FROM
         (SELECT ha1_md5 IS NOT NULL AS has_md5,
          EXISTS (SELECT 1 FROM algorithm_uses
                  WHERE credential = id AND algorithm = 'MD5' AND last_day >= $2) AS md5,
          EXISTS (SELECT 1 FROM algorithm_uses
                  WHERE credential = id AND algorithm <> 'MD5' AND last_day >= $2) AS sha
          FROM credentials WHERE {column} = $1) AS used"
    );
    sql::one(connection, sql, parameters![owner, since.0], |row| {
        Ok(AlgorithmTotals {
            credentials: row.get(0)?,
            using_md5: row.get(1)?,
            using_sha_only: row.get(2)?,
            with_md5_ha1: row.get(3)?,
        })
    })
    .await
}

async fn using_md5(
    connection: &mut PgConnection,
    (column, owner): (&str, i64),
    request: &AlgorithmReportRequest,
) -> sql::Result<Vec<CredentialAlgorithms>> {
    let sql = format!(
        "SELECT c.id, a.auth_id, c.username FROM credentials c JOIN accounts a ON a.id = c.account_id
         WHERE c.{column} = $1 AND EXISTS (SELECT 1 FROM algorithm_uses u
             WHERE u.credential = c.id AND u.algorithm = 'MD5' AND u.last_day >= $2)
         ORDER BY c.no LIMIT $3 OFFSET $4"
    );
    let window = parameters![owner, request.since.0, request.page.limit, rows::offset(request.page)];
    let mut listed = sql::all(connection, sql, window, |row| {
        Ok(CredentialAlgorithms {
            id: CredentialId::from_bytes(row.get(0)?),
            account: rows::auth_id(row, 1)?,
            username: rows::username(row, 2)?,
            uses: Vec::new(),
        })
    })
    .await?;
    let ids: Vec<&[u8]> = listed.iter().map(|credential| credential.id.as_bytes().as_slice()).collect();
    let sql =
        format!("SELECT {} FROM algorithm_uses WHERE credential = ANY ($1) ORDER BY algorithm", rows::ALGORITHM_USE);
    let mut uses: HashMap<CredentialId, Vec<AlgorithmUse>> = HashMap::new();
    for one in sql::all(connection, sql, parameters![ids], rows::algorithm_use).await? {
        uses.entry(one.credential).or_default().push(one);
    }
    for credential in &mut listed {
        credential.uses = uses.remove(&credential.id).unwrap_or_default();
    }
    Ok(listed)
}
