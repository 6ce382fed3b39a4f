//! The writer thread.

use crate::failure::{Failure, answer_lost, writer_gone};
use crate::open::StartError;
use crate::rows;
use crate::snapshot;
use crate::transaction::{News, WriteTransaction};
use domain::Revision;
use rusqlite::{Connection, TransactionBehavior};
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use storage::{Follower, StorageError, WriteEnd, WriteObserver, WriteOutcome};
use tokio::sync::{mpsc, oneshot, watch};

/// Most commands committed at once: beyond it the cost of `fsync` is spread thin, and memory stays bounded.
const MAX_BATCH: usize = 512;
/// Commands that may wait before those who send must wait too.
const QUEUE_LENGTH: usize = 1024;

/// The way to the writer thread. Dropping it lets the thread finish what waits.
pub(crate) struct Writer {
    commands: Option<mpsc::Sender<Command>>,
    applied: watch::Receiver<Revision>,
    thread: Option<JoinHandle<()>>,
    observer: Arc<dyn WriteObserver>,
}

enum Command {
    Write(Box<dyn Write>),
    Follow { follower: Arc<dyn Follower>, answer: oneshot::Sender<Result<Revision, StorageError>> },
    Close,
}

impl Writer {
    pub fn start(connection: Connection, observer: Arc<dyn WriteObserver>) -> Result<Self, StartError> {
        let revision = connection.query_row("SELECT revision FROM counter", [], |row| rows::revision(row, 0))?;
        let (commands, received) = mpsc::channel(QUEUE_LENGTH);
        let (publish, applied) = watch::channel(revision);
        let observed = Arc::clone(&observer);
        let thread = thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || {
                let followers = Vec::new();
                let mut session = Session { connection, revision, followers, applied: publish, observer: observed };
                // The panic's own message is printed already; this says what follows from it.
                if std::panic::catch_unwind(AssertUnwindSafe(|| session.run(received))).is_err() {
                    tracing::error!("the database writer panicked; nothing can be stored until a restart");
                }
            })
            .map_err(|error| StartError::Thread(error.kind()))?;
        Ok(Self { commands: Some(commands), applied, thread: Some(thread), observer })
    }

    /// Runs the work in a transaction, which it shares with others, and answers when it is durable. The work may be
    /// run again, if the transaction failed for another's sake.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (command, answer) = Job::command(work, self.observer.queued());
        self.commands()?.send(command).await.map_err(|_| writer_gone())?;
        answer.await.map_err(|_| answer_lost())?
    }

    /// Like [`Writer::run`] for callers that block, on whatever thread they do.
    pub fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (command, answer) = Job::command(work, self.observer.queued());
        let commands = self.commands()?;
        // A thread of its own, because these calls refuse to block threads of an async runtime.
        let waiting = || {
            commands.blocking_send(command).map_err(|_| writer_gone())?;
            answer.blocking_recv().map_err(|_| answer_lost())?
        };
        thread::scope(|scope| scope.spawn(waiting).join()).map_err(|_| answer_lost())?
    }

    pub async fn follow(&self, follower: Arc<dyn Follower>) -> Result<Revision, StorageError> {
        let (answer, answered) = oneshot::channel();
        self.commands()?.send(Command::Follow { follower, answer }).await.map_err(|_| writer_gone())?;
        answered.await.map_err(|_| writer_gone())?
    }

    /// Completes when the followers have applied that revision.
    pub async fn applied(&self, revision: Revision) -> Result<(), StorageError> {
        self.check_alive()?;
        let mut applied = self.applied.clone();
        applied.wait_for(|applied| *applied >= revision).await.map(|_| ()).map_err(|_| writer_gone())
    }

    pub fn check_alive(&self) -> Result<(), StorageError> {
        if self.commands()?.is_closed() { Err(writer_gone()) } else { Ok(()) }
    }

    /// Completes when the thread has committed all that was sent before, and stopped.
    pub async fn close(&self) {
        if let Some(commands) = &self.commands {
            // Failure means that it has stopped already.
            let _ = commands.send(Command::Close).await;
        }
        // The thread lets go of the other end when its connection is closed.
        let mut applied = self.applied.clone();
        while applied.changed().await.is_ok() {}
    }

    fn commands(&self) -> Result<&mpsc::Sender<Command>, StorageError> {
        self.commands.as_ref().ok_or_else(writer_gone)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.commands = None;
        // A follower that owns the storage would have the thread wait for itself.
        let thread = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id());
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the database writer did not end in order");
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("applied", &*self.applied.borrow()).finish_non_exhaustive()
    }
}

