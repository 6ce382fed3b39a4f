//! Tokens of accounts and of the operator.

use crate::SqliteStorage;
use crate::account_changes;
use crate::failure::Failure;
use crate::rows;
use crate::transaction::Refused;
use domain::{AccountId, ApiToken, OperatorToken, TokenId};
use rusqlite::{Connection, params};
use storage::{Conflict, Fact, Pending, StorageError, TokenUse, Tokens};

impl Tokens for SqliteStorage {
    fn api_tokens(&self, account: AccountId) -> Pending<'_, Result<Vec<ApiToken>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!("SELECT {} FROM api_tokens WHERE account_id = ?1 ORDER BY no", rows::API_TOKEN);
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_map([account.0], rows::api_token)?.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn operator_tokens(&self) -> Pending<'_, Result<Vec<OperatorToken>, StorageError>> {
        Box::pin(self.read(|connection| {
            let sql = format!("SELECT {} FROM operator_tokens ORDER BY no", rows::OPERATOR_TOKEN);
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_map([], rows::operator_token)?.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn save_token_uses(&self, uses: Vec<TokenUse>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(
            self.writer.run(move |transaction| {
                uses.iter().try_for_each(|token_use| save_use(transaction.connection, *token_use))
            }),
        )
    }
}

/// Creates a token of an account that exists.
pub(crate) fn create(connection: &Connection, token: &ApiToken) -> Result<Fact, Refused> {
    if account_changes::exists(connection, token.account)? { insert(connection, token.clone()) } else { not_found() }
}

/// Writes a token of an account that the caller knows to exist.
pub(crate) fn insert(connection: &Connection, token: ApiToken) -> Result<Fact, Refused> {
    connection
        .prepare_cached(
            "INSERT INTO api_tokens (id, account_id, hash, label, scope, created_at, expires_at, last_used_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            token.id.as_bytes(),
            token.account.0,
            token.hash.as_bytes(),
            token.label,
            token.scope.as_str(),
            token.created_at.as_micros(),
            rows::micros(token.expires_at),
            rows::micros(token.last_used_at),
        ])?;
    Ok(Fact::ApiToken(token))
}

/// Revokes a token of that account.
pub(crate) fn revoke(connection: &Connection, account: AccountId, id: TokenId) -> Result<Fact, Refused> {
    let mut statement = connection.prepare_cached("DELETE FROM api_tokens WHERE id = ?1 AND account_id = ?2")?;
    match statement.execute(params![id.as_bytes(), account.0])? {
        0 => not_found(),
        _ => Ok(Fact::ApiTokenRevoked { account, id }),
    }
}

/// Creates a token of the operator.
pub(crate) fn create_for_operator(connection: &Connection, token: &OperatorToken) -> Result<Fact, Refused> {
    connection
        .prepare_cached(
            "INSERT INTO operator_tokens (id, hash, label, created_at, expires_at, last_used_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            token.id.as_bytes(),
            token.hash.as_bytes(),
            token.label,
            token.created_at.as_micros(),
            rows::micros(token.expires_at),
            rows::micros(token.last_used_at),
        ])?;
    Ok(Fact::OperatorToken(token.clone()))
}

/// Revokes a token of the operator.
pub(crate) fn revoke_of_operator(connection: &Connection, id: TokenId) -> Result<Fact, Refused> {
    match connection.prepare_cached("DELETE FROM operator_tokens WHERE id = ?1")?.execute([id.as_bytes()])? {
        0 => not_found(),
        _ => Ok(Fact::OperatorTokenRevoked(id)),
    }
}

/// The identifier is of one table or the other, or of none any more.
fn save_use(connection: &Connection, token_use: TokenUse) -> Result<(), Failure> {
    for sql in [
        "UPDATE api_tokens SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)",
        "UPDATE operator_tokens SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)",
    ] {
        connection.prepare_cached(sql)?.execute(params![token_use.token.as_bytes(), token_use.at.as_micros()])?;
    }
    Ok(())
}

fn not_found() -> Result<Fact, Refused> {
    Err(Conflict::NotFound.into())
}
