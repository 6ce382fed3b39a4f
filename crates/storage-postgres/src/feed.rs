//! How this node learns what is true: from the database alone, also of what it committed itself.
//!
//! A task reads, in one transaction that sees one moment, the revision, what was touched since the one before, and the
//! present state of that; and hands it to the followers in one call. Being told of a commit only makes it look at once. It
//! looks four times a second anyway, so a message that is lost costs a moment and nothing else.

use crate::changed;
use crate::facts::{self, News};
use crate::failure::{Failure, closed};
use crate::lease::APPLIED;
use crate::open::{Database, be_patient};
use crate::rows;
use crate::snapshot;
use crate::sql::{self, parameters};
use crate::transaction::COMMITTED;
use domain::Revision;
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{Connection as _, PgConnection};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use storage::{Follower, StorageError};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// How often to look without being told.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Between attempts to listen.
const LISTEN_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Why a node that was away for more than an hour can only begin anew.
const LEFT_BEHIND: &str =
    "this node was away for so long that what changed meanwhile is no longer kept; restart sipwarden";
/// Followers that may wait to be served.
const QUEUE_LENGTH: usize = 16;

/// The way to the task that reads.
pub(crate) struct Feed {
    commands: mpsc::Sender<Command>,
    link: FeedLink,
}

/// For whoever committed something.
#[derive(Clone)]
pub(crate) struct FeedLink {
    committed: Arc<Notify>,
    nodes: Arc<Notify>,
    applied: watch::Receiver<Revision>,
}

enum Command {
    Follow { follower: Arc<dyn Follower>, answer: oneshot::Sender<Result<Revision, StorageError>> },
    Close,
}

impl Feed {
    /// Begins where the database is now.
    pub async fn start(database: &Arc<Database>, mut connection: PgConnection) -> sql::Result<Self> {
        let revision = revision(&mut connection).await?;
        let (commands, received) = mpsc::channel(QUEUE_LENGTH);
        let (publish, applied) = watch::channel(revision);
        let link = FeedLink { committed: Arc::default(), nodes: Arc::default(), applied };
        let reader = Reader {
            database: Arc::clone(database),
            connection: Some(connection),
            followers: Vec::new(),
            committed: Arc::clone(&link.committed),
            applied: publish,
            is_failing: false,
        };
        database.handle.spawn(reader.run(received));
        database.handle.spawn(listen(Arc::clone(database), link.clone()));
        Ok(Self { commands, link })
    }

    pub fn link(&self) -> FeedLink {
        self.link.clone()
    }

    pub async fn follow(&self, follower: Arc<dyn Follower>) -> Result<Revision, StorageError> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(Command::Follow { follower, answer }).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    /// Completes when followers are told nothing more.
    pub async fn close(&self) {
        // Failure means that it has stopped already.
        let _ = self.commands.send(Command::Close).await;
        self.commands.closed().await;
    }
}

impl FeedLink {
    /// Has it look at once.
    pub fn wake(&self) {
        self.committed.notify_one();
    }

    /// The same, if that revision is not applied yet.
    pub fn wake_for(&self, revision: Revision) {
        if self.present() < revision {
            self.wake();
        }
    }

    /// Completes when another node has said something of itself.
    pub async fn told_of_nodes(&self) {
        self.nodes.notified().await;
    }

    /// The revision that the followers have applied.
    pub fn present(&self) -> Revision {
        *self.applied.borrow()
    }

    /// The same, as it grows; closed when nothing more is applied.
    pub fn applied(&self) -> watch::Receiver<Revision> {
        self.applied.clone()
    }

    pub fn is_closed(&self) -> bool {
        self.applied.has_changed().is_err()
    }

    /// Completes when the followers have applied that revision.
    pub async fn applied_here(&self, revision: Revision) -> Result<(), StorageError> {
        let mut applied = self.applied.clone();
        applied.wait_for(|applied| *applied >= revision).await.map(|_| ()).map_err(|_| closed())
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("applied", &*self.link.applied.borrow()).finish_non_exhaustive()
    }
}

/// What the task owns.
struct Reader {
    database: Arc<Database>,
    connection: Option<PgConnection>,
    followers: Vec<Arc<dyn Follower>>,
    committed: Arc<Notify>,
    applied: watch::Sender<Revision>,
    is_failing: bool,
}

