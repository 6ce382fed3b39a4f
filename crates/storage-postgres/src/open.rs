//! Opening the database, and saying what to do when that is not possible.

use crate::coherence::Everywhere;
use crate::failure::{Failure, answer_lost, closed};
use crate::feed::Feed;
use crate::lease::{self, NodeLease, NodeOptions};
use crate::migrate;
use crate::sql::{self, parameters};
use crate::writer::Writer;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgConnection, PgPool};
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use storage::{SettingName, StorageError, Unobserved, WriteObserver, WriteOutcome};
use tokio::runtime::{Builder, Handle, Runtime};

/// Threads for all that is done with the database; they wait more than they work, but for facts being applied.
const THREADS: usize = 2;
/// How long to wait for a connection, of those that are open or to the server.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long reading everything of a kind may take, at start-up.
const LOAD_LIMIT: Duration = Duration::from_secs(3600);
/// How much longer than the server we wait for a statement, before the connection counts as lost.
const ANSWER_MARGIN: Duration = Duration::from_secs(2);

/// The storage ports over one PostgreSQL database. Dropping it ends its connections.
pub struct PostgresStorage {
    pub(crate) writer: Writer,
    pub(crate) feed: Feed,
    pub(crate) everywhere: Everywhere,
    pub(crate) database: Arc<Database>,
    lease: Option<Arc<NodeLease>>,
    _threads: Threads,
}

/// A runtime of its own, so that renewing a lease waits for nothing else that this process does.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Waiting for its threads is not allowed where futures run.
            runtime.shutdown_background();
        }
    }
}

/// What may differ between installations.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most connections for reads and for what is written behind, besides three that are always open.
    pub connections: NonZeroU32,
    /// How long the server works on one statement before it gives up.
    pub statement_timeout: Duration,
    /// How long the server lets a transaction of ours wait for us. Everybody's writes wait for a node that was cut off or
    /// froze in the middle of a commit no longer than this.
    pub abandoned_after: Duration,
    /// What makes this process a node that may answer phones; without it, nobody waits for it.
    pub node: Option<NodeOptions>,
    /// Sees every write; nobody by default.
    pub observer: Arc<dyn WriteObserver>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: NonZeroU32::MIN.saturating_add(11),
            statement_timeout: Duration::from_secs(30),
            abandoned_after: Duration::from_secs(2),
            node: None,
            observer: Arc::new(Unobserved),
        }
    }
}

/// Why a database cannot be opened; each text ends in what mends it, and none has the password.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    /// The address is none.
    #[error("the database URL cannot be read ({0}); write it as postgres://user:password@host/database")]
    NoUrl(String),
    /// A database that has other tables.
    #[error("the database has tables that are not sipwarden's; create one of its own with `createdb`")]
    NotOurs,
    /// A database that has an installation already.
    #[error("the database has an installation already and is not overwritten; name an empty one")]
    NotEmpty,
    /// Written by a later version of this program that this one does not understand.
    #[error(
        "the database was upgraded by a newer sipwarden (schema {found}, this one knows {known}); install that version"
    )]
    TooNew {
        /// Its schema version.
        found: u32,
        /// The latest this program knows.
        known: u32,
    },
    /// Text in it is not UTF-8.
    #[error("the database is encoded in {0}; create it with `createdb --encoding=UTF8 --template=template0`")]
    NotUtf8(String),
    /// It does not answer, or refuses us.
    #[error(
        "the database cannot be used ({0}); check that PostgreSQL runs, the URL, and that its user may create tables there"
    )]
    Unusable(String),
    /// A node of the same name renews its lease.
    #[error("another node of this database is called {0}; give this one another name with --node-name")]
    NameTaken(Box<str>),
    /// The system gives no thread.
    #[error("no thread could be started ({0}); raise the limit of processes")]
    NoThread(std::io::ErrorKind),
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        Self::Unusable(failure.0.to_string())
    }
}

/// Where the database is, and the connections to it.
pub(crate) struct Database {
    connect: PgConnectOptions,
    pool: PgPool,
    pub handle: Handle,
    /// What this process is called; empty for one that is no node.
    pub node: Arc<str>,
    /// After which no answer comes any more.
    pub patience: Duration,
    pub observer: Arc<dyn WriteObserver>,
}

/// Statements under way on a connection.
pub(crate) type Work<'c, T> = std::pin::Pin<Box<dyn Future<Output = sql::Result<T>> + Send + 'c>>;

