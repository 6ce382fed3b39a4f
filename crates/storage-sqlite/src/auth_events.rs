//! Authentication events.

use crate::SqliteStorage;
use crate::failure::Failure;
use crate::rows;
use domain::{AuthRecord, AuthRecordId, RealmId, Timestamp, Username};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
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
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18
     WHERE ?2 IS NULL OR EXISTS (SELECT 1 FROM accounts WHERE id = ?2)";

const MORE: &str = "UPDATE auth_events SET attempts = attempts + ?2, last_at = max(last_at, ?3) WHERE id = ?1";

/// A step from owner to owner, not from record to record. NULL, which is the operator, is looked for apart.
const OWNERS: &str = "WITH RECURSIVE owners (id) AS
     (SELECT min(account_id) FROM auth_events UNION ALL
      SELECT (SELECT min(account_id) FROM auth_events WHERE account_id > owners.id) FROM owners
      WHERE owners.id IS NOT NULL)
     SELECT o.id, a.event_retention_days FROM owners o LEFT JOIN accounts a ON a.id = o.id WHERE o.id IS NOT NULL
     UNION ALL SELECT NULL, NULL WHERE EXISTS (SELECT 1 FROM auth_events WHERE account_id IS NULL)";

impl AuthEvents for SqliteStorage {
    fn save_auth_events(
        &self,
        changes: Arc<Vec<AuthEventChange>>,
    ) -> Pending<'_, Result<Vec<Option<AuthRecordId>>, StorageError>> {
        Box::pin(self.writer.run(move |transaction| {
            let mut added = Vec::new();
            for change in &*changes {
                match change {
                    AuthEventChange::Add(record) => added.push(add(transaction.connection, record)?),
                    AuthEventChange::More { id, attempts, last_at } => {
                        let mut statement = transaction.connection.prepare_cached(MORE)?;
                        statement.execute(params![id.0, attempts, last_at.as_micros()])?;
                    }
                }
            }
            Ok(added)
        }))
    }

    fn auth_events(
        &self,
        filter: AuthEventFilter,
        from: RecordsFrom,
        limit: u32,
    ) -> Pending<'_, Result<Vec<KeptAuthRecord>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let (sql, values) = selection(filter, from, limit);
            let mut statement = connection.prepare_cached(&sql)?;
            let found = statement.query_map(params_from_iter(values), rows::auth_record)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn auth_event_owners(&self) -> Pending<'_, Result<Vec<RecordOwner>, StorageError>> {
        Box::pin(self.read(|connection| {
            let mut statement = connection.prepare_cached(OWNERS)?;
            let owner = |row: &rusqlite::Row<'_>| {
                let account: Option<i64> = row.get(0)?;
                Ok(RecordOwner { account: account.map(domain::AccountId), retention_days: row.get(1)? })
            };
            Ok(statement.query_map([], owner)?.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn trim_auth_events(&self, trim: AuthEventTrim) -> Pending<'_, Result<u32, StorageError>> {
        Box::pin(async move {
            // Looked for by a reader, so that the writer's time goes into what is deleted only.
            let surplus = self.read(move |connection| surplus(connection, &trim)).await?;
            self.writer.run(move |transaction| delete(transaction.connection, &trim, surplus)).await
        })
    }

    fn username_in_other_case(
        &self,
        realm: RealmId,
        username: Box<str>,
    ) -> Pending<'_, Result<Option<Username>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = "SELECT username FROM credentials INDEXED BY credentials_by_folded_username
                 WHERE realm_id = ?1 AND username = ?2 COLLATE NOCASE AND username <> ?2 LIMIT 1";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row(params![realm.0, &*username], |row| rows::username(row, 0)).optional()?)
        }))
    }
}

fn add(connection: &Connection, record: &AuthRecord) -> Result<Option<AuthRecordId>, Failure> {
    let added = connection.prepare_cached(ADD)?.execute(params![
        record.at.as_micros(),
        record.account.map(|account| account.0),
        record.credential.as_ref().map(domain::CredentialId::as_bytes),
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
    ])?;
    Ok((added > 0).then(|| AuthRecordId(connection.last_insert_rowid())))
}

/// The statement that reads a page: only conditions that narrow are in it, so that each has the index it needs.
fn selection(filter: AuthEventFilter, from: RecordsFrom, limit: u32) -> (String, Vec<Value>) {
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    let mut narrow = |condition: &'static str, value: Option<Value>| {
        if let Some(value) = value {
            conditions.push(condition);
            values.push(value);
        }
    };
    // Said, because the planner cannot know how few of an account's events a credential has.
    let index = match (filter.credential, filter.of) {
        (Some(_), _) => "INDEXED BY auth_events_of_credential",
        (None, RecordsOf::Account(_)) => "INDEXED BY auth_events_of_account",
        (None, RecordsOf::Everybody) => "NOT INDEXED",
    };
    let text = |text: Box<str>| Value::Text(text.into_string());
    narrow("credential = ?", filter.credential.map(|id| Value::Blob(id.as_bytes().to_vec())));
    narrow(
        "account_id = ?",
        match filter.of {
            RecordsOf::Account(account) => Some(Value::Integer(account.0)),
            RecordsOf::Everybody => None,
        },
    );
    narrow("username = ?", filter.username.map(text));
    narrow("rtrim(rtrim(source, '0123456789'), ':') = ?", filter.source.map(|source| Value::Text(address(source))));
    narrow("call_id = ?", filter.call_id.map(text));
    narrow("reason = ?", filter.reason.map(|reason| Value::Text(reason.as_str().to_owned())));
    narrow("last_at >= ?", filter.from.map(moment));
    narrow("at < ?", filter.to.map(moment));
    let (bound, order) = match from {
        RecordsFrom::Newest => (None, "DESC"),
        RecordsFrom::Before(id) => (Some(("id < ?", id)), "DESC"),
        RecordsFrom::After(id) => (Some(("id > ?", id)), "ASC"),
    };
    if let Some((condition, id)) = bound {
        narrow(condition, Some(Value::Integer(id.0)));
    }
    let wanted = if conditions.is_empty() { "TRUE".to_owned() } else { conditions.join(" AND ") };
    values.push(Value::Integer(limit.into()));
    let sql =
        format!("SELECT {} FROM auth_events {index} WHERE {wanted} ORDER BY id {order} LIMIT ?", rows::AUTH_RECORD);
    (sql, values)
}

/// An address as it stands before the port.
fn address(source: IpAddr) -> String {
    match source.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

fn moment(moment: Timestamp) -> Value {
    Value::Integer(moment.as_micros())
}

/// The newest record that is one too many.
fn surplus(connection: &Connection, trim: &AuthEventTrim) -> Result<Option<i64>, Failure> {
    let sql = "SELECT id FROM auth_events WHERE account_id IS ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2";
    let account = trim.account.map(|account| account.0);
    Ok(connection.prepare_cached(sql)?.query_row(params![account, trim.most], |row| row.get(0)).optional()?)
}

/// Looks at the oldest records alone: what is old stands there.
fn delete(connection: &Connection, trim: &AuthEventTrim, surplus: Option<i64>) -> Result<u32, Failure> {
    let sql = "DELETE FROM auth_events WHERE id IN
         (SELECT id FROM (SELECT id, last_at FROM auth_events WHERE account_id IS ?1 ORDER BY id LIMIT ?4)
          WHERE last_at < ?2 OR id <= ?3)";
    let account = trim.account.map(|account| account.0);
    let deleted = connection.prepare_cached(sql)?.execute(params![
        account,
        trim.before.as_micros(),
        surplus.unwrap_or(0),
        trim.limit
    ])?;
    Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
}
