//! The schema of each released version is kept as it was, so that every later version must migrate it.

use crate::database::Database;
use rusqlite::Connection;
use std::sync::Arc;
use storage::{Accounts, Boots, ChangeFeed, Credentials, Page, Registrations, SettingName, Settings};
use testkit::{RecordingFollower, samples};

/// Every object of version 1, as `sqlite_master` has them in order of creation. Never edit it.
const SCHEMA_V1: &str = include_str!("../schema_v1.sql");
/// Rows as version 1 wrote them. Never edit them.
const ROWS_V1: &str = include_str!("../rows_v1.sql");

fn dump(connection: &Connection) -> String {
    let sql = "SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
    let mut statement = connection.prepare(sql).unwrap();
    let objects = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    objects.map(|object| object.unwrap() + "\n").collect()
}

#[test]
fn a_new_database_has_the_schema_of_version_1() {
    let database = Database::new();
    drop(database.open());
    let connection = database.look();
    assert_eq!(dump(&connection), SCHEMA_V1);
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((pragma("application_id"), pragma("user_version")), (0x5369_7057, 1));
}

#[tokio::test]
async fn a_database_of_version_1_opens_with_all_its_rows() {
    let database = Database::new();
    let connection = Connection::open(database.path()).unwrap();
    connection.execute_batch(&format!("PRAGMA application_id = 1399418967; {SCHEMA_V1} {ROWS_V1}")).unwrap();
    connection.execute_batch("PRAGMA user_version = 1").unwrap();
    drop(connection);

    let storage = database.open();
    let account = storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap();
    let page = storage.credentials(account.id, Page { limit: 10, offset: 0 }).await.unwrap();
    assert_eq!(page.total, 2);
    let names: Vec<&str> = page.credentials.iter().map(|credential| credential.username.as_str()).collect();
    assert_eq!(names, ["office_phone_01", "lobby"]);
    let sealed = page.credentials.iter().map(|credential| credential.ha1s.md5.as_ref().map(|ha1| ha1.as_bytes().len()));
    assert_eq!(sealed.collect::<Vec<_>>(), [Some(49), None]);
    assert_eq!(storage.setting(SettingName::BaseDomain).await.unwrap().as_deref(), Some("sip.localhost"));
    let mut bindings = Vec::new();
    storage.load(samples::CREATED_AT, &mut |binding| bindings.push(binding)).unwrap();
    assert_eq!(bindings.len(), 1);
    assert_eq!(storage.boots_since(samples::CREATED_AT).await.unwrap().len(), 1);
    let follower = Arc::new(RecordingFollower::default());
    assert_eq!(storage.follow(follower.clone()).await.unwrap().0, 4);
    assert_eq!(follower.facts().len(), 7);
}

/// The plans that keep lists and look-ups quick: no statement of a request walks a table.
#[test]
fn requests_use_indexes() {
    let database = Database::new();
    drop(database.open());
    let connection = database.look();
    for (sql, expected) in [
        (
            "SELECT no FROM credentials WHERE account_id = 1 ORDER BY no LIMIT 20 OFFSET 5000",
            "SEARCH credentials USING COVERING INDEX credentials_of_account (account_id=?)",
        ),
        (
            "SELECT 1 FROM credentials WHERE realm_id = 1 AND username = 'a'",
            "SEARCH credentials USING COVERING INDEX sqlite_autoindex_credentials_2 (realm_id=? AND username=?)",
        ),
        (
            "DELETE FROM credentials WHERE id = x'00' AND account_id = 1",
            "SEARCH credentials USING INDEX sqlite_autoindex_credentials_1 (id=?)",
        ),
        ("DELETE FROM registrations WHERE credential = x'00'", "SEARCH registrations USING PRIMARY KEY (credential=?)"),
    ] {
        let plan: String =
            connection.query_row(&format!("EXPLAIN QUERY PLAN {sql}"), [], |row| row.get("detail")).unwrap();
        assert_eq!(plan, expected, "{sql}");
    }
}
