//! Accounts by the operator, and the default account.

use crate::house::{House, account_name, auth_id_of, id_of, operator};
use domain::{AuthId, Clock};
use provisioning::{
    AccountUpdate, Description, Email, NewAccountRequest, Permissions, PhoneNumber, ProfilePatch, ProvisioningError,
    RateLimit,
};
use std::sync::Arc;

fn profile() -> ProfilePatch {
    ProfilePatch {
        email: Email::parse("ops@example.com").ok(),
        phone: PhoneNumber::parse("+49 30 1").ok(),
        description: Description::parse("first customer").ok(),
        permissions: Permissions::parse("{\"calls\":true}").ok(),
        rate_limit: RateLimit::new(60).ok(),
    }
}

#[tokio::test]
async fn an_account_is_made_with_a_profile_and_under_a_parent() {
    let house = House::new().await;
    let request = NewAccountRequest { profile: profile(), ..NewAccountRequest::named(account_name("Acme")) };
    let main = house.provisioning.create_account(&operator(), request).await.unwrap();
    let stored = house.provisioning.show_account(&operator(), auth_id_of(&main)).await.unwrap();
    assert_eq!(stored.account.profile.email.as_deref(), Some("ops@example.com"));
    assert_eq!(house.operator_of(&main).requests_per_minute(), Some(60));
    let under = |parent| NewAccountRequest { parent: Some(parent), ..NewAccountRequest::named(account_name("Branch")) };
    let branch = house.provisioning.create_account(&operator(), under(auth_id_of(&main))).await.unwrap();
    assert!(id_of(&branch).starts_with("SA_"));
    assert_eq!(branch.account.parent, Some(auth_id_of(&main)));
    assert_eq!(house.operator_of(&branch).requests_per_minute(), None);
    let refused = house.provisioning.create_account(&operator(), under(auth_id_of(&branch))).await;
    assert!(matches!(refused, Err(ProvisioningError::SubAccountsOfSubAccount)));
    let refused = house.provisioning.create_account(&operator(), under(nobody())).await;
    assert!(matches!(refused, Err(ProvisioningError::AccountNotFound)));
    assert_eq!(house.provisioning.list_accounts(&operator()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_update_of_an_account_changes_what_it_names_and_nothing_else() {
    let house = House::new().await;
    let account = house.account(None, None).await.unwrap();
    let update = async |update| {
        house.clock.advance_seconds(1);
        house.provisioning.update_account(&operator(), (auth_id_of(&account), update)).await.unwrap().account
    };
    let named = update(AccountUpdate { name: Some(account_name("A \"B\"")), ..AccountUpdate::default() }).await;
    assert_eq!((&*named.name, named.updated_at, named.enabled), ("A \"B\"", house.clock.now(), true));
    assert_eq!(
        house.last_deed(),
        "operator account.updated {\"name\":{\"after\":\"A \\\"B\\\"\",\"before\":\"Acme\"}}"
    );
    let full = update(AccountUpdate { profile: profile(), ..AccountUpdate::default() }).await;
    let patch = ProfilePatch { email: Email::parse("").ok(), ..ProfilePatch::default() };
    let less = update(AccountUpdate { profile: patch, ..AccountUpdate::default() }).await;
    assert_eq!(house.last_deed(), "operator account.updated {\"email\":\"changed\"}");
    assert_eq!((less.profile.email.as_deref(), &less.profile.phone), (None, &full.profile.phone));
    assert_eq!(&*less.name, "A \"B\"");
    let before = house.storage.audit_log().len();
    assert_eq!(update(AccountUpdate::default()).await, less);
    assert_eq!(house.storage.audit_log().len(), before, "nothing was changed, so nothing is recorded");
    let refused = house.provisioning.update_account(&operator(), (nobody(), AccountUpdate::default())).await;
    assert!(matches!(refused, Err(ProvisioningError::AccountNotFound)));
}

/// Profiles are stored whole, so without one update waiting for the other each would lose what the other changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_updates_of_one_profile_all_take_effect() {
    let house = Arc::new(House::new().await);
    let account = house.account(None, None).await.unwrap();
    let auth_id = auth_id_of(&account);
    let set = |profile: ProfilePatch| {
        let (house, update) = (Arc::clone(&house), AccountUpdate { profile, ..AccountUpdate::default() });
        let auth_id = auth_id.clone();
        tokio::spawn(async move { house.provisioning.update_account(&operator(), (auth_id, update)).await.map(|_| ()) })
    };
    for number in 0..300 {
        let (email, phone) = (format!("a@{number}"), format!("{number}"));
        let first = set(ProfilePatch { email: Email::parse(&email).ok(), ..ProfilePatch::default() });
        let second = set(ProfilePatch { phone: PhoneNumber::parse(&phone).ok(), ..ProfilePatch::default() });
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
        let stored = house.provisioning.show_account(&operator(), auth_id.clone()).await.unwrap().account.profile;
        assert_eq!((stored.email.as_deref(), stored.phone.as_deref()), (Some(&*email), Some(&*phone)));
    }
}

#[tokio::test]
async fn a_deleted_account_is_gone_with_its_tokens_and_its_name_as_the_default() {
    let house = House::new().await;
    let main = house.account(None, None).await.unwrap();
    let branch = house.sub_account(&house.write(&main)).await.unwrap();
    let provisioning = &house.provisioning;
    provisioning.set_default_account(&operator(), auth_id_of(&main)).await.unwrap();
    assert_eq!(provisioning.default_account(&operator()).await.unwrap(), Some(auth_id_of(&main)));
    let refused = provisioning.delete_account(&operator(), auth_id_of(&main)).await;
    assert!(matches!(refused, Err(ProvisioningError::HasSubAccounts)));
    assert!(house.enter(id_of(&main), &main.auth_token).is_some());
    provisioning.delete_account(&operator(), auth_id_of(&branch)).await.unwrap();
    assert!(provisioning.default_account(&operator()).await.unwrap().is_some());
    provisioning.delete_account(&operator(), auth_id_of(&main)).await.unwrap();
    assert!(house.enter(id_of(&main), &main.auth_token).is_none());
    assert!(house.enter(id_of(&branch), &branch.auth_token).is_none());
    assert_eq!(provisioning.default_account(&operator()).await.unwrap(), None);
    let refused = provisioning.delete_account(&operator(), auth_id_of(&main)).await;
    assert!(matches!(refused, Err(ProvisioningError::AccountNotFound)));
    // Its realm stays known.
    assert_eq!(provisioning.realms(&operator()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_default_account_must_exist() {
    let house = House::new().await;
    let account = house.account(None, None).await.unwrap();
    let provisioning = &house.provisioning;
    assert_eq!(provisioning.default_account(&operator()).await.unwrap(), None);
    let refused = provisioning.set_default_account(&operator(), nobody()).await;
    assert!(matches!(refused, Err(ProvisioningError::AccountNotFound)));
    provisioning.set_default_account(&operator(), auth_id_of(&account)).await.unwrap();
    assert_eq!(house.last_deed(), format!("operator setting.changed {{\"value\":\"{}\"}}", id_of(&account)));
    provisioning.clear_default_account(&operator()).await.unwrap();
    assert_eq!(provisioning.default_account(&operator()).await.unwrap(), None);
}

fn nobody() -> AuthId {
    AuthId::parse("MA_NOBODY00").unwrap()
}
