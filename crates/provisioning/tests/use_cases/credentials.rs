//! Credentials.

use crate::house::{House, context, password};
use domain::Clock;
use provisioning::{CredentialUpdate, Description, ProvisioningError};
use std::sync::Arc;
use storage::Page;

#[tokio::test]
async fn an_existing_realm_is_joined_and_usernames_are_unique_in_it() {
    let house = House::new().await;
    let first = house.scope(None, Some("pbx.example.com")).await;
    let second = house.scope(None, Some("pbx.example.com")).await;
    let elsewhere = house.scope(None, None).await;
    house.create(&first, "alice").await.unwrap();
    assert!(matches!(house.create(&first, "alice").await, Err(ProvisioningError::UsernameTaken)));
    assert!(matches!(house.create(&second, "alice").await, Err(ProvisioningError::UsernameTaken)));
    house.create(&second, "Alice").await.unwrap();
    house.create(&elsewhere, "alice").await.unwrap();
}

#[tokio::test]
async fn a_password_ends_in_three_sealed_ha1s_and_can_be_replaced() {
    let house = House::new().await;
    let scope = house.scope(None, None).await;
    let created = house.create(&scope, "alice").await.unwrap();
    assert!(house.has_password(&scope, created.id, "correct horse").await);
    house.clock.advance_seconds(5);
    let update = CredentialUpdate { password: Some(password("battery staple")), ..CredentialUpdate::default() };
    let updated = house.provisioning.update_credential(&scope, context(), (created.id, update)).await.unwrap();
    assert!(house.has_password(&scope, created.id, "battery staple").await);
    assert!(!house.has_password(&scope, created.id, "correct horse").await);
    assert_eq!(updated.created_at, created.created_at);
    assert_eq!(updated.updated_at, house.clock.now());
    let log = house.storage.audit_log();
    let (_, event) = log.last().unwrap();
    assert_eq!((&*event.detail, &*event.source), ("{\"password\":\"changed\"}", "192.0.2.1"));
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_nothing_else() {
    let house = House::new().await;
    let scope = house.scope(None, None).await;
    let id = house.create(&scope, "alice").await.unwrap().id;
    let update = async |update| house.provisioning.update_credential(&scope, context(), (id, update)).await.unwrap();
    let disabled = update(CredentialUpdate { enabled: Some(false), ..CredentialUpdate::default() }).await;
    assert!(!disabled.enabled && disabled.description.is_empty());
    let text = Description::parse("front desk").unwrap();
    let described = update(CredentialUpdate { description: Some(text), ..CredentialUpdate::default() }).await;
    assert!(!described.enabled && &*described.description == "front desk");
    let before = house.storage.audit_log().len();
    assert_eq!(update(CredentialUpdate::default()).await, described);
    assert_eq!(house.storage.audit_log().len(), before, "nothing was changed, so nothing is recorded");
    assert!(house.has_password(&scope, id, "correct horse").await);
}

#[tokio::test]
async fn others_credentials_are_not_there() {
    let house = House::new().await;
    let (ours, theirs) = (house.scope(None, None).await, house.scope(None, None).await);
    let id = house.create(&theirs, "alice").await.unwrap().id;
    let missing = |outcome: Result<_, ProvisioningError>| matches!(outcome, Err(ProvisioningError::CredentialNotFound));
    assert!(missing(house.provisioning.credential(&ours, id).await.map(|_| ())));
    assert!(missing(house.provisioning.delete_credential(&ours, context(), id).await));
    let update = CredentialUpdate { enabled: Some(false), ..CredentialUpdate::default() };
    assert!(missing(house.provisioning.update_credential(&ours, context(), (id, update)).await.map(|_| ())));
    assert!(house.provisioning.credential(&theirs, id).await.unwrap().enabled);
    house.provisioning.delete_credential(&theirs, context(), id).await.unwrap();
    assert!(missing(house.provisioning.delete_credential(&theirs, context(), id).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_updates_of_one_credential_all_take_effect() {
    let house = Arc::new(House::new().await);
    let scope = house.scope(None, None).await;
    let id = house.create(&scope, "alice").await.unwrap().id;
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let (house, scope) = (Arc::clone(&house), scope.clone());
            tokio::spawn(async move {
                let text = Description::parse(&format!("writer {number}")).unwrap();
                let update = CredentialUpdate { description: Some(text), ..CredentialUpdate::default() };
                house.provisioning.update_credential(&scope, context(), (id, update)).await.map(|_| ())
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let updates =
        house.storage.audit_log().iter().filter(|(_, event)| event.action.as_str() == "credential.updated").count();
    assert_eq!(updates, 16);
}

#[tokio::test]
async fn a_failed_commit_changes_nothing_and_missing_coherence_is_no_success() {
    let house = House::new().await;
    let scope = house.scope(None, None).await;
    house.storage.fail_next_commit();
    assert!(matches!(house.create(&scope, "alice").await, Err(ProvisioningError::Storage(_))));
    let page = Page { limit: 20, offset: 0 };
    assert_eq!(house.provisioning.credentials(&scope, page).await.unwrap().1, 0);
    house.storage.fail_next_coherence();
    assert!(matches!(house.create(&scope, "alice").await, Err(ProvisioningError::NotAppliedEverywhere(_))));
    assert_eq!(house.provisioning.credentials(&scope, page).await.unwrap().1, 1, "stored, and said so");
}
