//! Tells a new follower everything that is true.

use crate::failure::Failure;
use crate::rows;
use crate::trunks::{ip_acls, numbers, origination_uris, trunk_rows};
use crate::webhooks;
use domain::{RealmId, Revision};
use rusqlite::{Connection, Row};
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use storage::{Fact, Follower, SettingName};

/// Facts per call: enough to make calls cheap, few enough to need little memory.
const CHUNK: usize = 1024;
/// Chunks that are read ahead of the follower, which works on a thread of its own meanwhile.
const CHUNKS_AHEAD: usize = 2;

/// Tells all facts in an order in which what is referred to comes first, as of `revision`.
pub(crate) fn tell(connection: &Connection, revision: Revision, follower: &dyn Follower) -> Result<(), Failure> {
    // The writer runs this, so nothing changes meanwhile; the transaction is for tools that write beside us.
    let transaction = connection.unchecked_transaction()?;
    let (chunks, read) = mpsc::sync_channel::<Vec<Fact>>(CHUNKS_AHEAD);
    thread::scope(|scope| {
        let applying = scope.spawn(move || read.iter().for_each(|chunk| follower.apply(revision, &chunk)));
        let told = tell_chunks(&transaction, follower, chunks);
        match applying.join() {
            Ok(()) => told,
            // As if it had been called here: the writer ends, and with it the process.
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn tell_chunks(connection: &Connection, follower: &dyn Follower, chunks: SyncSender<Vec<Fact>>) -> Result<(), Failure> {
    let mut teller = Teller { connection, chunks, chunk: Vec::with_capacity(CHUNK), calls: 0 };
    for name in SettingName::ALL {
        let sql = format!("SELECT value FROM settings WHERE name = '{}'", name.as_str());
        teller.tell(&sql, |row| Ok(Fact::Setting { name, value: row.get(0)? }))?;
    }
    teller.tell(&all(rows::REALM, "realms", "id"), |row| rows::realm(row).map(Fact::Realm))?;
    // A sub-account's number is above that of its account.
    teller.tell(&all(rows::ACCOUNT, "accounts", "id"), |row| rows::account(row).map(Fact::Account))?;
    teller.tell(&all("host, realm_id", "hosts", "host"), |row| {
        Ok(Fact::Host { host: rows::host(row, 0)?, realm: RealmId(row.get(1)?) })
    })?;
    teller.tell(&all(rows::API_TOKEN, "api_tokens", "no"), |row| rows::api_token(row).map(Fact::ApiToken))?;
    teller.tell(&all(rows::OPERATOR_TOKEN, "operator_tokens", "no"), |row| {
        rows::operator_token(row).map(Fact::OperatorToken)
    })?;
    if follower.begins_with_credentials() {
        teller.tell(&all(rows::CREDENTIAL, "credentials", "no"), |row| {
            rows::credential(connection, row).map(Fact::Credential)
        })?;
    }
    teller.tell(&all(ip_acls::COLUMNS, "ip_acls", "no"), |row| ip_acls::read(row).map(Fact::IpAcl))?;
    teller.tell(&all(origination_uris::COLUMNS, "origination_uris", "no"), |row| {
        origination_uris::read(row).map(Fact::OriginationUri)
    })?;
    teller.tell(&all(trunk_rows::COLUMNS, "trunks", "no"), |row| {
        trunk_rows::trunk(connection, row).map(|trunk| Fact::Trunk(Box::new(trunk)))
    })?;
    teller.tell(&all(numbers::COLUMNS, "numbers", "no"), |row| numbers::read(row).map(Fact::Number))?;
    teller.tell(&all(webhooks::COLUMNS, "webhooks", "account_id"), |row| {
        webhooks::read(row).map(|webhook| Fact::Webhook(Box::new(webhook)))
    })?;
    teller.finish();
    Ok(())
}

fn all(columns: &str, table: &str, order: &str) -> String {
    format!("SELECT {columns} FROM {table} ORDER BY {order}")
}

struct Teller<'t> {
    connection: &'t Connection,
    chunks: SyncSender<Vec<Fact>>,
    chunk: Vec<Fact>,
    calls: usize,
}

impl Teller<'_> {
    fn tell(&mut self, sql: &str, read: impl Fn(&Row<'_>) -> rusqlite::Result<Fact>) -> Result<(), Failure> {
        let mut statement = self.connection.prepare(sql)?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            self.chunk.push(read(row)?);
            if self.chunk.len() == CHUNK {
                self.flush();
            }
        }
        Ok(())
    }

    fn flush(&mut self) {
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        // Refused only after the follower panicked, which is told when its thread is joined.
        let _ = self.chunks.send(chunk);
        self.calls += 1;
    }

    /// An empty database is told by a call without facts, so that the follower learns the revision.
    fn finish(mut self) {
        if self.calls == 0 || !self.chunk.is_empty() {
            self.flush();
        }
    }
}
