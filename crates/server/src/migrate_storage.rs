//! `sipwarden migrate-storage`: an installation's rows from SQLite to PostgreSQL.

use crate::configuration::{locate, node_name};
use crate::database::DatabasePlace;
use crate::failure::Failure;
use crate::operator_cli::MigrateStorageOptions;
use crate::operator_commands::print;
use crate::patience;
use serde_json::json;
use std::ops::ControlFlow;
use storage::{AuditChain, AuditLog as _, Counters, Rows};
use storage_postgres::{Copying, PostgresStorage};
use storage_sqlite::{SqliteStorage, read_tables};
use tokio::sync::mpsc;

/// Rows that are read and written at once.
const CHUNK: usize = 2_000;
/// Chunks that may wait to be written.
const WAITING: usize = 4;
/// Records of the audit log that are checked at once.
const CHECKED: u32 = 1_000;

pub(crate) async fn run(options: MigrateStorageOptions) -> Result<(), Failure> {
    let MigrateStorageOptions { data_dir, database_url, node_name: name, json } = options;
    let DatabasePlace::Postgres(url) = DatabasePlace::of(Some(&database_url))? else {
        return Err(Failure::NoDatabaseUrl);
    };
    let node = node_name(name)?;
    let (data_dir, _) = locate(data_dir, None);
    let path = data_dir.database();
    if !path.exists() {
        return Err(Failure::Refused(format!("{} does not exist; name its directory with --data-dir", path.display())));
    }
    // Brings its schema up to date, and leaves nothing in its log.
    let lock = patience::lock(&data_dir).await?;
    let sqlite = SqliteStorage::open_locked(lock, &path, &storage_sqlite::Options::default())?;
    sqlite.close().await;
    drop(sqlite);
    // Held to the end: nobody may write here what would not be there.
    let _lock = patience::lock(&data_dir).await?;
    let mut copying = Copying::begin(&url).await?;
    let (send, mut receive) = mpsc::channel::<Rows>(WAITING);
    let reading = tokio::task::spawn_blocking(move || {
        read_tables(&path, CHUNK, &mut |rows| match send.blocking_send(rows) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        })
    });
    let mut progress = Progress::default();
    while let Some(rows) = receive.recv().await {
        copying.write(&rows).await?;
        progress.tell(&rows);
    }
    let counters: Counters =
        reading.await.map_err(|_| Failure::Refused("reading was abandoned; try again".into()))??;
    let written = copying.finish(&counters, &node).await?;
    let records = check_audit_log(&url).await?;
    let rows: u64 = written.values().sum();
    print(json, &json!({ "tables": written, "rows": rows, "audit_records": records }), || {
        format!(
            "Moved {rows} rows; {records} records of the audit log are a sound chain there.\n\nStart it with\n  \
             sipwarden serve --data-dir {} --node-name {node} --database-url …\n\nThe SQLite database stays as it is; move \
             it away once you are content, and keep the master key.\n",
            data_dir.path().display()
        )
    })
}

/// Reads the whole log where it is now, as whoever looks for changes of it would.
async fn check_audit_log(url: &str) -> Result<u64, Failure> {
    let storage = PostgresStorage::connect(url, &storage_postgres::Options::default()).await?;
    let mut chain = AuditChain::default();
    loop {
        let (records, committed) = storage.audit_chain(chain.records, CHECKED).await?;
        let fault = |fault: storage::AuditFault| Failure::Refused(format!("{fault}; it was so before it was moved"));
        records.iter().try_for_each(|record| chain.check(record)).map_err(fault)?;
        if records.is_empty() {
            chain.check_end(committed).map_err(fault)?;
            storage.close().await;
            return Ok(chain.records);
        }
    }
}

/// Says on standard error how far it has come.
#[derive(Default)]
struct Progress {
    rows: usize,
    told: usize,
}

impl Progress {
    const EVERY: usize = 100_000;

    fn tell(&mut self, rows: &Rows) {
        self.rows += rows.rows.len();
        if self.rows - self.told >= Self::EVERY {
            self.told = self.rows;
            eprintln!("{} rows, now {}", self.rows, rows.table);
        }
    }
}
