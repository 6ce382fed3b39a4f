//! The one task of this node that commits change sets.

use crate::failure::{Failure, answer_lost, closed};
use crate::feed::FeedLink;
use crate::open::Database;
use crate::sql::{self, parameters};
use crate::transaction::{self, Outcomes};
use domain::Revision;
use sqlx::PgConnection;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use storage::{ChangeSet, CommitError, StorageError, WriteEnd, WriteOutcome};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Most sets committed at once: beyond it the cost of `fsync` is spread thin, and others wait for the counter.
const MAX_BATCH: usize = 512;
/// Sets that may wait before those who send must wait too.
const QUEUE_LENGTH: usize = 1024;
/// How long followers here may take to apply what was committed, before whoever waits is told that it is not known.
const APPLY_LIMIT: Duration = Duration::from_secs(10);

/// The way to the task. Dropping it lets the task finish what waits.
pub(crate) struct Writer {
    commands: mpsc::Sender<Command>,
    database: Arc<Database>,
}

enum Command {
    Commit(Box<Waiting>),
    Close,
}

/// A set and the one who waits for it.
struct Waiting {
    set: ChangeSet,
    caller: Caller,
}

struct Caller {
    ended: WriteEnd,
    answer: oneshot::Sender<Result<Revision, CommitError>>,
}

/// Why a transaction was rolled back.
enum Undone {
    /// One of its sets failed; the others may succeed without it.
    BySet(Failure),
    /// It could not begin or not be made durable, and neither could another one now.
    ByTransaction(Failure),
}

impl Writer {
    pub fn start(database: &Arc<Database>, feed: FeedLink) -> Self {
        let (commands, received) = mpsc::channel(QUEUE_LENGTH);
        let session = Session { database: Arc::clone(database), connection: None, feed };
        database.handle.spawn(session.run(received));
        Self { commands, database: Arc::clone(database) }
    }

    /// Commits a set, together with others, and answers when followers here have applied it.
    pub async fn commit(&self, set: ChangeSet) -> Result<Revision, CommitError> {
        let (answer, answered) = oneshot::channel();
        let caller = Caller { ended: self.database.observer.queued(), answer };
        let waiting = Box::new(Waiting { set, caller });
        self.commands.send(Command::Commit(waiting)).await.map_err(|_| closed())?;
        answered.await.map_err(|_| answer_lost())?
    }

    /// Completes when what was sent before is committed, and nothing more is taken.
    pub async fn close(&self) {
        // Failure means that it has stopped already.
        let _ = self.commands.send(Command::Close).await;
        self.commands.closed().await;
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Caller {
    fn tell(self, outcome: Result<Revision, CommitError>) {
        (self.ended)(match &outcome {
            Ok(_) => WriteOutcome::Committed,
            Err(CommitError::Conflict(_)) => WriteOutcome::Conflict,
            Err(CommitError::Storage(_)) => WriteOutcome::Failed,
        });
        // Whoever asked may have gone; what was committed stays committed.
        let _ = self.answer.send(outcome);
    }
}

/// What the task owns.
struct Session {
    database: Arc<Database>,
    connection: Option<PgConnection>,
    feed: FeedLink,
}

impl Session {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut received = Vec::with_capacity(MAX_BATCH);
        while commands.recv_many(&mut received, MAX_BATCH).await > 0 {
            let mut waiting = Vec::with_capacity(received.len());
            for command in received.drain(..) {
                match command {
                    Command::Commit(set) => waiting.push(*set),
                    Command::Close => commands.close(),
                }
            }
            self.commit(waiting).await;
        }
    }

    /// Commits all sets at once; if one of them fails, each by itself, so that none fails for another's sake.
    async fn commit(&mut self, waiting: Vec<Waiting>) {
        let (sets, callers): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|Waiting { set, caller }| (set, caller)).unzip();
        match self.attempt(&sets).await {
            Ok(outcomes) => self.answer(callers, outcomes),
            Err(Undone::BySet(_)) if sets.len() > 1 => {
                for (set, caller) in sets.into_iter().zip(callers) {
                    match self.attempt(std::slice::from_ref(&set)).await {
                        Ok(outcomes) => self.answer(vec![caller], outcomes),
                        Err(Undone::BySet(failure) | Undone::ByTransaction(failure)) => refuse(vec![caller], &failure),
                    }
                }
            }
            Err(Undone::BySet(failure) | Undone::ByTransaction(failure)) => refuse(callers, &failure),
        }
    }

    async fn attempt(&mut self, sets: &[ChangeSet]) -> Result<Outcomes, Undone> {
        if sets.is_empty() {
            return Ok(Outcomes::new());
        }
        let mut connection = self.begin().await.map_err(Undone::ByTransaction)?;
        let sets: Vec<&ChangeSet> = sets.iter().collect();
        let committing = AtomicBool::new(false);
        let work = async {
            let outcomes = transaction::apply_sets(&mut connection, &sets).await.map_err(Undone::BySet)?;
            committing.store(true, Ordering::Relaxed);
            let end = sqlx::query("COMMIT").execute(&mut connection).await;
            end.map_err(|error| Undone::ByTransaction(Failure::of_commit(error)))?;
            Ok(outcomes)
        };
        let outcome = timeout(self.database.patience, work).await.unwrap_or_else(|_| {
            let silent = "the database does not answer any more".to_owned();
            Err(Undone::ByTransaction(Failure(if committing.load(Ordering::Relaxed) {
                StorageError::Unknown(silent)
            } else {
                StorageError::Unavailable(silent)
            })))
        });
        // Closing it rolls back what it left open.
        self.connection = outcome.is_ok().then_some(connection);
        outcome
    }

    /// Begins a transaction on the connection that is kept, or on a new one if that was lost meanwhile.
    async fn begin(&mut self) -> sql::Result<PgConnection> {
        if let Some(mut kept) = self.connection.take()
            && let Ok(Ok(_)) = timeout(Duration::from_secs(2), sql::execute(&mut kept, "BEGIN", parameters![])).await
        {
            return Ok(kept);
        }
        let mut connection = self.database.connection().await?;
        sql::execute(&mut connection, "BEGIN", parameters![]).await?;
        Ok(connection)
    }

    /// Answers once followers here have applied what was committed; the next transaction need not wait for that.
    fn answer(&self, callers: Vec<Caller>, outcomes: Outcomes) {
        let last = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).max().copied();
        if last.is_some() {
            self.database.observer.committed(callers.len());
            self.feed.wake();
        }
        let feed = self.feed.clone();
        self.database.handle.spawn(async move {
            let applied = match last {
                Some(revision) => timeout(APPLY_LIMIT, feed.applied_here(revision)).await.unwrap_or_else(|_| {
                    Err(StorageError::Unknown("it is stored, but could not be read again by this node yet".into()))
                }),
                None => Ok(()),
            };
            for (caller, outcome) in callers.into_iter().zip(outcomes) {
                caller.tell(match (outcome, &applied) {
                    (Ok(_), Err(error)) => Err(error.clone().into()),
                    (outcome, _) => outcome.map_err(CommitError::Conflict),
                });
            }
        });
    }
}

fn refuse(callers: Vec<Caller>, failure: &Failure) {
    tracing::warn!(error = %failure.0, sets = callers.len(), "changes were not stored");
    callers.into_iter().for_each(|caller| caller.tell(Err(failure.0.clone().into())));
}
