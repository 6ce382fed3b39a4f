//! Answers remembered for repeated requests.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a check fails by panicking")]

use super::{Subject, assert_conflict};
use crate::samples::{self, CREATED_AT};
use domain::{AccountId, AuditAction, Sealed};
use storage::{Change, ChangeSet, CommitError, Conflict, RememberedAnswer, SettingName};

fn remember(answer: &RememberedAnswer) -> Change {
    Change::RememberAnswer { answer: answer.clone(), replaces_before: CREATED_AT }
}

/// One answer for each key of each account, and of the operator; nobody needs to say when it was.
pub async fn a_key_is_of_its_account(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let other = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let key = samples::remembered_answer(None, 1, CREATED_AT).key;
    for owner in [None, Some(account.id), Some(other.id)] {
        assert_eq!(subject.storage.remembered_answer(owner, key).await.unwrap(), None);
        let sealed = Sealed::from_bytes(format!("{owner:?}").into_bytes().into());
        let answer = RememberedAnswer { sealed, ..samples::remembered_answer(owner, 1, CREATED_AT) };
        subject.commit(remember(&answer)).await.unwrap();
        assert_eq!(subject.storage.remembered_answer(owner, key).await.unwrap(), Some(answer));
    }
    let lost = samples::remembered_answer(Some(AccountId(99)), 1, CREATED_AT);
    assert_conflict(subject.commit(remember(&lost)).await, Conflict::NotFound);
    let unused = samples::remembered_answer(None, 2, CREATED_AT).key;
    assert_eq!(subject.storage.remembered_answer(None, unused).await.unwrap(), None);
}

/// A key counts once, until its answer is older than the caller still honours; a refused set changes nothing.
pub async fn a_used_key_gives_way_when_it_is_old(subject: Subject) {
    let old = samples::remembered_answer(None, 1, CREATED_AT);
    subject.commit(remember(&old)).await.unwrap();
    let new = RememberedAnswer {
        at: CREATED_AT.plus_seconds(100),
        sealed: samples::remembered_answer(None, 5, CREATED_AT).sealed,
        ..old.clone()
    };
    let set = |replaces_before| ChangeSet {
        changes: vec![
            Change::PutSetting { name: SettingName::BaseDomain, value: "example.com".into() },
            Change::RememberAnswer { answer: new.clone(), replaces_before },
        ],
        audit: samples::audit(AuditAction::SettingChanged, "base_domain"),
    };
    assert_conflict(subject.storage.commit(set(CREATED_AT)).await, Conflict::KeyUsed);
    assert_eq!(subject.storage.setting(SettingName::BaseDomain).await.unwrap(), None);
    assert_eq!(subject.storage.remembered_answer(None, old.key).await.unwrap(), Some(old.clone()));
    subject.storage.commit(set(CREATED_AT.plus_seconds(1))).await.unwrap();
    assert!(subject.storage.setting(SettingName::BaseDomain).await.unwrap().is_some());
    assert_eq!(subject.storage.remembered_answer(None, old.key).await.unwrap(), Some(new));
}

/// However many repeat one request at the same time, one of them takes effect.
pub async fn concurrent_requests_of_one_key_take_effect_once(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let mut tasks = Vec::new();
    for number in 0..32_u64 {
        let set = ChangeSet {
            changes: vec![
                Change::CreateCredential(samples::credential(&account, &format!("phone{number}"), number)),
                remember(&samples::remembered_answer(Some(account.id), 1, CREATED_AT)),
            ],
            audit: samples::audit(AuditAction::CredentialCreated, "phone"),
        };
        let storage = subject.storage.clone();
        tasks.push(tokio::spawn(async move { storage.commit(set).await }));
    }
    let (mut won, mut used) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            Err(CommitError::Conflict(Conflict::KeyUsed)) => used += 1,
            other => panic!("unexpected outcome {other:?}"),
        }
    }
    assert_eq!((won, used), (1, 31));
    let page = subject.storage.credentials(account.id, storage::Page { limit: 100, offset: 0 }).await.unwrap();
    assert_eq!((page.credentials.len(), page.total), (1, 1));
}

/// Walking the answers meets each once, whatever the length of the steps.
pub async fn answers_can_be_walked(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let mut expected = Vec::new();
    for number in 0..9 {
        let owner = (number % 2 == 0).then_some(account.id);
        let answer = samples::remembered_answer(owner, number * 2, CREATED_AT.plus_seconds(number.cast_signed()));
        subject.commit(remember(&answer)).await.unwrap();
        expected.push(answer);
    }
    expected.sort_by_key(|answer| (answer.account, answer.key));
    for limit in [1, 2, 4, 9, 1000] {
        let (mut walked, mut after) = (Vec::new(), None);
        loop {
            let step = subject.storage.remembered_answers(after, limit).await.unwrap();
            assert!(step.len() <= limit as usize);
            let Some(last) = step.last() else { break };
            after = Some((last.account, last.key));
            walked.extend(step);
        }
        walked.sort_by_key(|answer| (answer.account, answer.key));
        assert_eq!(walked, expected, "in steps of {limit}");
    }
}

/// Old answers are forgotten, those of the moment itself are not; no revision comes of it.
pub async fn old_answers_are_forgotten(subject: Subject) {
    let answers: Vec<_> =
        (0..4).map(|n| samples::remembered_answer(None, n * 2, CREATED_AT.plus_seconds(n.cast_signed()))).collect();
    let mut last = None;
    for answer in &answers {
        last = Some(subject.commit(remember(answer)).await.unwrap());
    }
    subject.storage.forget_answers(CREATED_AT.plus_seconds(2)).await.unwrap();
    let mut kept = subject.storage.remembered_answers(None, 100).await.unwrap();
    kept.sort_by_key(|answer| answer.at);
    assert_eq!(kept, answers[2..]);
    let next = subject.commit(remember(&answers[0])).await.unwrap();
    assert_eq!(next.0, last.unwrap().0 + 1);
}

/// New seals replace old ones of the same answer only.
pub async fn answers_are_sealed_anew_unless_replaced(subject: Subject) {
    let (kept, replaced) =
        (samples::remembered_answer(None, 2, CREATED_AT), samples::remembered_answer(None, 4, CREATED_AT));
    let gone = samples::remembered_answer(None, 6, CREATED_AT);
    for answer in [&kept, &replaced] {
        subject.commit(remember(answer)).await.unwrap();
    }
    let later = RememberedAnswer { at: CREATED_AT.plus_seconds(9), ..replaced.clone() };
    let change = Change::RememberAnswer { answer: later.clone(), replaces_before: CREATED_AT.plus_seconds(1) };
    subject.commit(change).await.unwrap();
    let sealed = samples::remembered_answer(None, 50, CREATED_AT).sealed;
    let anew = |answer: &RememberedAnswer| RememberedAnswer { sealed: sealed.clone(), ..answer.clone() };
    subject.commit(Change::ResealAnswers(vec![anew(&kept), anew(&replaced), anew(&gone)])).await.unwrap();
    assert_eq!(subject.storage.remembered_answer(None, kept.key).await.unwrap(), Some(anew(&kept)));
    assert_eq!(subject.storage.remembered_answer(None, replaced.key).await.unwrap(), Some(later));
    assert_eq!(subject.storage.remembered_answer(None, gone.key).await.unwrap(), None);
}
