//! Sets of changes, their audit events and their order.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a check fails by panicking")]

use super::{Subject, assert_conflict};
use crate::{RecordingFollower, samples};
use domain::{AuditAction, AuditEvent, Credential};
use std::sync::Arc;
use storage::{Change, ChangeSet, CommitError, Conflict, Page, RegistrationsAfter, SettingName};

/// A set is all or nothing: changes, revision, audit event, and what followers hear.
pub async fn a_failing_change_undoes_the_earlier_ones(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let taken = subject.create_credential(samples::credential(&account, "taken", 1)).await;
    let follower = Arc::new(RecordingFollower::default());
    let before = subject.storage.follow(follower.clone()).await.unwrap();
    let told = follower.calls().len();
    let logged = (subject.audit_log)().len();

    let fresh = samples::credential(&account, "fresh", 2);
    let set = ChangeSet {
        changes: vec![
            Change::CreateCredential(fresh.clone()),
            Change::PutSetting { name: SettingName::BaseDomain, value: "lost.example.com".into() },
            Change::DeleteCredential { account: account.id, id: taken.id },
            Change::CreateAccount(samples::new_account("MA_AAAAAAAA")),
        ],
        audit: samples::audit(AuditAction::AccountCreated, "MA_AAAAAAAA"),
    };
    assert_conflict(subject.storage.commit(set).await, Conflict::AuthIdTaken);

    assert_eq!(subject.storage.credential(account.id, fresh.id).await.unwrap(), None);
    assert_eq!(subject.storage.credential(account.id, taken.id).await.unwrap(), Some(taken));
    assert_eq!(subject.storage.setting(SettingName::BaseDomain).await.unwrap(), None);
    let page = subject.storage.credentials(account.id, Page { limit: 10, offset: 0 }).await.unwrap();
    assert_eq!((page.credentials.len(), page.total), (1, 1));
    assert_eq!((subject.audit_log)().len(), logged);
    assert_eq!(follower.calls().len(), told);
    let next = subject.create_credential(fresh).await;
    assert_eq!(next.revision.0, before.0 + 1);
}

/// Within a set, changes apply one after the other and share one revision.
pub async fn later_changes_see_earlier_ones_of_their_set(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let first = subject.create_credential(samples::credential(&account, "phone", 1)).await;
    let second = samples::credential(&account, "phone", 2);
    let set = ChangeSet {
        changes: vec![
            Change::DeleteCredential { account: account.id, id: first.id },
            Change::CreateCredential(second.clone()),
            Change::PutSetting { name: SettingName::KeyCheck, value: "1".into() },
        ],
        audit: samples::audit(AuditAction::CredentialUpdated, "phone"),
    };
    let revision = subject.storage.commit(set).await.unwrap();
    assert_eq!(revision.0, first.revision.0 + 1);
    let read = subject.storage.credential(account.id, second.id).await.unwrap();
    assert_eq!(read, Some(Credential { revision, ..second.clone() }));

    let twice = ChangeSet {
        changes: vec![
            Change::CreateCredential(samples::credential(&account, "twin", 3)),
            Change::CreateCredential(samples::credential(&account, "twin", 4)),
        ],
        audit: samples::audit(AuditAction::CredentialCreated, "twin"),
    };
    assert_conflict(subject.storage.commit(twice).await, Conflict::UsernameTaken);
}

/// Each set leaves exactly one audit event, whole, under its revision; an account's creation is logged as its own.
pub async fn the_audit_event_comes_with_the_change(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let credential = samples::credential(&account, "phone", 1);
    let audit = AuditEvent {
        account: Some(account.id),
        actor: "MA_AAAAAAAA".into(),
        source: "192.0.2.1".into(),
        detail: r#"{"enabled":true}"#.into(),
        ..samples::audit(AuditAction::CredentialCreated, &credential.id.to_string())
    };
    let set = ChangeSet { changes: vec![Change::CreateCredential(credential.clone())], audit: audit.clone() };
    let revision = subject.storage.commit(set.clone()).await.unwrap();
    assert_conflict(subject.storage.commit(set).await, Conflict::UsernameTaken);
    let log = (subject.audit_log)();
    assert_eq!(log.len(), 2);
    assert_eq!(log[0].1.account, Some(account.id));
    assert_eq!(log[1], (revision, audit));
}

/// Every commit takes the next revision; a refused one takes none.
pub async fn revisions_are_without_gaps(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let mut last = subject.create_credential(samples::credential(&account, "phone", 1)).await.revision;
    for number in 2..20 {
        let again = Change::CreateCredential(samples::credential(&account, "phone", number));
        assert_conflict(subject.commit(again).await, Conflict::UsernameTaken);
        let next = subject.create_credential(samples::credential(&account, &format!("phone{number}"), number)).await;
        assert_eq!(next.revision.0, last.0 + 1);
        last = next.revision;
    }
    let empty = ChangeSet { changes: Vec::new(), audit: samples::audit(AuditAction::SettingChanged, "none") };
    assert_eq!(subject.storage.commit(empty).await.unwrap().0, last.0 + 1);
}

/// However many race for one username or for one revision, one wins.
pub async fn concurrent_creations_of_a_username_succeed_once(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let base = subject.create_credential(samples::credential(&account, "base", 1000)).await;
    let mut tasks = Vec::new();
    for number in 0..32_u64 {
        let create = Change::CreateCredential(samples::credential(&account, "wanted", number));
        let update = Change::UpdateCredential {
            credential: Credential { description: format!("{number}").into(), ..base.clone() },
            registrations: RegistrationsAfter::Keep,
        };
        for change in [create, update] {
            let storage = subject.storage.clone();
            tasks.push(tokio::spawn(async move { storage.commit(samples::change_set(change)).await }));
        }
    }
    let (mut won, mut taken, mut superseded) = (0, 0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            Err(CommitError::Conflict(Conflict::UsernameTaken)) => taken += 1,
            Err(CommitError::Conflict(Conflict::Superseded)) => superseded += 1,
            other => panic!("unexpected outcome {other:?}"),
        }
    }
    assert_eq!((won, taken, superseded), (2, 31, 31));
}
