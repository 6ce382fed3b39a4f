//! The in-memory storage passes the suite, and fails when told to.

use std::sync::Arc;
use storage::{Accounts, Change, Coherence, Commit, CommitError, StorageError};
use testkit::conformance::Subject;
use testkit::{MemoryStorage, samples};

fn memory() -> Subject {
    let storage = Arc::new(MemoryStorage::new());
    let log = storage.clone();
    Subject { storage, audit_log: Box::new(move || log.audit_log()), keep: Box::new(()) }
}

mod conformance {
    testkit::storage_conformance!(crate::memory);
}

#[tokio::test]
async fn an_injected_failure_fails_one_commit_and_stores_nothing() {
    let storage = MemoryStorage::new();
    storage.fail_next_commit();
    let set = samples::change_set(Change::CreateAccount(samples::new_account("MA_AAAAAAAA")));
    let failed = storage.commit(set.clone()).await;
    assert!(matches!(failed, Err(CommitError::Storage(StorageError::Unavailable(_)))));
    assert!(storage.accounts().await.unwrap().is_empty());
    assert!(storage.audit_log().is_empty());

    let revision = storage.commit(set).await.unwrap();
    storage.fail_next_coherence();
    assert!(storage.applied_everywhere(revision).await.is_err());
    storage.applied_everywhere(revision).await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_leaves_the_commit_stored() {
    let storage = MemoryStorage::new();
    storage.lose_next_answer();
    let set = samples::change_set(Change::CreateAccount(samples::new_account("MA_AAAAAAAA")));
    let lost = storage.commit(set).await;
    assert!(matches!(lost, Err(CommitError::Storage(StorageError::Unknown(_)))));
    assert_eq!(storage.accounts().await.unwrap().len(), 1);
}
