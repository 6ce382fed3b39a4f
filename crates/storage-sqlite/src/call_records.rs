//! Call detail records, and confirmed calls across restarts.

use crate::SqliteStorage;
use crate::failure::Failure;
use crate::rows;
use domain::{AccountId, CallDetails, CallId, CallRecord, CallSnapshot, Timestamp};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params, params_from_iter};
use std::sync::Arc;
use storage::{CallChange, CallRecordFilter, CallRecords, Pending, StorageError};

/// Whether a call is over.
const HAS_RECORD: &str = "SELECT 1 FROM call_records WHERE id = ?1";

/// Whether there is anybody to read an account's records.
const HAS_ACCOUNT: &str = "SELECT 1 FROM accounts WHERE id = ?1";

/// Keeps a call. One row of values: what it takes from a SELECT SQLite writes behind a journal of the statement.
const PUT_LIVE: &str = "INSERT OR REPLACE INTO live_calls
     (id, account_id, trunk, credential, username, direction, from_identity, to_identity, caller_call_id,
      callee_call_id, source, destination, caller_transport, callee_transport, begun_at, ringing_at, answered_at, octets)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";

const FORGET_LIVE: &str = "DELETE FROM live_calls WHERE id = ?1";

const CHANGE_LIVE: &str = "UPDATE live_calls SET octets = ?2 WHERE id = ?1";

/// Writes a record, unless the call has one.
const PUT_RECORD: &str = "INSERT INTO call_records
     (id, account_id, trunk, credential, username, direction, from_identity, to_identity, caller_call_id,
      callee_call_id, source, destination, caller_transport, callee_transport, begun_at, ringing_at, answered_at,
      ended_at, hung_up_by, reason, sip_status, q850_cause)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)
     ON CONFLICT DO NOTHING";

/// The first account with records that is there no more: a step from account to account, not from record to record.
const GONE_ACCOUNT: &str = "WITH RECURSIVE owners (id) AS
     (SELECT min(account_id) FROM call_records UNION ALL
      SELECT (SELECT min(account_id) FROM call_records WHERE account_id > owners.id) FROM owners
      WHERE owners.id IS NOT NULL)
     SELECT id FROM owners WHERE id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = owners.id) LIMIT 1";

impl CallRecords for SqliteStorage {
    fn save_calls(&self, changes: Arc<Vec<CallChange>>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.writer.run(move |transaction| {
            let mut batch = Batch::prepare(transaction.connection)?;
            changes.iter().try_for_each(|change| batch.apply(change))
        }))
    }

    fn load_live_calls(&self, each: &mut dyn FnMut(CallSnapshot)) -> Result<(), StorageError> {
        read_live(&self.readers.open()?, each).map_err(StorageError::from)
    }

    fn call_record(&self, account: AccountId, id: CallId) -> Pending<'_, Result<Option<CallRecord>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!("SELECT {} FROM call_records WHERE account_id = ?1 AND id = ?2", rows::CALL_RECORD);
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_row(params![account.0, id.as_bytes()], rows::call_record).optional()?)
        }))
    }

    fn call_records(
        &self,
        filter: CallRecordFilter,
        before: Option<CallId>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<CallRecord>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let (sql, values) = selection(&filter, before, limit);
            let mut statement = connection.prepare_cached(&sql)?;
            let found = statement.query_map(params_from_iter(values), rows::call_record)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn trim_call_records(&self, before: Timestamp, limit: u32) -> Pending<'_, Result<u32, StorageError>> {
        Box::pin(self.writer.run(move |transaction| trim(transaction.connection, before, limit)))
    }
}

/// Changes of one transaction, whose statements are prepared once.
struct Batch<'c> {
    has_record: CachedStatement<'c>,
    has_account: CachedStatement<'c>,
    put_live: CachedStatement<'c>,
    change_live: CachedStatement<'c>,
    forget_live: CachedStatement<'c>,
    put_record: CachedStatement<'c>,
    /// The account that was looked for last, and whether it is there: nobody else writes meanwhile.
    account: Option<(AccountId, bool)>,
}

impl<'c> Batch<'c> {
    fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            has_record: connection.prepare_cached(HAS_RECORD)?,
            has_account: connection.prepare_cached(HAS_ACCOUNT)?,
            put_live: connection.prepare_cached(PUT_LIVE)?,
            change_live: connection.prepare_cached(CHANGE_LIVE)?,
            forget_live: connection.prepare_cached(FORGET_LIVE)?,
            put_record: connection.prepare_cached(PUT_RECORD)?,
            account: None,
        })
    }

    fn apply(&mut self, change: &CallChange) -> Result<(), Failure> {
        match change {
            CallChange::Confirmed(snapshot) => self.keep(snapshot)?,
            CallChange::Changed { id, octets } => {
                self.change_live.execute(params![id.as_bytes(), octets])?;
            }
            CallChange::Ended(record) => self.end(record)?,
        }
        Ok(())
    }

    /// Keeps a call, unless it has a record: then it is over.
    fn keep(&mut self, snapshot: &CallSnapshot) -> rusqlite::Result<()> {
        if !self.has_record.exists([snapshot.call.id.as_bytes()])? {
            let source = snapshot.call.source.to_string();
            let octets = [bytes(&snapshot.octets)];
            self.put_live.execute(params_from_iter(details(&snapshot.call, &source).into_iter().chain(octets)))?;
        }
        Ok(())
    }

    /// Writes a record, unless there is nobody left to read it.
    fn end(&mut self, record: &CallRecord) -> rusqlite::Result<()> {
        self.forget_live.execute([record.call.id.as_bytes()])?;
        if self.is_there(record.call.account)? {
            let source = record.call.source.to_string();
            let end = [
                integer(record.end.at.as_micros()),
                text(record.end.by.as_str()),
                text(record.end.reason.as_str()),
                integer(record.end.sip_status.into()),
                record.end.q850_cause.map_or(NULL, |cause| integer(cause.into())),
            ];
            self.put_record.execute(params_from_iter(details(&record.call, &source).into_iter().chain(end)))?;
        }
        Ok(())
    }

    fn is_there(&mut self, account: AccountId) -> rusqlite::Result<bool> {
        if let Some((_, is_there)) = self.account.filter(|(known, _)| *known == account) {
            return Ok(is_there);
        }
        let is_there = self.has_account.exists([account.0])?;
        self.account = Some((account, is_there));
        Ok(is_there)
    }
}

