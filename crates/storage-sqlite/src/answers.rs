//! Answers remembered for repeated requests.

use crate::SqliteStorage;
use crate::account_changes;
use crate::rows;
use crate::transaction::Refused;
use domain::{AccountId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use storage::{Answers, Conflict, Pending, RememberedAnswer, StorageError};

impl Answers for SqliteStorage {
    fn remembered_answer(
        &self,
        account: Option<AccountId>,
        key: [u8; 32],
    ) -> Pending<'_, Result<Option<RememberedAnswer>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!("SELECT {} FROM remembered_answers WHERE account_id = ?1 AND key = ?2", rows::ANSWER);
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_row(params![rows::owner(account), key], rows::answer).optional()?)
        }))
    }

    fn remembered_answers(
        &self,
        after: Option<(Option<AccountId>, [u8; 32])>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<RememberedAnswer>, StorageError>> {
        // No account has a number below zero, so the beginning is after this.
        let (owner, key) = after.map_or((-1, [0; 32]), |(account, key)| (rows::owner(account), key));
        Box::pin(self.read(move |connection| {
            let sql = format!(
                "SELECT {} FROM remembered_answers WHERE (account_id, key) > (?1, ?2) ORDER BY account_id, key LIMIT ?3",
                rows::ANSWER
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let found = statement.query_map(params![owner, key, limit], rows::answer)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn forget_answers(&self, before: Timestamp) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.writer.run(move |transaction| {
            let mut forget = transaction.connection.prepare_cached("DELETE FROM remembered_answers WHERE at < ?1")?;
            forget.execute([before.as_micros()])?;
            Ok(())
        }))
    }
}

/// Remembers an answer, unless one of `replaces_before` or later is remembered under its key.
pub(crate) fn remember(
    connection: &Connection,
    answer: &RememberedAnswer,
    replaces_before: Timestamp,
) -> Result<(), Refused> {
    if let Some(account) = answer.account
        && !account_changes::exists(connection, account)?
    {
        return Err(Conflict::NotFound.into());
    }
    let owner = rows::owner(answer.account);
    let used = connection
        .prepare_cached("SELECT 1 FROM remembered_answers WHERE account_id = ?1 AND key = ?2 AND at >= ?3")?
        .exists(params![owner, answer.key, replaces_before.as_micros()])?;
    if used {
        return Err(Conflict::KeyUsed.into());
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO remembered_answers (account_id, key, sealed, at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![owner, answer.key, answer.sealed.as_bytes(), answer.at.as_micros()])?;
    Ok(())
}

/// Replaces the seals of those answers that are still the same.
pub(crate) fn reseal(connection: &Connection, answers: &[RememberedAnswer]) -> Result<(), Refused> {
    let sql = "UPDATE remembered_answers SET sealed = ?4 WHERE account_id = ?1 AND key = ?2 AND at = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    for answer in answers {
        let owner = rows::owner(answer.account);
        statement.execute(params![owner, answer.key, answer.at.as_micros(), answer.sealed.as_bytes()])?;
    }
    Ok(())
}
