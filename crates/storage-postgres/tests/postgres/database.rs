//! A database of one's own, and a second look at it past the adapter.

use crate::server;
use domain::{AccountId, AuditAction, AuditEvent, Revision, Timestamp};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage_postgres::{Options, PostgresStorage};
use testkit::conformance::Subject;

/// An empty database.
#[derive(Clone)]
pub struct Database {
    name: String,
}

static DATABASES: AtomicU64 = AtomicU64::new(0);

impl Database {
    pub fn new() -> Self {
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        now(async move {
            let mut connection = PgConnection::connect(&server::url("postgres")).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
        });
        Self { name }
    }

    pub fn url(&self) -> String {
        server::url(&self.name)
    }

    pub async fn open(&self) -> PostgresStorage {
        PostgresStorage::connect(&self.url(), &Options::default()).await.unwrap()
    }

    /// A connection as the operator's tools have one.
    pub async fn look(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.unwrap()
    }

    /// The empty storage as the conformance suite takes it.
    pub fn into_subject(self) -> Subject {
        let database = self.clone();
        let storage = Arc::new(now(async move { database.open().await }));
        let database = self.clone();
        let read = move || {
            let database = database.clone();
            now(async move { audit_log(&database).await })
        };
        Subject { storage, audit_log: Box::new(read), keep: Box::new(self) }
    }
}

/// Does it here and now, wherever that is.
fn now<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let run = move || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
    std::thread::spawn(run).join().unwrap()
}

async fn audit_log(database: &Database) -> Vec<(Revision, AuditEvent)> {
    let sql = "SELECT revision, at, account_id, actor, source, request_id, action, subject, detail
               FROM audit_log ORDER BY seq";
    let rows = sqlx::query(sql).fetch_all(&mut database.look().await).await.unwrap();
    rows.iter().map(audit_event).collect()
}

fn audit_event(row: &PgRow) -> (Revision, AuditEvent) {
    let text = |column: usize| row.get::<String, _>(column).into_boxed_str();
    let action = text(6);
    let actions = [
        AuditAction::AccountCreated,
        AuditAction::AccountUpdated,
        AuditAction::AccountDeleted,
        AuditAction::HostAdded,
        AuditAction::HostRemoved,
        AuditAction::TokenCreated,
        AuditAction::TokenRevoked,
        AuditAction::OperatorTokenCreated,
        AuditAction::OperatorTokenRevoked,
        AuditAction::KeysRotated,
        AuditAction::CredentialCreated,
        AuditAction::CredentialUpdated,
        AuditAction::CredentialDeleted,
        AuditAction::RealmPolicyChanged,
        AuditAction::SettingChanged,
    ];
    let event = AuditEvent {
        at: Timestamp::from_micros(row.get(1)),
        account: row.get::<Option<i64>, _>(2).map(AccountId),
        actor: text(3),
        source: text(4),
        request_id: text(5),
        action: actions.into_iter().find(|known| known.as_str() == &*action).unwrap(),
        subject: text(7),
        detail: text(8),
    };
    (Revision(row.get::<i64, _>(0).cast_unsigned()), event)
}
