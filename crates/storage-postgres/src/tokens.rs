//! Tokens of accounts and of the operator.

use crate::PostgresStorage;
use crate::account_changes;
use crate::changed::Touched;
use crate::failure::Refused;
use crate::rows;
use crate::sql::{self, parameters};
use domain::{AccountId, ApiToken, OperatorToken, TokenId};
use sqlx::PgConnection;
use storage::{Conflict, Pending, StorageError, TokenUse, Tokens};

impl Tokens for PostgresStorage {
    fn api_tokens(&self, account: AccountId) -> Pending<'_, Result<Vec<ApiToken>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!("SELECT {} FROM api_tokens WHERE account_id = $1 ORDER BY no", rows::API_TOKEN);
                sql::all(connection, sql, parameters![account.0], rows::api_token).await
            })
        }))
    }

    fn operator_tokens(&self) -> Pending<'_, Result<Vec<OperatorToken>, StorageError>> {
        Box::pin(self.database.read(|connection| {
            Box::pin(async move {
                let sql = format!("SELECT {} FROM operator_tokens ORDER BY no", rows::OPERATOR_TOKEN);
                sql::all(connection, sql, parameters![], rows::operator_token).await
            })
        }))
    }

    fn save_token_uses(&self, uses: Vec<TokenUse>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                let tokens: Vec<&[u8]> = uses.iter().map(|one| one.token.as_bytes().as_slice()).collect();
                let moments: Vec<i64> = uses.iter().map(|one| one.at.as_micros()).collect();
                // An identifier is of one table or the other, or of none any more.
                for table in ["api_tokens", "operator_tokens"] {
                    let sql = format!(
                        "UPDATE {table} SET last_used_at = used.at FROM
                         (SELECT id, max(at) AS at FROM unnest ($1::bytea[], $2::bigint[]) AS one (id, at)
                          GROUP BY id) AS used
                         WHERE {table}.id = used.id AND (last_used_at IS NULL OR last_used_at < used.at)"
                    );
                    sql::execute(connection, sql, parameters![tokens, moments]).await?;
                }
                Ok(())
            })
        }))
    }
}

/// Creates a token of an account that exists.
pub(crate) async fn create(connection: &mut PgConnection, token: &ApiToken) -> Result<Touched, Refused> {
    if account_changes::exists(connection, token.account).await? {
        insert(connection, token).await
    } else {
        Err(Conflict::NotFound.into())
    }
}

/// Writes a token of an account that the caller knows to exist.
pub(crate) async fn insert(connection: &mut PgConnection, token: &ApiToken) -> Result<Touched, Refused> {
    let sql = "INSERT INTO api_tokens (id, account_id, hash, label, scope, created_at, expires_at, last_used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = parameters![
        token.id.as_bytes(),
        token.account.0,
        token.hash.as_bytes(),
        token.label,
        token.scope.as_str(),
        token.created_at.as_micros(),
        rows::micros(token.expires_at),
        rows::micros(token.last_used_at),
    ];
    sql::execute(connection, sql, values).await?;
    Ok(Touched::ApiToken(token.account, token.id))
}

/// Revokes a token of that account.
pub(crate) async fn revoke(connection: &mut PgConnection, account: AccountId, id: TokenId) -> Result<Touched, Refused> {
    let sql = "DELETE FROM api_tokens WHERE id = $1 AND account_id = $2";
    match sql::execute(connection, sql, parameters![id.as_bytes(), account.0]).await? {
        0 => Err(Conflict::NotFound.into()),
        _ => Ok(Touched::ApiToken(account, id)),
    }
}

/// Creates a token of the operator.
pub(crate) async fn create_for_operator(
    connection: &mut PgConnection,
    token: &OperatorToken,
) -> Result<Touched, Refused> {
    let sql = "INSERT INTO operator_tokens (id, hash, label, created_at, expires_at, last_used_at)
         VALUES ($1, $2, $3, $4, $5, $6)";
    let values = parameters![
        token.id.as_bytes(),
        token.hash.as_bytes(),
        token.label,
        token.created_at.as_micros(),
        rows::micros(token.expires_at),
        rows::micros(token.last_used_at),
    ];
    sql::execute(connection, sql, values).await?;
    Ok(Touched::OperatorToken(token.id))
}

/// Revokes a token of the operator.
pub(crate) async fn revoke_of_operator(connection: &mut PgConnection, id: TokenId) -> Result<Touched, Refused> {
    let sql = "DELETE FROM operator_tokens WHERE id = $1";
    match sql::execute(connection, sql, parameters![id.as_bytes()]).await? {
        0 => Err(Conflict::NotFound.into()),
        _ => Ok(Touched::OperatorToken(id)),
    }
}
