//! Call detail records, and confirmed calls across restarts.

use crate::PostgresStorage;
use crate::account_changes;
use crate::rows;
use crate::sql::{self, Parameter as _, parameters};
use domain::{
    AccountId, CallDetails, CallDirection, CallId, CallRecord, CallSnapshot, CredentialId, Timestamp, TrunkId,
};
use sqlx::PgConnection;
use sqlx::postgres::PgArguments;
use std::sync::Arc;
use storage::{CallChange, CallRecordFilter, CallRecords, Pending, StorageError};

/// Calls that are read at once.
const CHUNK: u32 = 512;

/// Keeps a call, unless it has a record: then it is over.
const PUT_LIVE: &str = "INSERT INTO live_calls
     (id, account_id, trunk, credential, username, direction, from_identity, to_identity, caller_call_id,
      callee_call_id, source, destination, caller_transport, callee_transport, begun_at, ringing_at, answered_at, octets,
      node)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19
     WHERE NOT EXISTS (SELECT 1 FROM call_records WHERE id = $1)
     ON CONFLICT (id) DO UPDATE SET account_id = excluded.account_id, trunk = excluded.trunk,
     credential = excluded.credential, username = excluded.username, direction = excluded.direction,
     from_identity = excluded.from_identity, to_identity = excluded.to_identity,
     caller_call_id = excluded.caller_call_id, callee_call_id = excluded.callee_call_id, source = excluded.source,
     destination = excluded.destination, caller_transport = excluded.caller_transport,
     callee_transport = excluded.callee_transport, begun_at = excluded.begun_at, ringing_at = excluded.ringing_at,
     answered_at = excluded.answered_at, octets = excluded.octets, node = excluded.node";

/// Writes a record, unless the call has one.
const PUT_RECORD: &str = "INSERT INTO call_records
     (id, account_id, trunk, credential, username, direction, from_identity, to_identity, caller_call_id,
      callee_call_id, source, destination, caller_transport, callee_transport, begun_at, ringing_at, answered_at,
      ended_at, hung_up_by, reason, sip_status, q850_cause)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
     ON CONFLICT DO NOTHING";

/// The first account with records that is there no more: a step from account to account, not from record to record.
const GONE_ACCOUNT: &str = "WITH RECURSIVE owners (id) AS
     (SELECT min(account_id) FROM call_records UNION ALL
      SELECT (SELECT min(account_id) FROM call_records WHERE account_id > owners.id) FROM owners
      WHERE owners.id IS NOT NULL)
     SELECT id FROM owners WHERE id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = owners.id) LIMIT 1";

impl CallRecords for PostgresStorage {
    fn save_calls(&self, changes: Arc<Vec<CallChange>>) -> Pending<'_, Result<(), StorageError>> {
        let node = self.database.node.clone();
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                for change in &*changes {
                    apply(connection, change, &node).await?;
                }
                Ok(())
            })
        }))
    }

    fn load_live_calls(&self, each: &mut dyn FnMut(CallSnapshot)) -> Result<(), StorageError> {
        let node = self.database.node.clone();
        self.database.read_blocking(
            move |connection, send| {
                Box::pin(async move {
                    let columns = rows::CALL_DETAILS;
                    let sql = format!(
                        "SELECT {columns}, octets FROM live_calls WHERE id > $1 AND node = $3 ORDER BY id LIMIT $2"
                    );
                    // The empty octet string comes before all others.
                    let mut after = Vec::new();
                    loop {
                        let from = parameters![after, CHUNK, *node];
                        let found = sql::all(connection, sql.clone(), from, rows::call_snapshot).await?;
                        let Some(last) = found.last() else { return Ok(()) };
                        after = last.call.id.as_bytes().to_vec();
                        // Whoever asked may have gone.
                        let _ = send.send(found);
                    }
                })
            },
            each,
        )
    }

    fn call_record(&self, account: AccountId, id: CallId) -> Pending<'_, Result<Option<CallRecord>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!("SELECT {} FROM call_records WHERE account_id = $1 AND id = $2", rows::CALL_RECORD);
                sql::find(connection, sql, parameters![account.0, id.as_bytes()], rows::call_record).await
            })
        }))
    }

    fn call_records(
        &self,
        filter: CallRecordFilter,
        before: Option<CallId>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<CallRecord>, StorageError>> {
        Box::pin(self.database.read(move |connection| Box::pin(select(connection, filter, before, limit))))
    }

    fn trim_call_records(&self, before: Timestamp, limit: u32) -> Pending<'_, Result<u32, StorageError>> {
        Box::pin(self.database.write(move |connection| Box::pin(trim(connection, before, limit))))
    }
}

