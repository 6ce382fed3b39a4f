//! Requests sent twice.

use crate::house::{House, PASSWORD, context, new_credential};
use domain::TokenScope;
use provisioning::{
    Answered, ApiTokenCreated, CredentialView, CredentialsWrite, IdempotencyKey, IdempotentRequest, NewApiToken,
    ProvisioningError, Remembering, ReplayedAnswer, TokenLabel,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use storage::{Accounts, Answers};

const DAY: i64 = 24 * 60 * 60;

fn request(key: &str, digest: u8) -> IdempotentRequest {
    IdempotentRequest { key: IdempotencyKey::parse(key).unwrap(), request_digest: [digest; 32] }
}

/// An answer that holds what must not be stored in the clear.
fn render(view: &CredentialView) -> (u16, Vec<u8>) {
    (201, format!("created {} with a secret shown once", view.id).into_bytes())
}

async fn create(
    house: &House,
    scope: &CredentialsWrite,
    (request, name): (IdempotentRequest, &str),
) -> Result<Answered<CredentialView>, ProvisioningError> {
    let remembering = Remembering { request, render: &render };
    house.provisioning.create_credential_once(scope, context(), new_credential(name), &remembering).await
}

fn fresh(outcome: Result<Answered<CredentialView>, ProvisioningError>) -> CredentialView {
    match outcome.unwrap() {
        Answered::Fresh(view) => view,
        Answered::Replayed(_) => panic!("it was answered before"),
    }
}

fn replayed(outcome: Result<Answered<CredentialView>, ProvisioningError>) -> ReplayedAnswer {
    match outcome.unwrap() {
        Answered::Replayed(answer) => answer,
        Answered::Fresh(_) => panic!("it was carried out again"),
    }
}

#[tokio::test]
async fn a_repetition_gets_the_same_answer_and_changes_nothing() {
    let house = House::new().await;
    let scope = house.account().await;
    let created = fresh(create(&house, &scope, (request("key", 1), "alice")).await);
    let log = house.storage.audit_log().len();
    for _ in 0..2 {
        let answer = replayed(create(&house, &scope, (request("key", 1), "alice")).await);
        assert_eq!((answer.status, answer.body.to_vec()), render(&created));
        assert_eq!(format!("{answer:?}"), "ReplayedAnswer { status: 201, .. }");
    }
    assert_eq!((house.stored().await.len(), house.storage.audit_log().len()), (1, log));
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_account() {
    let house = House::new().await;
    let (ours, theirs) = (house.account().await, house.account().await);
    fresh(create(&house, &ours, (request("key", 1), "alice")).await);
    let reused = create(&house, &ours, (request("key", 2), "bob")).await;
    assert!(matches!(reused, Err(ProvisioningError::KeyUsed)));
    assert_eq!(house.stored().await.len(), 1);
    fresh(create(&house, &ours, (request("another", 2), "bob")).await);
    fresh(create(&house, &theirs, (request("key", 2), "bob")).await);
}

#[tokio::test]
async fn answers_count_for_a_day() {
    let house = House::new().await;
    let scope = house.account().await;
    let id = fresh(create(&house, &scope, (request("key", 1), "alice")).await).id;
    house.clock.advance_seconds(DAY);
    replayed(create(&house, &scope, (request("key", 1), "alice")).await);
    house.clock.advance_seconds(1);
    let repeated = create(&house, &scope, (request("key", 1), "alice")).await;
    assert!(matches!(repeated, Err(ProvisioningError::UsernameTaken)), "decided anew");
    house.provisioning.delete_credential(&scope, context(), id).await.unwrap();
    let again = fresh(create(&house, &scope, (request("key", 1), "alice")).await);
    let answer = replayed(create(&house, &scope, (request("key", 1), "alice")).await);
    assert_eq!(answer.body.to_vec(), render(&again).1);
}

#[tokio::test]
async fn old_answers_are_forgotten_and_young_ones_kept() {
    let house = House::new().await;
    let scope = house.account().await;
    fresh(create(&house, &scope, (request("old", 1), "alice")).await);
    house.clock.advance_seconds(10);
    fresh(create(&house, &scope, (request("young", 1), "bob")).await);
    house.clock.advance_seconds(DAY - 5);
    house.provisioning.forget_answers().await.unwrap();
    assert_eq!(house.storage.remembered_answers(None, 10).await.unwrap().len(), 1);
    replayed(create(&house, &scope, (request("young", 1), "bob")).await);
}

#[tokio::test]
async fn a_refused_request_is_decided_anew() {
    let house = House::new().await;
    let scope = house.account().await;
    house.create(&scope, "alice").await.unwrap();
    let refused = create(&house, &scope, (request("key", 1), "alice")).await;
    assert!(matches!(refused, Err(ProvisioningError::UsernameTaken)));
    house.storage.fail_next_commit();
    let failed = create(&house, &scope, (request("key", 2), "bob")).await;
    assert!(matches!(failed, Err(ProvisioningError::Storage(_))));
    fresh(create(&house, &scope, (request("key", 2), "bob")).await);
}

#[tokio::test]
async fn no_answer_is_success_before_the_change_is_applied_everywhere() {
    let house = House::new().await;
    let scope = house.account().await;
    for _ in 0..2 {
        house.storage.fail_next_coherence();
        let outcome = create(&house, &scope, (request("key", 1), "alice")).await;
        assert!(matches!(outcome, Err(ProvisioningError::NotAppliedEverywhere(_))));
    }
    replayed(create(&house, &scope, (request("key", 1), "alice")).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_requests_at_the_same_time_one_is_carried_out() {
    let house = Arc::new(House::new().await);
    let scope = house.account().await;
    for round in 0..50 {
        let rendered = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (house, scope, rendered) = (Arc::clone(&house), scope.clone(), Arc::clone(&rendered));
                tokio::spawn(async move {
                    let key = format!("key_{round}");
                    let counting = |view: &CredentialView| {
                        rendered.fetch_add(1, Ordering::SeqCst);
                        render(view)
                    };
                    let remembering = Remembering { request: request(&key, 1), render: &counting };
                    let new = new_credential(&format!("phone_{round}"));
                    house.provisioning.create_credential_once(&scope, context(), new, &remembering).await.unwrap()
                })
            })
            .collect();
        let (mut created, mut repeated) = (Vec::new(), Vec::new());
        for task in tasks {
            match task.await.unwrap() {
                Answered::Fresh(view) => created.push(render(&view).1),
                Answered::Replayed(answer) => repeated.push(answer.body.to_vec()),
            }
        }
        assert_eq!((created.len(), repeated.len()), (1, 7));
        assert!(repeated.iter().all(|body| *body == created[0]));
        assert!((1..=8).contains(&rendered.load(Ordering::SeqCst)));
    }
    assert_eq!(house.stored().await.len(), 50);
    assert_eq!(house.count_opened(&house.keyring, &[PASSWORD]).await, 150);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_token_is_made_once_and_shown_again() {
    let house = Arc::new(House::new().await);
    let account = house.account_scope().await.account_write().unwrap();
    let make = || {
        let (house, account) = (Arc::clone(&house), account.clone());
        tokio::spawn(async move {
            let render = |created: &ApiTokenCreated| (201, created.auth_token.as_bytes().to_vec());
            let remembering = Remembering { request: request("key", 1), render: &render };
            let label = TokenLabel::parse("CI").unwrap();
            let new = NewApiToken { label, scope: TokenScope::All, expires_at: None };
            match house.provisioning.create_api_token_once(&account, context(), new, &remembering).await.unwrap() {
                Answered::Fresh(created) => created.auth_token.as_bytes().to_vec(),
                Answered::Replayed(answer) => answer.body.to_vec(),
            }
        })
    };
    let tasks: Vec<_> = (0..8).map(|_| make()).collect();
    let mut tokens = Vec::new();
    for task in tasks {
        tokens.push(task.await.unwrap());
    }
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert!(house.provisioning.authenticate(Some(account.auth_id().as_str().as_bytes()), Some(&tokens[0])).is_ok());
    let made = house.storage.audit_log().iter().filter(|(_, event)| event.action.as_str() == "token.created").count();
    assert_eq!(made, 1);
}

#[tokio::test]
async fn what_is_stored_shows_neither_key_nor_answer() {
    let house = House::new().await;
    let scope = house.account().await;
    fresh(create(&house, &scope, (request("visible-key", 1), "alice")).await);
    let stored = house.storage.remembered_answers(None, 10).await.unwrap().remove(0);
    let octets = [stored.sealed.as_bytes(), &stored.key].concat();
    for hidden in [&b"visible-key"[..], b"secret shown once"] {
        assert!(!octets.windows(hidden.len()).any(|window| window == hidden));
    }
    let account = house.storage.account(scope.auth_id().clone()).await.unwrap().unwrap();
    assert_eq!(stored.account, Some(account.id));
}

#[tokio::test]
async fn answers_survive_rotations_and_those_of_lost_keys_are_replaced() {
    let house = House::new().await;
    let scope = house.account().await;
    fresh(create(&house, &scope, (request("key", 1), "alice")).await);
    let rotated = house.rotate().await.unwrap();
    assert_eq!((rotated.credentials, rotated.answers), (1, 1));
    replayed(create(&house, &scope, (request("key", 1), "alice")).await);

    let other = house.keyring.with_new_primary(&*house.random).with_primary_only();
    house.keyring.switch_to(&other);
    let fresh_view = fresh(create(&house, &scope, (request("key", 2), "bob")).await);
    let answer = replayed(create(&house, &scope, (request("key", 2), "bob")).await);
    assert_eq!(answer.body.to_vec(), render(&fresh_view).1);
}
