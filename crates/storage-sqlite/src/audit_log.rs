//! The audit log: written with each set of changes, each record chained to the one before.

use crate::SqliteStorage;
use crate::failure::Failure;
use crate::rows;
use domain::{AccountId, AuditEvent, Revision};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use storage::{AuditFilter, AuditHash, AuditLog, AuditRecord, Pending, StorageError};

/// Where the log ends.
#[derive(Clone, Copy, Default)]
pub(crate) struct AuditHead {
    number: u64,
    hash: AuditHash,
}

impl AuditHead {
    /// Reads it. A last record without a hash is damage, which whoever checks the log is told; what follows is chained
    /// to nothing then.
    pub fn read(connection: &Connection) -> rusqlite::Result<Self> {
        connection
            .prepare_cached("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| {
                let hash = rows::audit_hash(row, 1)?.unwrap_or_default();
                Ok(Self { number: row.get::<_, i64>(0)?.cast_unsigned(), hash })
            })
            .optional()
            .map(Option::unwrap_or_default)
    }

    /// Writes the next record.
    pub fn append(
        &mut self,
        connection: &Connection,
        event: &AuditEvent,
        (revision, account): (Revision, Option<AccountId>),
    ) -> rusqlite::Result<()> {
        let record = AuditRecord::chained(event, (self.number + 1, revision, account), &self.hash);
        let hash = record.hash.unwrap_or_default();
        connection
            .prepare_cached(
                "INSERT INTO audit_log (seq, revision, at, account_id, actor, source, request_id, action, subject,
                                        detail, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                record.number.cast_signed(),
                record.revision.0.cast_signed(),
                record.at.as_micros(),
                record.account.map(|account| account.0),
                record.actor,
                record.source,
                record.request_id,
                record.action,
                record.subject,
                record.detail,
                hash.0,
            ])?;
        *self = Self { number: record.number, hash };
        Ok(())
    }
}

/// Chains the records that a version without hashes wrote.
pub(crate) fn chain_all(connection: &Connection) -> rusqlite::Result<()> {
    let mut head = AuditHash::default();
    let sql = format!("SELECT {} FROM audit_log ORDER BY seq", rows::AUDIT_RECORD);
    let mut records = connection.prepare(&sql)?;
    let mut update = connection.prepare("UPDATE audit_log SET hash = ?2 WHERE seq = ?1")?;
    for record in records.query_map([], rows::audit_record)? {
        let record = record?;
        head = record.hash_after(&head);
        update.execute(params![record.number.cast_signed(), head.0])?;
    }
    Ok(())
}

impl AuditLog for SqliteStorage {
    fn audit_records(
        &self,
        filter: AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<AuditRecord>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let (sql, values) = selection(&filter, before, limit);
            let mut statement = connection.prepare_cached(&sql)?;
            let found = statement.query_map(params_from_iter(values), rows::audit_record)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn audit_chain(&self, after: u64, limit: u32) -> Pending<'_, Result<(Vec<AuditRecord>, Revision), StorageError>> {
        Box::pin(self.read(move |connection| {
            let transaction = connection.transaction()?;
            let page = chain(&transaction, after, limit)?;
            Ok(page)
        }))
    }
}

/// At most `limit` records after that one, and the revision of the last commit.
pub(crate) fn chain(connection: &Connection, after: u64, limit: u32) -> Result<(Vec<AuditRecord>, Revision), Failure> {
    let committed = connection.query_row("SELECT revision FROM counter", [], |row| rows::revision(row, 0))?;
    let sql = format!("SELECT {} FROM audit_log WHERE seq > ?1 ORDER BY seq LIMIT ?2", rows::AUDIT_RECORD);
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(params![after.cast_signed(), limit], rows::audit_record)?;
    Ok((found.collect::<rusqlite::Result<_>>()?, committed))
}

fn selection(filter: &AuditFilter, before: Option<u64>, limit: u32) -> (String, Vec<Value>) {
    let AuditFilter { account, action, subject, actor, from, to } = filter;
    let text = |text: &Option<Box<str>>| text.as_ref().map(|text| Value::Text(text.to_string()));
    let conditions = [
        ("account_id = ?", account.map(|account| Value::Integer(account.0))),
        ("seq < ?", before.map(|before| Value::Integer(i64::try_from(before).unwrap_or(i64::MAX)))),
        ("action = ?", text(action)),
        ("subject = ?", text(subject)),
        ("actor = ?", text(actor)),
        ("at >= ?", from.map(|from| Value::Integer(from.as_micros()))),
        ("at < ?", to.map(|to| Value::Integer(to.as_micros()))),
    ];
    let mut sql = format!("SELECT {} FROM audit_log", rows::AUDIT_RECORD);
    let mut values = Vec::new();
    for (condition, value) in conditions {
        if let Some(value) = value {
            sql += if values.is_empty() { " WHERE " } else { " AND " };
            sql += condition;
            values.push(value);
        }
    }
    sql += " ORDER BY seq DESC LIMIT ?";
    values.push(Value::Integer(limit.into()));
    (sql, values)
}
