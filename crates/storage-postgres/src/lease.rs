//! The lease of this node: renewed in the database, kept in memory, looked at before each answer.

use crate::boottime::BootTime;
use crate::failure::Failure;
use crate::feed::FeedLink;
use crate::open::{Database, OpenError};
use crate::peers::{self, Peers};
use crate::rows;
use crate::sql::{self, parameters};
use domain::Revision;
use sqlx::PgConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use storage::{Lease, StorageError};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// Where nodes listen for what others have applied.
pub(crate) const APPLIED: &str = "sipwarden_applied";
/// Renewals of a lease while it lasts.
const RENEWALS: u32 = 4;
/// How often what every node has passed is removed from the table of what was touched.
const TRIM_EVERY: Duration = Duration::from_secs(60);

/// A node that may answer phones.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    /// What people call it.
    pub name: Box<str>,
    /// How long it may answer without hearing from the database; and how long a change waits for it at most, and a little
    /// longer, when it is cut off.
    pub lease: Duration,
}

/// Until when this node may answer.
#[derive(Debug)]
pub struct NodeLease {
    id: AtomicI64,
    until: AtomicU64,
    renewals: AtomicU64,
    has_left: AtomicBool,
    options: NodeOptions,
}

impl NodeLease {
    /// The node's number; another one after each time it was given up.
    #[must_use]
    pub fn node(&self) -> i64 {
        self.id.load(Ordering::Relaxed)
    }

    /// How long it lasts from now on, if it is not renewed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        BootTime::now().until(BootTime(self.until.load(Ordering::Acquire)))
    }

    /// How often it was renewed.
    #[must_use]
    pub fn renewals(&self) -> u64 {
        self.renewals.load(Ordering::Relaxed)
    }
}

impl Lease for NodeLease {
    fn is_in_force(&self) -> bool {
        BootTime::now() < BootTime(self.until.load(Ordering::Acquire)) && !self.has_left.load(Ordering::Acquire)
    }
}

/// Waits until no node of that name has a lease: what a node has, it takes up again when it is restarted, and two must not
/// have the same. One that was killed a moment ago is waited for, one that goes on is told.
pub(crate) async fn wait_for_name(database: &Database, options: &NodeOptions) -> Result<(), OpenError> {
    let mut connection = database.connection().await?;
    let mut namesakes = Peers::default();
    let mut seen: Option<(i64, i64)> = None;
    loop {
        let began = BootTime::now();
        let sql = format!("SELECT {} FROM nodes WHERE name = $1", rows::NODE);
        let found = sql::all(&mut connection, sql, parameters![options.name], rows::node).await?;
        let Some(row) = found.first() else { return Ok(()) };
        match seen {
            Some((id, renewal)) if id == row.id && renewal != row.renewal => {
                return Err(OpenError::NameTaken(options.name.clone()));
            }
            _ => seen = Some((row.id, row.renewal)),
        }
        for over in namesakes.look((began, BootTime::now()), &found) {
            peers::remove(&mut connection, over).await?;
        }
        sleep(options.lease / RENEWALS / 2).await;
    }
}

/// Makes this process a node and goes on renewing its lease.
pub(crate) async fn join(
    database: &Arc<Database>,
    feed: &FeedLink,
    options: NodeOptions,
) -> sql::Result<Arc<NodeLease>> {
    let lease = Arc::new(NodeLease {
        id: AtomicI64::new(0),
        until: AtomicU64::new(0),
        renewals: AtomicU64::new(0),
        has_left: AtomicBool::new(false),
        options,
    });
    let mut tenant = Tenant {
        database: Arc::clone(database),
        feed: feed.clone(),
        lease: Arc::clone(&lease),
        connection: None,
        is_failing: false,
    };
    tenant.renew().await?;
    database.handle.spawn(tenant.run());
    database.handle.spawn(publish(Arc::clone(database), feed.applied(), Arc::clone(&lease)));
    database.handle.spawn(trim(Arc::clone(database), feed.applied()));
    Ok(lease)
}

/// Gives it up: nobody waits for this node from now on, and it may not answer any more.
pub(crate) async fn leave(database: &Arc<Database>, lease: &NodeLease) -> Result<(), StorageError> {
    lease.has_left.store(true, Ordering::Release);
    lease.until.store(0, Ordering::Release);
    let id = lease.node();
    database
        .write(move |connection| {
            Box::pin(async move {
                let sql = "DELETE FROM nodes WHERE id = $1 RETURNING pg_notify($2, '')";
                sql::execute(connection, sql, parameters![id, APPLIED]).await?;
                Ok(())
            })
        })
        .await
}

/// What renews a lease.
struct Tenant {
    database: Arc<Database>,
    feed: FeedLink,
    lease: Arc<NodeLease>,
    connection: Option<PgConnection>,
    is_failing: bool,
}

