//! Many commits at once share an `fsync`, and each has its own outcome.

use crate::database::Database;
use domain::Account;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::{Accounts, Change, Commit, CommitError, Conflict, Credentials, Page};
use storage_sqlite::SqliteStorage;
use testkit::samples;

async fn account(storage: &SqliteStorage) -> Account {
    let new = Change::CreateAccount(samples::new_account("MA_AAAAAAAA"));
    storage.commit(samples::change_set(new)).await.unwrap();
    storage.account(samples::auth_id("MA_AAAAAAAA")).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_commit_of_a_group_has_its_own_outcome() {
    let database = Database::new();
    let storage = Arc::new(database.open());
    let account = account(&storage).await;
    let tasks: Vec<_> = (0..2000_u64)
        .map(|number| {
            let storage = storage.clone();
            // Every name is wanted by two.
            let credential = samples::credential(&account, &format!("phone{}", number / 2), number);
            tokio::spawn(async move {
                (storage.commit(samples::change_set(Change::CreateCredential(credential.clone()))).await, credential)
            })
        })
        .collect();
    let mut revisions = Vec::new();
    for task in tasks {
        let (outcome, credential) = task.await.unwrap();
        let stored = storage.credential(account.id, credential.id).await.unwrap();
        match outcome {
            Ok(revision) => {
                assert_eq!(stored.unwrap().revision, revision);
                revisions.push(revision.0);
            }
            Err(CommitError::Conflict(Conflict::UsernameTaken)) => assert_eq!(stored, None),
            Err(other) => panic!("{other:?}"),
        }
    }
    revisions.sort_unstable();
    assert_eq!(revisions, (2..1002).collect::<Vec<u64>>());
    assert_eq!(storage.credentials(account.id, Page { limit: 1, offset: 0 }).await.unwrap().total, 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throughput_by_number_of_committers() {
    for committers in [1, 16, 256_u64] {
        let database = Database::new();
        let storage = Arc::new(database.open());
        let account = Arc::new(account(&storage).await);
        let started = Instant::now();
        let tasks: Vec<_> = (0..committers)
            .map(|committer| {
                let (storage, account) = (storage.clone(), account.clone());
                tokio::spawn(async move {
                    let mut commits = 0_u64;
                    while started.elapsed() < Duration::from_secs(1) {
                        let number = committer * 1_000_000 + commits;
                        let credential = samples::credential(&account, &format!("phone{number}"), number);
                        let set = samples::change_set(Change::CreateCredential(credential));
                        storage.commit(set).await.unwrap();
                        commits += 1;
                    }
                    commits
                })
            })
            .collect();
        let mut commits = 0;
        for task in tasks {
            commits += task.await.unwrap();
        }
        println!("{committers} committers: {:.0} commits/s", commits as f64 / started.elapsed().as_secs_f64());
        assert_eq!(storage.credentials(account.id, Page { limit: 1, offset: 0 }).await.unwrap().total, commits);
    }
}