/// Work and the one who waits for it.
trait Write: Send {
    /// Does the work inside the transaction; may be called again after a rollback.
    fn execute(&mut self, transaction: &mut WriteTransaction<'_>) -> Result<(), Failure>;
    /// Tells how it ended, after the transaction did.
    fn answer(self: Box<Self>, outcome: Result<(), StorageError>);
}

struct Job<W, T> {
    work: W,
    result: Option<T>,
    conflicted: bool,
    ended: WriteEnd,
    answer: oneshot::Sender<Result<T, StorageError>>,
}

impl<W, T> Job<W, T>
where
    W: FnMut(&mut WriteTransaction<'_>) -> Result<T, Failure> + Send + 'static,
    T: Send + 'static,
{
    fn command(work: W, ended: WriteEnd) -> (Command, oneshot::Receiver<Result<T, StorageError>>) {
        let (answer, answered) = oneshot::channel();
        (Command::Write(Box::new(Self { work, result: None, conflicted: false, ended, answer })), answered)
    }
}

impl<W, T> Write for Job<W, T>
where
    W: FnMut(&mut WriteTransaction<'_>) -> Result<T, Failure> + Send,
    T: Send,
{
    fn execute(&mut self, transaction: &mut WriteTransaction<'_>) -> Result<(), Failure> {
        let conflicts = transaction.conflicts;
        self.result = Some((self.work)(transaction)?);
        self.conflicted = transaction.conflicts > conflicts;
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StorageError>) {
        let Self { result, answer, conflicted, ended, .. } = *self;
        ended(match outcome {
            Ok(()) if conflicted => WriteOutcome::Conflict,
            Ok(()) => WriteOutcome::Committed,
            Err(_) => WriteOutcome::Failed,
        });
        // Whoever asked may have gone; what was committed stays committed.
        let _ = answer.send(outcome.and_then(|()| result.ok_or_else(answer_lost)));
    }
}

/// Why a transaction was rolled back.
enum Undone {
    /// One of its writes failed; the others may succeed without it.
    ByWrite(Failure),
    /// It could not begin or not be made durable, and neither could another one now.
    ByTransaction(Failure),
}

impl From<rusqlite::Error> for Undone {
    fn from(error: rusqlite::Error) -> Self {
        Self::ByTransaction(error.into())
    }
}

/// What the thread owns. The connection closes first, so that whoever sees `applied` go knows it closed.
struct Session {
    connection: Connection,
    revision: Revision,
    followers: Vec<Arc<dyn Follower>>,
    applied: watch::Sender<Revision>,
    observer: Arc<dyn WriteObserver>,
}

impl Session {
    fn run(&mut self, mut commands: mpsc::Receiver<Command>) {
        let mut waiting = Vec::with_capacity(MAX_BATCH);
        while commands.blocking_recv_many(&mut waiting, MAX_BATCH) > 0 {
            let mut writes = Vec::with_capacity(waiting.len());
            for command in waiting.drain(..) {
                match command {
                    Command::Write(write) => writes.push(write),
                    Command::Follow { follower, answer } => {
                        // What was sent before is part of the state the follower starts from.
                        self.write(std::mem::take(&mut writes));
                        let _ = answer.send(self.follow(follower));
                    }
                    Command::Close => commands.close(),
                }
            }
            self.write(writes);
        }
        if let Err(error) = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
            // Harmless: the log is read again when the database is opened.
            tracing::warn!(%error, "the database log could not be folded into the file");
        }
    }

    /// Commits all writes at once; if one of them fails, each by itself, so that none fails for another's sake.
    fn write(&mut self, mut writes: Vec<Box<dyn Write>>) {
        match self.attempt(&mut writes) {
            Ok(news) => {
                self.publish(&news);
                if !writes.is_empty() {
                    self.observer.committed(writes.len());
                }
                writes.into_iter().for_each(|write| write.answer(Ok(())));
            }
            Err(Undone::ByWrite(_)) if writes.len() > 1 => {
                writes.into_iter().for_each(|write| self.write(vec![write]));
            }
            Err(Undone::ByWrite(failure) | Undone::ByTransaction(failure)) => {
                tracing::warn!(error = %failure.0, writes = writes.len(), "writes were rolled back");
                writes.into_iter().for_each(|write| write.answer(Err(failure.0.clone())));
            }
        }
    }

    fn attempt(&mut self, writes: &mut [Box<dyn Write>]) -> Result<News, Undone> {
        if writes.is_empty() {
            return Ok(News::new());
        }
        // Dropping it without a commit rolls back, unless SQLite did so itself.
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut scope = WriteTransaction {
            connection: &transaction,
            revision: self.revision,
            news: News::new(),
            conflicts: 0,
            audit: None,
        };
        for write in writes {
            write.execute(&mut scope).map_err(Undone::ByWrite)?;
        }
        let WriteTransaction { revision, news, .. } = scope;
        if revision != self.revision {
            transaction.prepare_cached("UPDATE counter SET revision = ?1")?.execute([revision.0.cast_signed()])?;
        }
        transaction.commit().map_err(|error| Undone::ByTransaction(Failure::of_commit(error)))?;
        self.revision = revision;
        Ok(news)
    }

    fn publish(&self, news: &News) {
        for (revision, facts) in news {
            for follower in &self.followers {
                follower.apply(*revision, facts);
            }
        }
        self.applied.send_replace(self.revision);
    }

    fn follow(&mut self, follower: Arc<dyn Follower>) -> Result<Revision, StorageError> {
        snapshot::tell(&self.connection, self.revision, &*follower)?;
        self.followers.push(follower);
        Ok(self.revision)
    }
}