async fn apply(connection: &mut PgConnection, change: &CallChange, node: &str) -> sql::Result<()> {
    match change {
        CallChange::Confirmed(snapshot) => {
            let mut values = details(&snapshot.call)?;
            snapshot.octets.add_to(&mut values)?;
            node.add_to(&mut values)?;
            sql::execute(connection, PUT_LIVE, values).await?;
        }
        CallChange::Changed { id, octets } => {
            let sql = "UPDATE live_calls SET octets = $2 WHERE id = $1";
            sql::execute(connection, sql, parameters![id.as_bytes(), octets]).await?;
        }
        CallChange::Ended(record) => end(connection, record).await?,
    }
    Ok(())
}

/// Writes a record, unless there is nobody left to read it.
async fn end(connection: &mut PgConnection, record: &CallRecord) -> sql::Result<()> {
    let forget = "DELETE FROM live_calls WHERE id = $1";
    sql::execute(connection, forget, parameters![record.call.id.as_bytes()]).await?;
    if !account_changes::exists(connection, record.call.account).await? {
        return Ok(());
    }
    let mut values = details(&record.call)?;
    record.end.at.as_micros().add_to(&mut values)?;
    record.end.by.as_str().add_to(&mut values)?;
    record.end.reason.as_str().add_to(&mut values)?;
    record.end.sip_status.add_to(&mut values)?;
    record.end.q850_cause.add_to(&mut values)?;
    sql::execute(connection, PUT_RECORD, values).await?;
    Ok(())
}

/// What both tables begin with, in the order of [`rows::CALL_DETAILS`].
fn details(call: &CallDetails) -> sql::Result<PgArguments> {
    Ok(parameters![
        call.id.as_bytes(),
        call.account.0,
        call.trunk.as_ref().map(TrunkId::as_bytes),
        call.credential.as_ref().map(CredentialId::as_bytes),
        call.username.as_ref().map(domain::Username::as_str),
        call.direction.as_str(),
        call.from,
        call.to,
        call.caller_call_id,
        call.callee_call_id,
        call.source.to_string(),
        call.destination,
        call.caller_transport.as_str(),
        call.callee_transport.map(domain::SignallingTransport::as_str),
        call.begun_at.as_micros(),
        rows::micros(call.ringing_at),
        rows::micros(call.answered_at),
    ])
}

async fn select(
    connection: &mut PgConnection,
    filter: CallRecordFilter,
    before: Option<CallId>,
    limit: u32,
) -> sql::Result<Vec<CallRecord>> {
    // Identifiers are made from the moment, to the millisecond, and are what rows are ordered by.
    let sql = format!(
        "SELECT {} FROM call_records WHERE account_id = $1 AND ($2::bytea IS NULL OR trunk = $2)
         AND ($3::bytea IS NULL OR credential = $3) AND ($4::bytea IS NULL OR id >= $4)
         AND ($5::bigint IS NULL OR begun_at >= $5) AND ($6::bytea IS NULL OR id < $6)
         AND ($7::bigint IS NULL OR begun_at < $7) AND ($8::bytea IS NULL OR id < $8)
         AND ($9::text IS NULL OR direction = $9)
         AND ($10::bigint IS NULL OR (answered_at IS NOT NULL) = ($10 = 1))
         ORDER BY id DESC LIMIT $11",
        rows::CALL_RECORD
    );
    let first_of = |moment: Timestamp| *CallId::first_of(moment).as_bytes();
    let values = parameters![
        filter.account.0,
        filter.trunk.as_ref().map(TrunkId::as_bytes),
        filter.credential.as_ref().map(CredentialId::as_bytes),
        filter.from.map(first_of),
        rows::micros(filter.from),
        filter.to.map(after_millisecond).map(first_of),
        rows::micros(filter.to),
        before.as_ref().map(CallId::as_bytes),
        filter.direction.map(CallDirection::as_str),
        filter.answered,
        limit,
    ];
    sql::all(connection, sql, values, rows::call_record).await
}

/// A moment in the next millisecond.
fn after_millisecond(moment: Timestamp) -> Timestamp {
    Timestamp::from_micros(moment.as_micros().saturating_add(1000))
}

async fn trim(connection: &mut PgConnection, before: Timestamp, limit: u32) -> sql::Result<u32> {
    let gone: Option<i64> = sql::find(connection, GONE_ACCOUNT, parameters![], |row| row.get(0)).await?;
    let mut deleted = 0;
    if let Some(account) = gone {
        let sql = "DELETE FROM call_records WHERE account_id = $1
             AND id IN (SELECT id FROM call_records WHERE account_id = $1 LIMIT $2)";
        deleted = sql::execute(connection, sql, parameters![account, limit]).await?;
    }
    let room = i64::from(limit).saturating_sub(i64::try_from(deleted).unwrap_or(i64::MAX));
    let sql = "DELETE FROM call_records WHERE id IN (SELECT id FROM call_records WHERE id < $1 ORDER BY id LIMIT $2)";
    deleted += sql::execute(connection, sql, parameters![CallId::first_of(before).as_bytes(), room]).await?;
    Ok(u32::try_from(deleted).unwrap_or(u32::MAX))
}
