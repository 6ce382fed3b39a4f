//! API tokens and operator tokens: made, listed, used, expired, revoked.

use crate::house::{House, auth_id_of, context, id_of, label, operator};
use domain::{Clock, TokenId, TokenScope};
use provisioning::{AccountUpdate, NewOperatorToken, ProvisioningError, limits};
use storage::Tokens;

#[tokio::test]
async fn a_token_works_from_its_answer_until_it_is_revoked() {
    let house = House::new().await;
    let account = house.account(None, None).await.unwrap();
    let write = house.write(&account);
    let made = house.token(&write, TokenScope::All, None).await.unwrap();
    let expected = format!("{} token.created {{\"label\":\"CI \\\"staging\\\"\",\"scope\":\"all\"}}", id_of(&account));
    assert_eq!(house.last_deed(), expected);
    assert!(house.enter(id_of(&account), &made.auth_token).is_some());
    assert_eq!(house.provisioning.api_token(&write, made.token.id).await.unwrap().label, made.token.label);
    house.provisioning.revoke_api_token(&write, context(), made.token.id).await.unwrap();
    assert!(house.enter(id_of(&account), &made.auth_token).is_none());
    assert!(house.enter(id_of(&account), &account.auth_token).is_some());
    let again = house.provisioning.revoke_api_token(&write, context(), made.token.id).await;
    assert!(matches!(again, Err(ProvisioningError::TokenNotFound)));
}

#[tokio::test]
async fn a_token_is_refused_from_its_expiry_on() {
    let house = House::new().await;
    let account = house.account(None, None).await.unwrap();
    let write = house.write(&account);
    let now = house.clock.now();
    for passed in [now, now.plus_seconds(-1)] {
        let refused = house.token(&write, TokenScope::All, Some(passed)).await;
        assert!(matches!(refused, Err(ProvisioningError::ExpiryPassed)));
    }
    let made = house.token(&write, TokenScope::All, Some(now.plus_seconds(60))).await.unwrap();
    house.clock.advance_seconds(59);
    assert!(house.enter(id_of(&account), &made.auth_token).is_some());
    house.clock.advance_seconds(1);
    assert!(house.enter(id_of(&account), &made.auth_token).is_none());
    assert_eq!(house.provisioning.api_tokens(&write).await.unwrap().len(), 2, "it is still listed");
}

#[tokio::test]
async fn what_was_let_in_before_a_revocation_changes_nothing_after_it() {
    let house = House::new().await;
    let account = house.account(None, None).await.unwrap();
    let write = house.write(&account);
    let stolen = house.token(&write, TokenScope::All, None).await.unwrap();
    let inside = house.enter(id_of(&account), &stolen.auth_token).unwrap();
    let held = inside.scope(id_of(&account)).unwrap().account_write().unwrap();
    house.provisioning.revoke_api_token(&write, context(), stolen.token.id).await.unwrap();
    let refused = house.token(&held, TokenScope::All, None).await;
    assert!(matches!(refused, Err(ProvisioningError::AccessEnded)));
    let credentials = provisioning::AccountScope::clone(&held).credentials_write().unwrap();
    let refused = house.create(&credentials, "mallory").await;
    assert!(matches!(refused, Err(ProvisioningError::AccessEnded)));
}