/// What both tables begin with, in the order of [`rows::CALL_DETAILS`]. `source` is the call's, written.
fn details<'c>(call: &'c CallDetails, source: &'c str) -> [ToSqlOutput<'c>; 17] {
    let moment = |moment: Option<Timestamp>| rows::micros(moment).map_or(NULL, integer);
    [
        bytes(call.id.as_bytes()),
        integer(call.account.0),
        call.trunk.as_ref().map_or(NULL, |trunk| bytes(trunk.as_bytes())),
        call.credential.as_ref().map_or(NULL, |credential| bytes(credential.as_bytes())),
        call.username.as_ref().map_or(NULL, |username| text(username.as_str())),
        text(call.direction.as_str()),
        text(&call.from),
        text(&call.to),
        text(&call.caller_call_id),
        text(&call.callee_call_id),
        text(source),
        text(&call.destination),
        text(call.caller_transport.as_str()),
        call.callee_transport.map_or(NULL, |transport| text(transport.as_str())),
        moment(Some(call.begun_at)),
        moment(call.ringing_at),
        moment(call.answered_at),
    ]
}

const NULL: ToSqlOutput<'static> = ToSqlOutput::Borrowed(ValueRef::Null);

const fn text(text: &str) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
}

const fn bytes(octets: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Blob(octets))
}

const fn integer(number: i64) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(Value::Integer(number))
}

fn read_live(connection: &Connection, each: &mut dyn FnMut(CallSnapshot)) -> Result<(), Failure> {
    let mut statement =
        connection.prepare(&format!("SELECT {}, octets FROM live_calls ORDER BY id", rows::CALL_DETAILS))?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        each(rows::call_snapshot(row)?);
    }
    Ok(())
}

/// The statement that reads a page: only conditions that narrow are in it, so that each has the index it needs.
fn selection(filter: &CallRecordFilter, before: Option<CallId>, limit: u32) -> (String, Vec<Value>) {
    // Said, because the planner cannot know how few of an account's calls a trunk or a credential has.
    let index = match (filter.trunk, filter.credential) {
        (Some(_), _) => "INDEXED BY call_records_of_trunk",
        (None, Some(_)) => "INDEXED BY call_records_of_credential",
        (None, None) => "",
    };
    let mut sql = format!("SELECT {} FROM call_records {index} WHERE account_id = ?", rows::CALL_RECORD);
    let mut values = vec![Value::Integer(filter.account.0)];
    let mut narrow = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            sql.push_str(" AND ");
            sql.push_str(condition);
            values.push(value);
        }
    };
    let blob = |octets: &[u8; 16]| Value::Blob(octets.to_vec());
    narrow("trunk = ?", filter.trunk.map(|trunk| blob(trunk.as_bytes())));
    narrow("credential = ?", filter.credential.map(|credential| blob(credential.as_bytes())));
    // Identifiers are made from the moment, to the millisecond, and are what rows are ordered by.
    narrow("id >= ?", filter.from.map(|from| blob(CallId::first_of(from).as_bytes())));
    narrow("begun_at >= ?", filter.from.map(|from| Value::Integer(from.as_micros())));
    narrow("id < ?", filter.to.map(|to| blob(CallId::first_of(after_millisecond(to)).as_bytes())));
    narrow("begun_at < ?", filter.to.map(|to| Value::Integer(to.as_micros())));
    narrow("id < ?", before.map(|before| blob(before.as_bytes())));
    narrow("direction = ?", filter.direction.map(|direction| Value::Text(direction.as_str().to_owned())));
    narrow("(answered_at IS NOT NULL) = ?", filter.answered.map(|answered| Value::Integer(answered.into())));
    sql.push_str(" ORDER BY id DESC LIMIT ?");
    values.push(Value::Integer(limit.into()));
    (sql, values)
}

/// A moment in the next millisecond.
fn after_millisecond(moment: Timestamp) -> Timestamp {
    Timestamp::from_micros(moment.as_micros().saturating_add(1000))
}

fn trim(connection: &Connection, before: Timestamp, limit: u32) -> Result<u32, Failure> {
    let gone: Option<i64> = connection.prepare_cached(GONE_ACCOUNT)?.query_row([], |row| row.get(0)).optional()?;
    let mut deleted = 0;
    if let Some(account) = gone {
        let sql = "DELETE FROM call_records WHERE account_id = ?1
             AND id IN (SELECT id FROM call_records WHERE account_id = ?1 LIMIT ?2)";
        deleted = connection.prepare_cached(sql)?.execute(params![account, limit])?;
    }
    let room = i64::from(limit).saturating_sub(i64::try_from(deleted).unwrap_or(i64::MAX));
    let sql = "DELETE FROM call_records WHERE id IN (SELECT id FROM call_records WHERE id < ?1 ORDER BY id LIMIT ?2)";
    deleted += connection.prepare_cached(sql)?.execute(params![CallId::first_of(before).as_bytes(), room])?;
    Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
}
