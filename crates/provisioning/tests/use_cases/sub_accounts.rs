//! Sub-accounts by their parent.

use crate::house::{House, account_name, auth_id_of, context, id_of};
use domain::Clock;
use provisioning::{AccountUpdate, NewSubAccount, ProfilePatch, ProvisioningError, RateLimit, limits};
use storage::{Page, SubAccountFilter};

#[tokio::test]
async fn a_sub_account_has_a_realm_a_domain_and_a_token_of_its_own() {
    let house = House::new().await;
    let parent = house.account(None, None).await.unwrap();
    let child = house.sub_account(&house.write(&parent)).await.unwrap();
    let account = &child.account.account;
    assert!(id_of(&child).starts_with("SA_") && account.enabled);
    assert_eq!(child.account.realm.name.as_str(), format!("{}.sip.localhost", id_of(&child)));
    assert_eq!(child.account.parent, Some(auth_id_of(&parent)));
    assert_eq!(account.parent, Some(parent.account.account.id));
    assert_ne!(account.api_id, parent.account.account.api_id);
    assert!(house.enter(id_of(&child), &child.auth_token).is_some());
    assert!(house.enter(id_of(&child), &parent.auth_token).is_none());
    let log = house.storage.audit_log();
    let (_, event) = log.last().unwrap();
    assert_eq!((&*event.actor, event.account, &*event.source), (id_of(&parent), Some(account.id), "192.0.2.1"));
}

#[tokio::test]
async fn one_made_disabled_lets_nobody_in_until_it_is_enabled() {
    let house = House::new().await;
    let parent = house.account(None, None).await.unwrap();
    let write = house.write(&parent);
    let profile = ProfilePatch { rate_limit: RateLimit::new(5).ok(), ..ProfilePatch::default() };
    let new = NewSubAccount { name: account_name("Branch"), enabled: false, profile };
    let child = house.provisioning.create_sub_account(&write, context(), new).await.unwrap();
    assert!(house.enter(id_of(&child), &child.auth_token).is_none());
    let update = AccountUpdate { enabled: Some(true), ..AccountUpdate::default() };
    house.clock.advance_seconds(3);
    let view = house.provisioning.update_sub_account(&write, context(), (auth_id_of(&child), update)).await.unwrap();
    assert_eq!((view.account.enabled, view.account.updated_at), (true, house.clock.now()));
    assert_eq!(view.account.profile.rate_limit, 5);
    assert!(house.enter(id_of(&child), &child.auth_token).is_some());
}

#[tokio::test]
async fn lists_hold_the_accounts_own_and_say_how_many() {
    let house = House::new().await;
    let (parent, other) = (house.account(None, None).await.unwrap(), house.account(None, None).await.unwrap());
    let write = house.write(&parent);
    house.sub_account(&house.write(&other)).await.unwrap();
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(auth_id_of(&house.sub_account(&write).await.unwrap()));
    }
    let disable = AccountUpdate { enabled: Some(false), ..AccountUpdate::default() };
    house.provisioning.update_sub_account(&write, context(), (made[0].clone(), disable)).await.unwrap();
    let list = async |filter, limit, offset| {
        let (views, total) = house.provisioning.sub_accounts(&write, filter, Page { limit, offset }).await.unwrap();
        (views.into_iter().map(|view| view.account.auth_id).collect::<Vec<_>>(), total)
    };
    assert_eq!(list(SubAccountFilter::All, 2, 0).await, (made[..2].to_vec(), 3));
    assert_eq!(list(SubAccountFilter::All, 2, 2).await, (made[2..].to_vec(), 3));
    assert_eq!(list(SubAccountFilter::Enabled, 20, 0).await, (made[1..].to_vec(), 2));
    let child = house.operator_of(&parent).scope(made[1].as_str()).unwrap().account_read().unwrap();
    let page = Page { limit: 20, offset: 0 };
    assert_eq!(house.provisioning.sub_accounts(&child, SubAccountFilter::All, page).await.unwrap().1, 0);
}

#[tokio::test]
async fn sub_accounts_of_others_are_not_there() {
    let house = House::new().await;
    let (ours, theirs) = (house.account(None, None).await.unwrap(), house.account(None, None).await.unwrap());
    let child = house.sub_account(&house.write(&theirs)).await.unwrap();
    let write = house.write(&ours);
    for auth_id in [auth_id_of(&child), auth_id_of(&theirs), auth_id_of(&ours)] {
        let missing = |outcome: Result<(), ProvisioningError>| {
            assert!(matches!(outcome, Err(ProvisioningError::AccountNotFound)), "{auth_id}: {outcome:?}");
        };
        missing(house.provisioning.sub_account(&write, auth_id.clone()).await.map(|_| ()));
        let update = AccountUpdate { enabled: Some(false), ..AccountUpdate::default() };
        missing(house.provisioning.update_sub_account(&write, context(), (auth_id.clone(), update)).await.map(|_| ()));
        missing(house.provisioning.delete_sub_account(&write, context(), auth_id.clone()).await);
    }
    let own = house.write(&theirs);
    assert!(house.provisioning.sub_account(&own, auth_id_of(&child)).await.unwrap().account.enabled);
    house.provisioning.delete_sub_account(&own, context(), auth_id_of(&child)).await.unwrap();
    assert!(house.enter(id_of(&child), &child.auth_token).is_none());
}

#[tokio::test]
async fn there_are_at_most_a_thousand() {
    let house = House::new().await;
    let parent = house.account(None, None).await.unwrap();
    let write = house.write(&parent);
    for _ in 0..limits::MAX_SUB_ACCOUNTS {
        house.sub_account(&write).await.unwrap();
    }
    assert!(matches!(house.sub_account(&write).await, Err(ProvisioningError::TooManySubAccounts)));
}