impl Reader {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let committed = Arc::clone(&self.committed);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Follow { follower, answer }) => {
                        // Whoever asked may have gone.
                        let _ = answer.send(self.follow(follower).await.map_err(StorageError::from));
                    }
                    Some(Command::Close) | None => return,
                },
                () = committed.notified() => self.look().await,
                _ = looks.tick() => self.look().await,
            }
        }
    }

    async fn look(&mut self) {
        match (self.catch_up().await, self.is_failing) {
            (Ok(()), true) => {
                tracing::info!("the database can be read again");
                self.is_failing = false;
            }
            (Err(failure), false) => {
                tracing::error!(error = %failure.0, "the database cannot be read; what it says is applied once it can");
                self.is_failing = true;
            }
            (Ok(()), false) | (Err(_), true) => {}
        }
    }

    async fn catch_up(&mut self) -> sql::Result<()> {
        let applied = *self.applied.borrow();
        let mut connection = self.take_connection().await?;
        let patience = self.database.patience;
        let Some(read) = patient(patience, read_news(&mut connection, applied)).await? else {
            self.connection = Some(connection);
            return Ok(());
        };
        self.connection = Some(connection);
        self.publish(read);
        Ok(())
    }

    /// Tells a new follower everything, and the others what they did not know yet, as of one moment.
    async fn follow(&mut self, follower: Arc<dyn Follower>) -> sql::Result<Revision> {
        let applied = *self.applied.borrow();
        let mut connection = self.take_connection().await?;
        let told = Arc::clone(&follower);
        let work = async {
            let mut transaction = begin(&mut connection).await?;
            be_patient(&mut transaction).await?;
            let revision = revision(&mut transaction).await?;
            let news = news_since(&mut transaction, applied).await?;
            snapshot::tell(&mut transaction, revision, &*told).await?;
            transaction.commit().await?;
            Ok((revision, news))
        };
        // It takes as long as there is much to tell; each statement has its own limit.
        let read: (Revision, News) = work.await.map_err(|failure: Failure| failure)?;
        let revision = read.0;
        self.connection = Some(connection);
        if revision > applied {
            self.publish(read);
        }
        self.followers.push(follower);
        Ok(revision)
    }

    fn publish(&self, (revision, news): (Revision, News)) {
        for follower in &self.followers {
            if !news.stopped.is_empty() {
                follower.apply(revision, &news.stopped);
            }
            follower.apply(revision, &news.facts);
        }
        self.applied.send_replace(revision);
    }

    /// The connection that is kept, or a new one. It is kept again only if all went well.
    async fn take_connection(&mut self) -> sql::Result<PgConnection> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.database.connection().await,
        }
    }
}

async fn patient<T>(patience: Duration, work: impl Future<Output = sql::Result<T>>) -> sql::Result<T> {
    match timeout(patience, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::unavailable("the database does not answer any more")),
    }
}

/// What is new since that revision; `None` if there is nothing.
async fn read_news(connection: &mut PgConnection, applied: Revision) -> sql::Result<Option<(Revision, News)>> {
    if revision(connection).await? == applied {
        return Ok(None);
    }
    let mut transaction = begin(connection).await?;
    let revision = revision(&mut transaction).await?;
    let news = news_since(&mut transaction, applied).await?;
    transaction.commit().await?;
    Ok(Some((revision, news)))
}

async fn news_since(connection: &mut PgConnection, applied: Revision) -> sql::Result<News> {
    let trimmed = "SELECT 1 FROM changed_trimmed WHERE revision > $1";
    if sql::exists(connection, trimmed, parameters![applied.0.cast_signed()]).await? {
        return Err(Failure::damaged(LEFT_BEHIND));
    }
    let touched = changed::read(connection, applied).await?;
    facts::news(connection, touched).await
}

async fn begin(connection: &mut PgConnection) -> sql::Result<sqlx::Transaction<'_, sqlx::Postgres>> {
    Ok(connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
}

async fn revision(connection: &mut PgConnection) -> sql::Result<Revision> {
    sql::one(connection, "SELECT revision FROM counter", parameters![], |row| rows::revision(row, 0)).await
}

/// Passes on what nodes say. Whatever goes wrong with it, looking from time to time makes up for.
async fn listen(database: Arc<Database>, link: FeedLink) {
    let mut applied = link.applied();
    let closed = async move { while applied.changed().await.is_ok() {} };
    let listening = async {
        loop {
            let options = database.connect_options().clone();
            let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
            if let Ok(mut listener) = PgListener::connect_with(&pool).await
                && listener.listen_all([COMMITTED, APPLIED]).await.is_ok()
            {
                // An error is a lost connection, which the next call makes anew.
                while let Ok(said) = listener.recv().await {
                    if said.channel() == COMMITTED { link.committed.notify_one() } else { link.nodes.notify_one() }
                }
            }
            sleep(LISTEN_AGAIN_AFTER).await;
        }
    };
    tokio::select! {
        () = closed => {}
        () = listening => {}
    }
}
