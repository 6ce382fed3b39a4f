//! Authentication events.

use crate::PostgresStorage;
use crate::rows;
use crate::sql::{self, parameters};
use domain::{AccountId, AuthRecord, AuthRecordId, CredentialId, RealmId, Username};
use sqlx::PgConnection;
use std::net::IpAddr;
use std::sync::Arc;
use storage::{
    AuthEventChange, AuthEventFilter, AuthEventTrim, AuthEvents, KeptAuthRecord, Pending, RecordOwner, RecordsFrom,
    RecordsOf, StorageError,
};

/// Keeps a record, unless there is nobody to read it.
const ADD: &str = "INSERT INTO auth_events
     (at, account_id, credential, reason, remark, near_miss, claimed_realm, source, transport, method, username, host,
      user_agent, call_id, algorithm, attempts, last_at, device)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18
     WHERE $2 IS NULL OR EXISTS (SELECT 1 FROM accounts WHERE id = $2) RETURNING id";

const MORE: &str = "UPDATE auth_events SET attempts = attempts + $2, last_at = greatest(last_at, $3) WHERE id = $1";

/// A step from owner to owner, not from record to record. NULL, which is the operator, is looked for apart.
const OWNERS: &str = "WITH RECURSIVE owners (id) AS
     (SELECT min(account_id) FROM auth_events UNION ALL
      SELECT (SELECT min(account_id) FROM auth_events WHERE account_id > owners.id) FROM owners
      WHERE owners.id IS NOT NULL)
     SELECT o.id, a.event_retention_days FROM owners o LEFT JOIN accounts a ON a.id = o.id WHERE o.id IS NOT NULL
     UNION ALL SELECT NULL, NULL WHERE EXISTS (SELECT 1 FROM auth_events WHERE account_id IS NULL)";

impl AuthEvents for PostgresStorage {
    fn save_auth_events(
        &self,
        changes: Arc<Vec<AuthEventChange>>,
    ) -> Pending<'_, Result<Vec<Option<AuthRecordId>>, StorageError>> {
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                let mut added = Vec::new();
                for change in &*changes {
                    match change {
                        AuthEventChange::Add(record) => added.push(add(connection, record).await?),
                        AuthEventChange::More { id, attempts, last_at } => {
                            let values = parameters![id.0, attempts, last_at.as_micros()];
                            sql::execute(connection, MORE, values).await?;
                        }
                    }
                }
                Ok(added)
            })
        }))
    }

    fn auth_events(
        &self,
        filter: AuthEventFilter,
        from: RecordsFrom,
        limit: u32,
    ) -> Pending<'_, Result<Vec<KeptAuthRecord>, StorageError>> {
        Box::pin(self.database.read(move |connection| Box::pin(select(connection, filter, from, limit))))
    }

    fn auth_event_owners(&self) -> Pending<'_, Result<Vec<RecordOwner>, StorageError>> {
        Box::pin(self.database.read(|connection| {
            Box::pin(async move {
                sql::all(connection, OWNERS, parameters![], |row| {
                    let account: Option<i64> = row.get(0)?;
                    Ok(RecordOwner { account: account.map(AccountId), retention_days: row.get(1)? })
                })
                .await
            })
        }))
    }

    fn trim_auth_events(&self, trim: AuthEventTrim) -> Pending<'_, Result<u32, StorageError>> {
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                let surplus = surplus(connection, &trim).await?;
                delete(connection, &trim, surplus).await
            })
        }))
    }

    fn username_in_other_case(
        &self,
        realm: RealmId,
        username: Box<str>,
    ) -> Pending<'_, Result<Option<Username>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = "SELECT username FROM credentials
                     WHERE realm_id = $1 AND lower(username) = lower($2 COLLATE \"C\") AND username <> $2 LIMIT 1";
                sql::find(connection, sql, parameters![realm.0, username], |row| rows::username(row, 0)).await
            })
        }))
    }
}

