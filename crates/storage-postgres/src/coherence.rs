//! Commits, the change feed and coherence: a revision is applied everywhere when every node that may answer has applied it.
//!
//! See docs/decisions/0019-leases.md for why that holds.

use crate::PostgresStorage;
use crate::boottime::BootTime;
use crate::failure::closed;
use crate::feed::FeedLink;
use crate::open::Database;
use crate::peers::{self, Peers};
use crate::rows;
use crate::sql::{self, parameters};
use domain::Revision;
use sqlx::PgConnection;
use std::sync::Arc;
use std::time::Duration;
use storage::{ChangeFeed, ChangeSet, Coherence, Commit, CommitError, Follower, Pending, StorageError};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How often to look at the nodes while somebody waits for one, without being told.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often otherwise, so that a node that fails is noticed before somebody waits for it.
const WATCH_EVERY: Duration = Duration::from_millis(500);
/// How long a look may take.
const LOOK_LIMIT: Duration = Duration::from_secs(5);

impl Commit for PostgresStorage {
    fn commit(&self, set: ChangeSet) -> Pending<'_, Result<Revision, CommitError>> {
        Box::pin(self.writer.commit(set))
    }
}

impl ChangeFeed for PostgresStorage {
    fn follow(&self, follower: Arc<dyn Follower>) -> Pending<'_, Result<Revision, StorageError>> {
        Box::pin(self.feed.follow(follower))
    }
}

impl Coherence for PostgresStorage {
    fn applied_everywhere(&self, revision: Revision) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.everywhere.reached(revision))
    }
}

/// What all nodes have applied.
#[derive(Debug, Clone)]
pub(crate) struct Everywhere {
    wanted: watch::Sender<Revision>,
    reached: watch::Receiver<Revision>,
}

impl Everywhere {
    /// Watches the other nodes from now on. `node` is the number of this one, if it is one.
    pub fn watch(database: &Arc<Database>, feed: FeedLink, node: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        let (wanted, asked) = watch::channel(Revision(0));
        let (publish, reached) = watch::channel(Revision(0));
        let watcher = Watcher {
            database: Arc::clone(database),
            feed,
            asked,
            reached: publish,
            connection: None,
            peers: Peers::default(),
        };
        database.handle.spawn(watcher.run(node));
        Self { wanted, reached }
    }

    async fn reached(&self, revision: Revision) -> Result<(), StorageError> {
        self.wanted.send_if_modified(|wanted| {
            let is_more = *wanted < revision;
            *wanted = (*wanted).max(revision);
            is_more
        });
        let mut reached = self.reached.clone();
        reached.wait_for(|reached| *reached >= revision).await.map(|_| ()).map_err(|_| closed())
    }
}

/// What looks at the nodes.
struct Watcher {
    database: Arc<Database>,
    feed: FeedLink,
    asked: watch::Receiver<Revision>,
    reached: watch::Sender<Revision>,
    connection: Option<PgConnection>,
    peers: Peers,
}

impl Watcher {
    async fn run(mut self, node: impl Fn() -> i64) {
        while !self.feed.is_closed() {
            // Before the look: a node that joins behind it knows this already.
            let applied = self.feed.present();
            match timeout(LOOK_LIMIT, self.look(node())).await {
                Ok(Ok(least)) => self.publish(least.map_or(applied, |least| least.min(applied))),
                // Whoever renews the lease says so.
                Ok(Err(_)) | Err(_) => self.connection = None,
            }
            self.rest(applied).await;
        }
    }

    fn publish(&self, reached: Revision) {
        self.reached.send_if_modified(|before| {
            let is_more = *before < reached;
            *before = (*before).max(reached);
            is_more
        });
    }

    /// Until there is something to look for.
    async fn rest(&mut self, looked_with: Revision) {
        let reached = *self.reached.borrow();
        let mut applied = self.feed.applied();
        if *self.asked.borrow() > reached {
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = self.feed.told_of_nodes() => {}
                _ = applied.wait_for(|applied| *applied > looked_with) => {}
            }
        } else {
            tokio::select! {
                () = sleep(WATCH_EVERY) => {}
                _ = self.asked.wait_for(|asked| *asked > reached) => {}
            }
        }
    }

    /// The least that another node has applied; `None` if there is no other. Those whose leases have run out are removed.
    async fn look(&mut self, own: i64) -> sql::Result<Option<Revision>> {
        let began = BootTime::now();
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.database.connection().await?,
        };
        let sql = format!("SELECT {} FROM nodes WHERE id <> $1", rows::NODE);
        let mut rows = sql::all(&mut connection, sql, parameters![own], rows::node).await?;
        for over in self.peers.look((began, BootTime::now()), &rows) {
            if peers::remove(&mut connection, over).await? {
                tracing::warn!(node = over.id, "a node does not renew its lease; nobody waits for it any more");
                rows.retain(|row| row.id != over.id);
            }
        }
        self.connection = Some(connection);
        Ok(rows.iter().map(|row| row.applied).min())
    }
}