#[tokio::test]
async fn an_account_cannot_lock_itself_out() {
    let house = House::new().await;
    let account = house.account(None, None).await.unwrap();
    let write = house.write(&account);
    let first = house.provisioning.api_tokens(&write).await.unwrap()[0].id;
    let revoke = async |id: TokenId| house.provisioning.revoke_api_token(&write, context(), id).await;
    house.token(&write, TokenScope::ReadOnly, None).await.unwrap();
    let short = house.token(&write, TokenScope::All, Some(house.clock.now().plus_seconds(60))).await.unwrap();
    house.clock.advance_seconds(60);
    assert!(matches!(revoke(first).await, Err(ProvisioningError::LastToken)));
    revoke(short.token.id).await.unwrap();
    house.token(&write, TokenScope::All, None).await.unwrap();
    revoke(first).await.unwrap();
    // The operator and a parent may take the last one: they can make another.
    let by_operator = house.provisioning.account_for_operator(&operator(), &auth_id_of(&account)).unwrap();
    for token in house.provisioning.api_tokens(&by_operator).await.unwrap() {
        house.provisioning.revoke_api_token(&by_operator, context(), token.id).await.unwrap();
    }
    assert!(house.last_deed().starts_with("operator token.revoked"));
    let parent = house.account(None, None).await.unwrap();
    let child = house.sub_account(&house.write(&parent)).await.unwrap();
    let over_child = house.operator_of(&parent).scope(id_of(&child)).unwrap().account_write().unwrap();
    let only = house.provisioning.api_tokens(&over_child).await.unwrap()[0].id;
    house.provisioning.revoke_api_token(&over_child, context(), only).await.unwrap();
    assert!(house.enter(id_of(&child), &child.auth_token).is_none());
}

#[tokio::test]
async fn tokens_of_others_are_not_there() {
    let house = House::new().await;
    let (ours, theirs) = (house.account(None, None).await.unwrap(), house.account(None, None).await.unwrap());
    let id = house.token(&house.write(&theirs), TokenScope::All, None).await.unwrap().token.id;
    let ours = house.write(&ours);
    assert!(matches!(house.provisioning.api_token(&ours, id).await, Err(ProvisioningError::TokenNotFound)));
    let revoked = house.provisioning.revoke_api_token(&ours, context(), id).await;
    assert!(matches!(revoked, Err(ProvisioningError::TokenNotFound)));
}

#[tokio::test]
async fn there_are_at_most_a_hundred_tokens() {
    let house = House::new().await;
    let account = house.account(None, None).await.unwrap();
    let write = house.write(&account);
    for _ in 1..limits::MAX_TOKENS_PER_ACCOUNT {
        house.token(&write, TokenScope::ReadOnly, None).await.unwrap();
    }
    let refused = house.token(&write, TokenScope::ReadOnly, None).await;
    assert!(matches!(refused, Err(ProvisioningError::TooManyTokens)));
    for _ in 0..limits::MAX_OPERATOR_TOKENS {
        house.provisioning.create_operator_token(&operator(), new_operator_token(None)).await.unwrap();
    }
    let refused = house.provisioning.create_operator_token(&operator(), new_operator_token(None)).await;
    assert!(matches!(refused, Err(ProvisioningError::TooManyTokens)));
}

#[tokio::test]
async fn a_disabled_account_or_parent_lets_nobody_in() {
    let house = House::new().await;
    let parent = house.account(None, None).await.unwrap();
    let child = house.sub_account(&house.write(&parent)).await.unwrap();
    let set = async |account, enabled| {
        let update = AccountUpdate { enabled: Some(enabled), ..AccountUpdate::default() };
        house.provisioning.update_account(&operator(), (auth_id_of(account), update)).await.unwrap();
    };
    let entered = || [&parent, &child].map(|account| house.enter(id_of(account), &account.auth_token).is_some());
    let held = house.write(&child);
    assert_eq!(entered(), [true, true]);
    set(&parent, false).await;
    assert_eq!(entered(), [false, false]);
    assert!(matches!(house.token(&held, TokenScope::All, None).await, Err(ProvisioningError::AccessEnded)));
    set(&parent, true).await;
    assert_eq!(entered(), [true, true]);
    set(&child, false).await;
    assert_eq!(entered(), [true, false]);
    // Its parent still reaches it, or could not enable it.
    assert!(house.operator_of(&parent).scope(id_of(&child)).is_ok());
}

