//! Whoever moves an installation takes every table along.

use crate::database::Database;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use storage::Commit;
use storage_sqlite::{TABLES, read_tables};
use testkit::samples;

#[tokio::test]
async fn every_table_is_read_out() {
    let database = Database::new();
    let storage = database.open();
    let new = storage::Change::CreateAccount(samples::new_account("MA_AAAAAAAA"));
    let revision = storage.commit(samples::change_set(new)).await.unwrap();
    storage.close().await;
    let connection = database.look();
    let mut names = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    let names: BTreeSet<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    // The counter and SQLite's own are told apart.
    let expected: BTreeSet<String> =
        names.into_iter().filter(|name| name != "counter" && name != "sqlite_sequence").collect();
    assert_eq!(TABLES.map(str::to_owned).into_iter().collect::<BTreeSet<_>>(), expected);

    let mut read = Vec::new();
    let counters = read_tables(&database.path(), 10, &mut |rows| {
        read.push((rows.table, rows.rows.len()));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(read.iter().map(|(table, _)| *table).collect::<Vec<_>>(), TABLES);
    assert!(read.contains(&("accounts", 1)) && read.contains(&("hosts", 2)));
    assert_eq!(counters.revision, revision.0);
    assert!(counters.numbers.contains(&("accounts".into(), 1)));
    let mut calls = 0;
    read_tables(&database.path(), 10, &mut |_| {
        calls += 1;
        ControlFlow::Break(())
    })
    .unwrap();
    assert_eq!(calls, 1);
}