async fn add(connection: &mut PgConnection, record: &AuthRecord) -> sql::Result<Option<AuthRecordId>> {
    let values = parameters![
        record.at.as_micros(),
        record.account.map(|account| account.0),
        record.credential.as_ref().map(CredentialId::as_bytes),
        record.reason.as_str(),
        record.remark.map(domain::AuthRemark::as_str),
        record.near_miss.map(domain::NearMiss::as_str),
        record.claimed_realm,
        record.source.to_string(),
        record.transport.as_str(),
        record.method,
        record.username,
        record.host,
        record.user_agent,
        record.call_id,
        record.algorithm.map(domain::DigestAlgorithm::as_str),
        record.attempts,
        record.last_at.as_micros(),
        record.device,
    ];
    sql::find(connection, ADD, values, |row| row.get(0).map(AuthRecordId)).await
}

async fn select(
    connection: &mut PgConnection,
    filter: AuthEventFilter,
    from: RecordsFrom,
    limit: u32,
) -> sql::Result<Vec<KeptAuthRecord>> {
    let (above, below, order) = match from {
        RecordsFrom::Newest => (None, None, "DESC"),
        RecordsFrom::Before(id) => (None, Some(id.0), "DESC"),
        RecordsFrom::After(id) => (Some(id.0), None, "ASC"),
    };
    let account = match filter.of {
        RecordsOf::Account(account) => Some(account.0),
        RecordsOf::Everybody => None,
    };
    let sql = format!(
        "SELECT {} FROM auth_events WHERE ($1::bytea IS NULL OR credential = $1)
         AND ($2::bigint IS NULL OR account_id = $2) AND ($3::text IS NULL OR username = $3)
         AND ($4::text IS NULL OR rtrim(rtrim(source, '0123456789'), ':') = $4)
         AND ($5::text IS NULL OR call_id = $5) AND ($6::text IS NULL OR reason = $6)
         AND ($7::bigint IS NULL OR last_at >= $7) AND ($8::bigint IS NULL OR at < $8)
         AND ($9::bigint IS NULL OR id > $9) AND ($10::bigint IS NULL OR id < $10)
         ORDER BY id {order} LIMIT $11",
        rows::AUTH_RECORD
    );
    let values = parameters![
        filter.credential.as_ref().map(CredentialId::as_bytes),
        account,
        filter.username,
        filter.source.map(address),
        filter.call_id,
        filter.reason.map(domain::AuthReason::as_str),
        rows::micros(filter.from),
        rows::micros(filter.to),
        above,
        below,
        limit,
    ];
    sql::all(connection, sql, values, rows::auth_record).await
}

/// An address as it stands before the port.
fn address(source: IpAddr) -> String {
    match source.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// The newest record that is one too many.
async fn surplus(connection: &mut PgConnection, trim: &AuthEventTrim) -> sql::Result<Option<i64>> {
    let sql = format!("SELECT id FROM auth_events WHERE {} ORDER BY id DESC LIMIT 1 OFFSET $2", of_owner(trim));
    let owner = trim.account.map(|account| account.0);
    sql::find(connection, sql, parameters![owner, trim.most], |row| row.get(0)).await
}

/// Looks at the oldest records alone: what is old stands there.
async fn delete(connection: &mut PgConnection, trim: &AuthEventTrim, surplus: Option<i64>) -> sql::Result<u32> {
    let sql = format!(
        "DELETE FROM auth_events WHERE id IN
         (SELECT id FROM (SELECT id, last_at FROM auth_events WHERE {} ORDER BY id LIMIT $4) AS oldest
          WHERE last_at < $2 OR id <= $3)",
        of_owner(trim)
    );
    let owner = trim.account.map(|account| account.0);
    let values = parameters![owner, trim.before.as_micros(), surplus.unwrap_or(0), trim.limit];
    let deleted = sql::execute(connection, sql, values).await?;
    Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
}

/// An index serves either, but not `IS NOT DISTINCT FROM`.
const fn of_owner(trim: &AuthEventTrim) -> &'static str {
    if trim.account.is_some() { "account_id = $1" } else { "account_id IS NULL AND $1::bigint IS NULL" }
}