impl PostgresStorage {
    /// Connects to the database and brings its schema up to date; several may do so at once.
    ///
    /// # Errors
    /// [`OpenError`]; a database that is not ours is left as it was.
    pub async fn connect(url: &str, options: &Options) -> Result<Self, OpenError> {
        let connect = parse(url)?.application_name("sipwarden").statement_cache_capacity(256).options([
            ("statement_timeout", milliseconds(options.statement_timeout)),
            ("idle_in_transaction_session_timeout", milliseconds(options.abandoned_after)),
        ]);
        // A statement that takes long is counted by whoever waits for it; its text is in no log of ours.
        let connect = connect.disable_statement_logging();
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(THREADS).thread_name("postgres").enable_all().build();
        let runtime = runtime.map_err(|error| OpenError::NoThread(error.kind()))?;
        let handle = runtime.handle().clone();
        let threads = Threads(Some(runtime));
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.get())
            .acquire_timeout(CONNECT_LIMIT)
            // One exchange more, and nobody is refused because the database was restarted.
            .test_before_acquire(true)
            .connect_lazy_with(connect.clone());
        let database = Arc::new(Database {
            connect,
            pool,
            handle: handle.clone(),
            node: options.node.as_ref().map_or_else(|| "".into(), |node| Arc::from(&*node.name)),
            patience: options.statement_timeout + ANSWER_MARGIN,
            observer: Arc::clone(&options.observer),
        });
        let opening = Arc::clone(&database);
        let node = options.node.clone();
        let opened = handle.spawn(async move { open(&opening, node).await });
        let (feed, lease) = match opened.await {
            Ok(opened) => opened?,
            Err(_) => return Err(OpenError::Unusable("opening it was abandoned".into())),
        };
        let writer = Writer::start(&database, feed.link());
        let own = lease.clone();
        // Rows count from 1.
        let number = move || own.as_ref().map_or(0, |lease| lease.node());
        let everywhere = Everywhere::watch(&database, feed.link(), number);
        Ok(Self { writer, feed, everywhere, database, lease, _threads: threads })
    }

    /// The lease of this process, if it is a node.
    #[must_use]
    pub const fn lease(&self) -> Option<&Arc<NodeLease>> {
        self.lease.as_ref()
    }

    /// Commits what waits, gives the lease up and ends the connections; every later call fails.
    pub async fn close(&self) {
        self.writer.close().await;
        if let Some(lease) = &self.lease
            && let Err(error) = lease::leave(&self.database, lease).await
        {
            tracing::warn!(%error, "the lease could not be given up; others wait for it to run out");
        }
        self.feed.close().await;
        let database = Arc::clone(&self.database);
        // Failure means that the runtime is gone, and the connections with it.
        let _ = self.database.handle.spawn(async move { database.pool.close().await }).await;
    }
}

async fn open(
    database: &Arc<Database>,
    node: Option<NodeOptions>,
) -> Result<(Feed, Option<Arc<NodeLease>>), OpenError> {
    let mut connection = database.connection().await?;
    let encoding: String = sql::one(&mut connection, "SHOW server_encoding", parameters![], |row| row.get(0)).await?;
    if encoding != "UTF8" {
        return Err(OpenError::NotUtf8(encoding));
    }
    migrate::migrate(&mut connection).await?;
    let feed = Feed::start(database, connection).await?;
    let lease = match node {
        Some(node) => {
            lease::wait_for_name(database, &node).await?;
            Some(lease::join(database, &feed.link(), node).await?)
        }
        None => None,
    };
    Ok((feed, lease))
}

/// How an installation's rows are found, without bringing the schema up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The schema's version; 0 where there is none yet.
    pub schema_version: u32,
    /// How many accounts it has.
    pub accounts: u64,
    /// How many credentials.
    pub credentials: u64,
    /// The nodes that have a lease, or had one a moment ago.
    pub nodes: Vec<Box<str>>,
    /// The settings of the installation.
    pub settings: Vec<(SettingName, Box<str>)>,
}

/// Looks at a database and changes nothing.
///
/// # Errors
/// [`OpenError`] where it cannot be reached or is not ours.
pub async fn look(url: &str) -> Result<Look, OpenError> {
    let options = parse(url)?;
    let work = async {
        let mut connection = options.disable_statement_logging().connect().await.map_err(Failure::from)?;
        migrate::look(&mut connection).await
    };
    let outcome = tokio::time::timeout(CONNECT_LIMIT * 2, work).await;
    outcome.unwrap_or_else(|_| Err(OpenError::Unusable("it does not answer".into())))
}

impl fmt::Debug for PostgresStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStorage").field("feed", &self.feed).finish_non_exhaustive()
    }
}

impl Database {
    /// A connection of one's own.
    pub async fn connection(&self) -> sql::Result<PgConnection> {
        match tokio::time::timeout(CONNECT_LIMIT, self.connect.connect()).await {
            Ok(connected) => Ok(connected?),
            Err(_) => Err(Failure::unavailable("the database does not answer")),
        }
    }

