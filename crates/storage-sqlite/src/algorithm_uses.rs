//! Which algorithms credentials have been used with.

use crate::SqliteStorage;
use crate::failure::Failure;
use crate::rows;
use domain::{AlgorithmUse, CredentialId, Day};
use rusqlite::{Connection, params};
use storage::{
    AlgorithmReport, AlgorithmReportRequest, AlgorithmTotals, AlgorithmUses, CredentialAlgorithms, Pending, ReportOf,
    StorageError,
};

impl AlgorithmUses for SqliteStorage {
    fn load_algorithm_uses(&self, each: &mut dyn FnMut(AlgorithmUse)) -> Result<(), StorageError> {
        read_all(&self.readers.open()?, each).map_err(StorageError::from)
    }

    fn save_algorithm_uses(&self, uses: Vec<AlgorithmUse>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.writer.run(move |transaction| uses.iter().try_for_each(|one| save(transaction.connection, one))))
    }

    fn algorithm_report(&self, request: AlgorithmReportRequest) -> Pending<'_, Result<AlgorithmReport, StorageError>> {
        Box::pin(self.read(move |connection| {
            // List and totals are of one moment.
            let transaction = connection.unchecked_transaction()?;
            let (column, owner) = match request.of {
                ReportOf::Account(account) => ("account_id", account.0),
                ReportOf::Realm(realm) => ("realm_id", realm.0),
            };
            let totals = totals(&transaction, (column, owner), request.since)?;
            Ok(AlgorithmReport { using_md5: using_md5(&transaction, (column, owner), &request)?, totals })
        }))
    }
}

fn read_all(connection: &Connection, each: &mut dyn FnMut(AlgorithmUse)) -> Result<(), Failure> {
    let mut statement = connection.prepare(&format!("SELECT {} FROM algorithm_uses", rows::ALGORITHM_USE))?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        each(rows::algorithm_use(row)?);
    }
    Ok(())
}

fn save(connection: &Connection, one: &AlgorithmUse) -> Result<(), Failure> {
    let sql = "INSERT INTO algorithm_uses (credential, algorithm, first_day, last_day, user_agent)
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM credentials WHERE id = ?1)
         ON CONFLICT (credential, algorithm) DO UPDATE SET
         first_day = min(first_day, excluded.first_day), last_day = max(last_day, excluded.last_day),
         user_agent = iif(excluded.last_day >= last_day, excluded.user_agent, user_agent)";
    connection.prepare_cached(sql)?.execute(params![
        one.credential.as_bytes(),
        one.algorithm.as_str(),
        one.first_day.0,
        one.last_day.0,
        one.user_agent,
    ])?;
    Ok(())
}

fn totals(connection: &Connection, (column, owner): (&str, i64), since: Day) -> Result<AlgorithmTotals, Failure> {
    let sql = format!(
        "SELECT count(*), coalesce(sum(md5), 0), coalesce(sum(sha AND NOT md5), 0), coalesce(sum(has_md5), 0) FROM
         (SELECT ha1_md5 IS NOT NULL AS has_md5,
          EXISTS (SELECT 1 FROM algorithm_uses
                  WHERE credential = id AND algorithm = 'MD5' AND last_day >= ?2) AS md5,
          EXISTS (SELECT 1 FROM algorithm_uses
                  WHERE credential = id AND algorithm <> 'MD5' AND last_day >= ?2) AS sha
          FROM credentials WHERE {column} = ?1)"
    );
    let totals = connection.prepare_cached(&sql)?.query_row(params![owner, since.0], |row| {
        let count = |column: usize| row.get(column).map(i64::cast_unsigned);
        Ok(AlgorithmTotals {
            credentials: count(0)?,
            using_md5: count(1)?,
            using_sha_only: count(2)?,
            with_md5_ha1: count(3)?,
        })
    })?;
    Ok(totals)
}

fn using_md5(
    connection: &Connection,
    (column, owner): (&str, i64),
    request: &AlgorithmReportRequest,
) -> Result<Vec<CredentialAlgorithms>, Failure> {
    let sql = format!(
        "SELECT c.id, a.auth_id, c.username FROM credentials c JOIN accounts a ON a.id = c.account_id
         WHERE c.{column} = ?1 AND EXISTS (SELECT 1 FROM algorithm_uses u
             WHERE u.credential = c.id AND u.algorithm = 'MD5' AND u.last_day >= ?2)
         ORDER BY c.no LIMIT ?3 OFFSET ?4"
    );
    let offset = i64::try_from(request.page.offset).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(params![owner, request.since.0, request.page.limit, offset], |row| {
        Ok(CredentialAlgorithms {
            id: CredentialId::from_bytes(row.get(0)?),
            account: rows::auth_id(row, 1)?,
            username: rows::username(row, 2)?,
            uses: Vec::new(),
        })
    })?;
    let mut listed = found.collect::<rusqlite::Result<Vec<_>>>()?;
    let sql = format!("SELECT {} FROM algorithm_uses WHERE credential = ?1 ORDER BY algorithm", rows::ALGORITHM_USE);
    let mut of_one = connection.prepare_cached(&sql)?;
    for credential in &mut listed {
        let uses = of_one.query_map([credential.id.as_bytes()], rows::algorithm_use)?;
        credential.uses = uses.collect::<rusqlite::Result<_>>()?;
    }
    Ok(listed)
}