#[tokio::test]
async fn the_last_use_is_shown_at_once_and_stored_when_flushed() {
    let house = House::new().await;
    let account = house.account(None, None).await.unwrap();
    let number = account.account.account.id;
    let write = house.write(&account);
    let stored = async || house.storage.api_tokens(number).await.unwrap()[0].last_used_at;
    let first_use = house.clock.now();
    assert_eq!(house.provisioning.api_tokens(&write).await.unwrap()[0].last_used_at, Some(first_use));
    assert_eq!(stored().await, None);
    house.provisioning.flush_token_uses().await.unwrap();
    assert_eq!(stored().await, Some(first_use));
    house.clock.advance_seconds(7);
    assert!(house.enter(id_of(&account), "wrong").is_none());
    house.provisioning.flush_token_uses().await.unwrap();
    assert_eq!(stored().await, Some(first_use), "a wrong token uses none");
    house.operator_of(&account);
    let again = house.clock.now();
    let shown = house.provisioning.show_account(&operator(), auth_id_of(&account)).await.unwrap().last_used_at;
    assert_eq!(shown, Some(again));
    house.provisioning.flush_token_uses().await.unwrap();
    assert_eq!(stored().await, Some(again));
    // After a restart it is known from storage.
    let restarted = House::on(std::sync::Arc::clone(&house.storage), 2).await;
    let shown = restarted.provisioning.show_account(&operator(), auth_id_of(&account)).await.unwrap().last_used_at;
    assert_eq!(shown, Some(again));
}

#[tokio::test]
async fn operator_tokens_let_in_whoever_has_one() {
    let house = House::new().await;
    let enter = |token: &str| house.provisioning.authenticate_operator(Some(token.as_bytes()), context());
    assert!(house.provisioning.authenticate_operator(None, context()).is_err());
    assert!(enter("").is_err() && enter("guess").is_err());
    let passed = new_operator_token(Some(house.clock.now()));
    let refused = house.provisioning.create_operator_token(&operator(), passed).await;
    assert!(matches!(refused, Err(ProvisioningError::ExpiryPassed)));
    let made = house.provisioning.create_operator_token(&operator(), new_operator_token(None)).await.unwrap();
    let end = Some(house.clock.now().plus_seconds(60));
    let short = house.provisioning.create_operator_token(&operator(), new_operator_token(end)).await.unwrap();
    let account = house.account(None, None).await.unwrap();
    assert!(enter(&account.auth_token).is_err(), "an account's token is none");
    assert!(house.enter(id_of(&account), &made.bearer_token).is_none(), "and the other way round");
    let bearer = enter(&made.bearer_token).unwrap();
    house.provisioning.clear_default_account(&bearer).await.unwrap();
    let log = house.storage.audit_log();
    let (_, event) = log.last().unwrap();
    assert_eq!((&*event.actor, &*event.source, &*event.request_id), ("operator:laptop", "192.0.2.1", "request"));
    assert!(enter(&short.bearer_token).is_ok());
    house.clock.advance_seconds(60);
    assert!(enter(&short.bearer_token).is_err());
    let listed = house.provisioning.operator_tokens(&operator()).await.unwrap();
    assert_eq!(listed.iter().map(|token| token.id).collect::<Vec<_>>(), [made.token.id, short.token.id]);
    assert!(listed[0].last_used_at.is_some());
    house.provisioning.revoke_operator_token(&bearer, made.token.id).await.unwrap();
    assert!(enter(&made.bearer_token).is_err());
    let refused = house.provisioning.revoke_operator_token(&bearer, short.token.id).await;
    assert!(matches!(refused, Err(ProvisioningError::AccessEnded)), "it revoked itself");
    let refused = house.provisioning.revoke_operator_token(&operator(), made.token.id).await;
    assert!(matches!(refused, Err(ProvisioningError::TokenNotFound)));
}

fn new_operator_token(expires_at: Option<domain::Timestamp>) -> NewOperatorToken {
    NewOperatorToken { label: label("laptop"), expires_at }
}