    /// What the connections are made by, for one that listens.
    pub const fn connect_options(&self) -> &PgConnectOptions {
        &self.connect
    }

    /// Reads, all of one moment.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work).await
    }

    /// Writes what makes no revision. It may go on beside others of its kind, on whatever node, but not beside a commit:
    /// what it looks at before it writes is still so when it has.
    pub async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T> + Send + 'static,
    ) -> Result<T, StorageError> {
        let ended = self.observer.queued();
        let outcome = self.run("BEGIN", |connection| Box::pin(beside_others(connection, work))).await;
        if outcome.is_ok() {
            self.observer.committed(1);
        }
        ended(if outcome.is_ok() { WriteOutcome::Committed } else { WriteOutcome::Failed });
        outcome
    }

    /// The same for callers that block, on whatever thread they do.
    pub fn write_blocking(
        self: &Arc<Self>,
        work: impl for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, ()> + Send + 'static,
    ) -> Result<(), StorageError> {
        let database = Arc::clone(self);
        let (answer, answered) = std::sync::mpsc::channel();
        self.handle.spawn(async move {
            // Whoever asked may have gone.
            let _ = answer.send(database.write(work).await);
        });
        answered.recv().map_err(|_| answer_lost())?
    }

    /// Goes on to its end on threads of its own, whatever becomes of whoever waits.
    async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        begin: &'static str,
        work: impl for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T> + Send + 'static,
    ) -> Result<T, StorageError> {
        if self.pool.is_closed() {
            return Err(closed());
        }
        let database = Arc::clone(self);
        let running = self.handle.spawn(async move { database.run_here(begin, database.patience, work).await });
        running.await.map_err(|_| answer_lost())?.map_err(StorageError::from)
    }

    async fn run_here<T>(
        &self,
        begin: &'static str,
        patience: Duration,
        work: impl for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T>,
    ) -> sql::Result<T> {
        let mut connection = self.pool.acquire().await?;
        let done = tokio::time::timeout(patience, async {
            let mut transaction = sqlx::Connection::begin_with(&mut *connection, begin).await?;
            let result = work(&mut transaction).await?;
            transaction.commit().await.map_err(Failure::of_commit)?;
            Ok(result)
        });
        let outcome = done
            .await
            .unwrap_or_else(|_| Err(Failure(StorageError::Unknown("the database does not answer any more".into()))));
        if matches!(outcome, Err(Failure(StorageError::Unavailable(_) | StorageError::Unknown(_)))) {
            connection.close_on_drop();
        }
        outcome
    }

    /// The same for callers that block, which take what is found as it comes. `each` is called on the caller's thread.
    pub fn read_blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl for<'c> FnOnce(&'c mut PgConnection, std::sync::mpsc::SyncSender<Vec<T>>) -> Work<'c, ()>
        + Send
        + 'static,
        each: &mut dyn FnMut(T),
    ) -> Result<(), StorageError> {
        let (send, receive) = std::sync::mpsc::sync_channel(4);
        let database = Arc::clone(self);
        let (answer, answered) = std::sync::mpsc::channel();
        self.handle.spawn(async move {
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            let outcome = database
                .run_here(begin, LOAD_LIMIT, |connection| {
                    Box::pin(patiently(connection, move |connection| work(connection, send)))
                })
                .await;
            // Whoever asked may have gone.
            let _ = answer.send(outcome);
        });
        for found in receive {
            found.into_iter().for_each(&mut *each);
        }
        answered.recv().map_err(|_| answer_lost())?.map_err(StorageError::from)
    }
}

async fn beside_others<T>(
    connection: &mut PgConnection,
    work: impl for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T>,
) -> sql::Result<T> {
    sql::execute(connection, "SELECT revision FROM counter FOR SHARE", parameters![]).await?;
    work(connection).await
}

async fn patiently<T>(
    connection: &mut PgConnection,
    work: impl for<'c> FnOnce(&'c mut PgConnection) -> Work<'c, T>,
) -> sql::Result<T> {
    be_patient(connection).await?;
    work(connection).await
}

/// Has the server wait for a reader that takes its time with what it was told.
pub(crate) async fn be_patient(connection: &mut PgConnection) -> sql::Result<()> {
    sql::execute(connection, "SET LOCAL idle_in_transaction_session_timeout = '5min'", parameters![]).await?;
    Ok(())
}

/// Whatever is wrong with it is said without it: there may be a password in it.
pub(crate) fn parse(url: &str) -> Result<PgConnectOptions, OpenError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(OpenError::NoUrl("it begins otherwise".into()));
    }
    PgConnectOptions::from_str(url).map_err(|error| OpenError::NoUrl(error.to_string()))
}

fn milliseconds(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}
