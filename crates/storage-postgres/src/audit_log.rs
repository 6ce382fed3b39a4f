//! The audit log: written with each set of changes, each record chained to the one before.

use crate::PostgresStorage;
use crate::rows;
use crate::sql::{self, parameters};
use domain::{AccountId, AuditEvent, Revision};
use sqlx::PgConnection;
use storage::{AuditFilter, AuditHash, AuditLog, AuditRecord, Pending, StorageError};

/// Records that are chained to the log's end, and written together.
#[derive(Default)]
pub(crate) struct AuditTail {
    number: u64,
    hash: AuditHash,
    records: Vec<AuditRecord>,
}

impl AuditTail {
    /// Reads where the log ends. A last record without a hash is damage, which whoever checks the log is told; what
    /// follows is chained to nothing then.
    pub async fn read(connection: &mut PgConnection) -> sql::Result<Self> {
        let sql = "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1";
        let tail = sql::find(connection, sql, parameters![], |row| {
            Ok(Self { number: row.get(0)?, hash: rows::audit_hash(row, 1)?.unwrap_or_default(), records: Vec::new() })
        });
        tail.await.map(Option::unwrap_or_default)
    }

    /// Appends the next record.
    pub fn append(&mut self, event: &AuditEvent, (revision, account): (Revision, Option<AccountId>)) {
        let record = AuditRecord::chained(event, (self.number + 1, revision, account), &self.hash);
        self.number = record.number;
        self.hash = record.hash.unwrap_or_default();
        self.records.push(record);
    }

    /// Writes what was appended.
    pub async fn write(self, connection: &mut PgConnection) -> sql::Result<()> {
        let of = |number: fn(&AuditRecord) -> i64| self.records.iter().map(number).collect::<Vec<i64>>();
        let text = |text: fn(&AuditRecord) -> &str| self.records.iter().map(text).collect::<Vec<&str>>();
        let accounts: Vec<Option<i64>> =
            self.records.iter().map(|record| record.account.map(|account| account.0)).collect();
        let hashes: Vec<Option<&[u8]>> =
            self.records.iter().map(|record| record.hash.as_ref().map(|hash| hash.0.as_slice())).collect();
        let sql = "INSERT INTO audit_log (seq, revision, at, account_id, actor, source, request_id, action, subject,
                                          detail, hash)
             SELECT * FROM unnest ($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
                                   $7::text[], $8::text[], $9::text[], $10::text[], $11::bytea[])";
        let values = parameters![
            of(|record| record.number.cast_signed()),
            of(|record| record.revision.0.cast_signed()),
            of(|record| record.at.as_micros()),
            accounts,
            text(|record| &record.actor),
            text(|record| &record.source),
            text(|record| &record.request_id),
            text(|record| &record.action),
            text(|record| &record.subject),
            text(|record| &record.detail),
            hashes,
        ];
        sql::execute(connection, sql, values).await?;
        Ok(())
    }
}

impl AuditLog for PostgresStorage {
    fn audit_records(
        &self,
        filter: AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<AuditRecord>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let AuditFilter { account, action, subject, actor, from, to } = filter;
                let sql = format!(
                    "SELECT {} FROM audit_log WHERE ($1::bigint IS NULL OR account_id = $1)
                     AND ($2::bigint IS NULL OR seq < $2) AND ($3::text IS NULL OR action = $3)
                     AND ($4::text IS NULL OR subject = $4) AND ($5::text IS NULL OR actor = $5)
                     AND ($6::bigint IS NULL OR at >= $6) AND ($7::bigint IS NULL OR at < $7)
                     ORDER BY seq DESC LIMIT $8",
                    rows::AUDIT_RECORD
                );
                let values = parameters![
                    account.map(|account| account.0),
                    before.map(|before| i64::try_from(before).unwrap_or(i64::MAX)),
                    action,
                    subject,
                    actor,
                    rows::micros(from),
                    rows::micros(to),
                    limit,
                ];
                sql::all(connection, sql, values, rows::audit_record).await
            })
        }))
    }

    fn audit_chain(&self, after: u64, limit: u32) -> Pending<'_, Result<(Vec<AuditRecord>, Revision), StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let counter = "SELECT revision FROM counter";
                let committed = sql::one(connection, counter, parameters![], |row| rows::revision(row, 0)).await?;
                let sql = format!("SELECT {} FROM audit_log WHERE seq > $1 ORDER BY seq LIMIT $2", rows::AUDIT_RECORD);
                let page = parameters![i64::try_from(after).unwrap_or(i64::MAX), limit];
                Ok((sql::all(connection, sql, page, rows::audit_record).await?, committed))
            })
        }))
    }
}
