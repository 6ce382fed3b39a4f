//! Tokens of accounts and of the operator.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a check fails by panicking")]

use super::{Subject, assert_conflict};
use crate::{RecordingFollower, samples};
use domain::{AccountId, ApiToken, OperatorToken, Timestamp, TokenScope};
use std::sync::Arc;
use storage::{Change, Conflict, Fact, FirstToken, TokenUse};

/// Every field survives, in order of creation, and what is created is told.
pub async fn tokens_are_listed_in_order_of_creation(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let stranger = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    let first = FirstToken { ..samples::new_account("MA_AAAAAAAA").token };
    let mut expected = vec![first.of_account(account.id, samples::CREATED_AT)];
    for (number, scope) in (10..).step_by(10).zip(TokenScope::ALL) {
        let token = ApiToken {
            scope,
            expires_at: (scope != TokenScope::All).then(|| Timestamp::from_seconds(99)),
            last_used_at: (scope == TokenScope::ReadOnly).then(|| Timestamp::from_seconds(98)),
            ..samples::api_token(account.id, 100 - number)
        };
        let revision = subject.commit(Change::CreateApiToken(token.clone())).await.unwrap();
        let (told, facts) = follower.calls().pop().unwrap();
        assert_eq!((told, format!("{facts:?}")), (revision, format!("{:?}", [Fact::ApiToken(token.clone())])));
        expected.push(token);
    }
    assert_eq!(subject.storage.api_tokens(account.id).await.unwrap(), expected);
    assert_eq!(subject.storage.api_tokens(stranger.id).await.unwrap().len(), 1);
    assert!(subject.storage.api_tokens(AccountId(99)).await.unwrap().is_empty());
    let lost = Change::CreateApiToken(samples::api_token(AccountId(99), 1));
    assert_conflict(subject.commit(lost).await, Conflict::NotFound);
}

/// A token is revoked once, by its own account only, and the revocation is told.
pub async fn a_token_is_revoked_by_its_account_only(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let stranger = subject.create_account(samples::new_account("MA_BBBBBBBB")).await;
    let (kept, gone) = (samples::api_token(account.id, 1), samples::api_token(account.id, 10));
    for token in [&kept, &gone] {
        subject.commit(Change::CreateApiToken(token.clone())).await.unwrap();
    }
    let revoke = |account| Change::RevokeApiToken { account, id: gone.id };
    assert_conflict(subject.commit(revoke(stranger.id)).await, Conflict::NotFound);
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    subject.commit(revoke(account.id)).await.unwrap();
    let (_, facts) = follower.calls().pop().unwrap();
    assert!(matches!(&facts[..], [Fact::ApiTokenRevoked { account: a, id }] if *a == account.id && *id == gone.id));
    assert_conflict(subject.commit(revoke(account.id)).await, Conflict::NotFound);
    assert_eq!(subject.storage.api_tokens(account.id).await.unwrap()[1..], [kept]);
}

/// The operator's tokens are kept, told, revoked once, and never mix with those of accounts.
pub async fn operator_tokens_are_kept_apart(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    assert!(subject.storage.operator_tokens().await.unwrap().is_empty());
    let first = samples::operator_token(20);
    let second = OperatorToken {
        expires_at: Some(Timestamp::from_seconds(99)),
        last_used_at: Some(Timestamp::from_seconds(98)),
        ..samples::operator_token(1)
    };
    for token in [&first, &second] {
        subject.commit(Change::CreateOperatorToken(token.clone())).await.unwrap();
    }
    assert_eq!(subject.storage.operator_tokens().await.unwrap(), [first.clone(), second.clone()]);
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    let told = follower.facts();
    let told: Vec<_> =
        told.iter().filter_map(|f| if let Fact::OperatorToken(t) = f { Some(t) } else { None }).collect();
    assert_eq!(told, [&first, &second]);

    let as_account = Change::RevokeApiToken { account: account.id, id: first.id };
    assert_conflict(subject.commit(as_account).await, Conflict::NotFound);
    let of_account = samples::new_account("MA_AAAAAAAA").token.id;
    assert_conflict(subject.commit(Change::RevokeOperatorToken(of_account)).await, Conflict::NotFound);
    subject.commit(Change::RevokeOperatorToken(first.id)).await.unwrap();
    let (_, facts) = follower.calls().pop().unwrap();
    assert!(matches!(&facts[..], [Fact::OperatorTokenRevoked(id)] if *id == first.id));
    assert_conflict(subject.commit(Change::RevokeOperatorToken(first.id)).await, Conflict::NotFound);
    assert_eq!(subject.storage.operator_tokens().await.unwrap(), [second]);
    assert_eq!(subject.storage.api_tokens(account.id).await.unwrap().len(), 1);
}

/// The latest use stays, whatever comes later; no revision and no fact comes of it, and an unknown token does no harm.
pub async fn the_latest_use_of_a_token_stays(subject: Subject) {
    let account = subject.create_account(samples::new_account("MA_AAAAAAAA")).await;
    let (token, operator) = (samples::api_token(account.id, 1), samples::operator_token(10));
    subject.commit(Change::CreateApiToken(token.clone())).await.unwrap();
    let last = subject.commit(Change::CreateOperatorToken(operator.clone())).await.unwrap();
    let follower = Arc::new(RecordingFollower::default());
    subject.storage.follow(follower.clone()).await.unwrap();
    let told = follower.calls().len();

    let used = |id, second| TokenUse { token: id, at: Timestamp::from_seconds(second) };
    let unknown = samples::api_token(account.id, 50).id;
    for uses in [
        vec![used(token.id, 20), used(unknown, 30), used(operator.id, 25)],
        vec![used(token.id, 10), used(operator.id, 24)],
        vec![used(operator.id, 26), used(operator.id, 23)],
        Vec::new(),
    ] {
        subject.storage.save_token_uses(uses).await.unwrap();
    }
    let tokens = subject.storage.api_tokens(account.id).await.unwrap();
    assert_eq!(tokens[0].last_used_at, None);
    assert_eq!(tokens[1], ApiToken { last_used_at: Some(Timestamp::from_seconds(20)), ..token });
    let of_operator = subject.storage.operator_tokens().await.unwrap();
    assert_eq!(of_operator, [OperatorToken { last_used_at: Some(Timestamp::from_seconds(26)), ..operator }]);
    assert_eq!(follower.calls().len(), told);
    let next = subject.commit(Change::RevokeOperatorToken(of_operator[0].id)).await.unwrap();
    assert_eq!(next.0, last.0 + 1);
}
