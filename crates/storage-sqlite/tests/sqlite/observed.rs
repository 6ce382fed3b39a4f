//! What whoever watches the writer is told.

use crate::database::Database;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use storage::{Change, Commit, CommitError, Registrations};
use storage_sqlite::{Options, SqliteStorage, WriteEnd, WriteObserver, WriteOutcome};
use testkit::samples;

#[derive(Debug, Default)]
struct Notes {
    queued: AtomicUsize,
    ended: Arc<Mutex<Vec<WriteOutcome>>>,
    transactions: Mutex<Vec<usize>>,
}

impl WriteObserver for Notes {
    fn queued(&self) -> WriteEnd {
        self.queued.fetch_add(1, Ordering::SeqCst);
        let ended = Arc::clone(&self.ended);
        Box::new(move |outcome| ended.lock().unwrap().push(outcome))
    }

    fn committed(&self, writes: usize) {
        self.transactions.lock().unwrap().push(writes);
    }
}

#[tokio::test]
async fn every_write_is_seen_with_its_outcome_before_it_is_answered() {
    let database = Database::new();
    let notes = Arc::new(Notes::default());
    let options = Options { max_pages: Some(200), observer: Arc::clone(&notes) as _, ..Options::default() };
    let storage = SqliteStorage::open(&database.path(), &options).unwrap();
    let new = || samples::change_set(Change::CreateAccount(samples::new_account("MA_AAAAAAAA")));
    storage.commit(new()).await.unwrap();
    assert_eq!(*notes.ended.lock().unwrap(), [WriteOutcome::Committed]);
    assert!(matches!(storage.commit(new()).await, Err(CommitError::Conflict(_))));
    storage.save(Vec::new()).await.unwrap();
    let expected = [WriteOutcome::Committed, WriteOutcome::Conflict, WriteOutcome::Committed];
    assert_eq!(*notes.ended.lock().unwrap(), expected);
    assert_eq!(*notes.transactions.lock().unwrap(), [1, 1, 1]);
    let mut created = 0;
    let refused = loop {
        let auth_id = format!("MA_{created:08}");
        created += 1;
        match storage.commit(samples::change_set(Change::CreateAccount(samples::new_account(&auth_id)))).await {
            Ok(_) => assert!(created < 10_000, "200 pages never fill"),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, CommitError::Storage(_)), "{refused:?}");
    let ended = notes.ended.lock().unwrap();
    assert_eq!(ended.last(), Some(&WriteOutcome::Failed));
    assert_eq!(ended.len(), notes.queued.load(Ordering::SeqCst), "what was queued has ended");
    let durable = ended.iter().filter(|outcome| **outcome != WriteOutcome::Failed).count();
    assert_eq!(notes.transactions.lock().unwrap().iter().sum::<usize>(), durable);
}