impl Tenant {
    async fn run(mut self) {
        let every = self.lease.options.lease / RENEWALS;
        while !self.feed.is_closed() && !self.lease.has_left.load(Ordering::Acquire) {
            sleep(every).await;
            match (timeout(self.lease.options.lease, self.renew()).await, self.is_failing) {
                (Ok(Ok(())), true) => {
                    tracing::info!("the lease is renewed again");
                    self.is_failing = false;
                }
                (Ok(Ok(())), false) => {}
                (failed, was_failing) => {
                    // Whatever is under way on it is too late.
                    self.connection = None;
                    self.is_failing = true;
                    if !was_failing {
                        let error = failed.map_or_else(
                            |_| "no answer in time".to_owned(),
                            |outcome| outcome.err().map_or_else(String::new, |failure| failure.0.to_string()),
                        );
                        tracing::error!(error, "the lease is not renewed; phones are refused once it ends");
                    }
                }
            }
        }
    }

    /// Renews it from the moment before the database was asked, as soon as everything is applied that was committed by
    /// then. Both count: the row must be there, for all to see, before the moment that a lease counts from.
    async fn renew(&mut self) -> sql::Result<()> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.database.connection().await?,
        };
        // What is applied is written besides: a row that was written anew may have missed it.
        let renewal = "UPDATE nodes SET renewal = renewal + 1, applied = greatest (applied, $2), renewed_at = now()
             WHERE id = $1 RETURNING (SELECT revision FROM counter)";
        let (began, revision) = loop {
            let began = BootTime::now();
            let node = parameters![self.lease.node(), self.feed.present().0.cast_signed()];
            if let Some(revision) = sql::find(&mut connection, renewal, node, |row| rows::revision(row, 0)).await? {
                break (began, revision);
            }
            self.become_node(&mut connection).await?;
        };
        self.connection = Some(connection);
        self.feed.wake_for(revision);
        self.feed.applied_here(revision).await.map_err(Failure)?;
        self.lease.until.store(began.after(self.lease.options.lease).0, Ordering::Release);
        self.lease.renewals.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Writes a row of its own, for the first time or after others gave it up.
    async fn become_node(&self, connection: &mut PgConnection) -> sql::Result<()> {
        let NodeOptions { name, lease } = &self.lease.options;
        let sql = "INSERT INTO nodes (name, lease_ms, renewal, applied) VALUES ($1, $2, 0, $3) RETURNING id";
        let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        let applied = self.feed.present().0.cast_signed();
        let node = sql::one(connection, sql, parameters![name, lease_ms, applied], |row| row.get(0)).await?;
        self.lease.id.store(node, Ordering::Relaxed);
        tracing::info!(node, "this node answers as soon as it knows all that is true");
        Ok(())
    }
}

/// Writes down what this node has applied, as fast as the database takes it; whoever waits for it is woken.
async fn publish(database: Arc<Database>, mut applied: watch::Receiver<Revision>, lease: Arc<NodeLease>) {
    let mut connection = None;
    while applied.changed().await.is_ok() {
        let revision = *applied.borrow_and_update();
        let written =
            timeout(lease.options.lease, write_applied(&database, connection.take(), (lease.node(), revision)));
        match written.await {
            Ok(Ok(kept)) => connection = Some(kept),
            Ok(Err(_)) | Err(_) => {
                // The lease is not renewed either, which is said there. It is written again, if only for nobody.
                sleep(lease.options.lease / RENEWALS).await;
                applied.mark_changed();
            }
        }
    }
}

async fn write_applied(
    database: &Database,
    kept: Option<PgConnection>,
    (node, revision): (i64, Revision),
) -> sql::Result<PgConnection> {
    let mut connection = match kept {
        Some(connection) => connection,
        None => {
            let mut connection = database.connection().await?;
            // What a crash takes back is less than was applied: somebody waits longer, and nobody too short.
            sql::execute(&mut connection, "SET synchronous_commit = off", parameters![]).await?;
            connection
        }
    };
    let sql = "UPDATE nodes SET applied = $2 WHERE id = $1 AND applied < $2 RETURNING pg_notify($3, '')";
    sql::execute(&mut connection, sql, parameters![node, revision.0.cast_signed(), APPLIED]).await?;
    Ok(connection)
}

/// Removes what every node has passed, an hour after it was written.
async fn trim(database: Arc<Database>, mut applied: watch::Receiver<Revision>) {
    loop {
        let closed = async { while applied.changed().await.is_ok() {} };
        if timeout(TRIM_EVERY, closed).await.is_ok() {
            return;
        }
        let trimmed = database.write(|connection| {
            Box::pin(async move {
                let sql = "WITH gone AS (
                         DELETE FROM changed WHERE at < now() - interval '1 hour'
                         AND revision <= (SELECT min(applied) FROM nodes) RETURNING revision)
                     UPDATE changed_trimmed SET revision = greatest(revision, (SELECT max(revision) FROM gone))";
                sql::execute(connection, sql, parameters![]).await
            })
        });
        if let Err(error) = trimmed.await {
            tracing::warn!(%error, "what every node has passed could not be removed; it is tried again");
        }
    }
}
