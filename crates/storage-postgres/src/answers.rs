//! Answers remembered for repeated requests.

use crate::PostgresStorage;
use crate::account_changes;
use crate::failure::Refused;
use crate::rows;
use crate::sql::{self, parameters};
use domain::{AccountId, Timestamp};
use sqlx::PgConnection;
use storage::{Answers, Conflict, Pending, RememberedAnswer, StorageError};

impl Answers for PostgresStorage {
    fn remembered_answer(
        &self,
        account: Option<AccountId>,
        key: [u8; 32],
    ) -> Pending<'_, Result<Option<RememberedAnswer>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!("SELECT {} FROM remembered_answers WHERE account_id = $1 AND key = $2", rows::ANSWER);
                sql::find(connection, sql, parameters![rows::owner(account), key], rows::answer).await
            })
        }))
    }

    fn remembered_answers(
        &self,
        after: Option<(Option<AccountId>, [u8; 32])>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<RememberedAnswer>, StorageError>> {
        // No account has a number below zero, so the beginning is after this.
        let (owner, key) = after.map_or((-1, [0; 32]), |(account, key)| (rows::owner(account), key));
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!(
                    "SELECT {} FROM remembered_answers WHERE (account_id, key) > ($1, $2)
                     ORDER BY account_id, key LIMIT $3",
                    rows::ANSWER
                );
                sql::all(connection, sql, parameters![owner, key, limit], rows::answer).await
            })
        }))
    }

    fn forget_answers(&self, before: Timestamp) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                let sql = "DELETE FROM remembered_answers WHERE at < $1";
                sql::execute(connection, sql, parameters![before.as_micros()]).await?;
                Ok(())
            })
        }))
    }
}

/// Remembers an answer, unless one of `replaces_before` or later is remembered under its key.
pub(crate) async fn remember(
    connection: &mut PgConnection,
    answer: &RememberedAnswer,
    replaces_before: Timestamp,
) -> Result<(), Refused> {
    if let Some(account) = answer.account
        && !account_changes::exists(connection, account).await?
    {
        return Err(Conflict::NotFound.into());
    }
    let owner = rows::owner(answer.account);
    let used = "SELECT 1 FROM remembered_answers WHERE account_id = $1 AND key = $2 AND at >= $3";
    if sql::exists(connection, used, parameters![owner, answer.key, replaces_before.as_micros()]).await? {
        return Err(Conflict::KeyUsed.into());
    }
    let put = "INSERT INTO remembered_answers (account_id, key, sealed, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account_id, key) DO UPDATE SET sealed = excluded.sealed, at = excluded.at";
    let values = parameters![owner, answer.key, answer.sealed.as_bytes(), answer.at.as_micros()];
    sql::execute(connection, put, values).await?;
    Ok(())
}

/// Replaces the seals of those answers that are still the same.
pub(crate) async fn reseal(connection: &mut PgConnection, answers: &[RememberedAnswer]) -> Result<(), Refused> {
    let sql = "UPDATE remembered_answers SET sealed = $4 WHERE account_id = $1 AND key = $2 AND at = $3";
    for answer in answers {
        let owner = rows::owner(answer.account);
        let values = parameters![owner, answer.key, answer.at.as_micros(), answer.sealed.as_bytes()];
        sql::execute(connection, sql, values).await?;
    }
    Ok(())
}
