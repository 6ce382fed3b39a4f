//! Realms, and what credentials demand and use.

use crate::house::{House, context, operator};
use domain::{ChallengePolicy, Clock, DigestRules, Networks, Requirements};
use provisioning::{CredentialUpdate, ProvisioningError, RealmUpdate, RequirementsUpdate};
use storage::{Accounts, Credentials};

#[tokio::test]
async fn an_update_changes_what_it_names_and_is_recorded() {
    let house = House::new().await;
    let realm = house.account(None, None).await.unwrap().account.realm.name;
    let update = async |update| house.provisioning.update_realm(&operator(), realm.clone(), update).await.unwrap();
    let rules = async || house.provisioning.realms(&operator()).await.unwrap().remove(0).rules;
    update(RealmUpdate { auth_int: Some(true), ..RealmUpdate::default() }).await;
    update(RealmUpdate { without_qop: Some(true), ..RealmUpdate::default() }).await;
    assert_eq!(rules().await, DigestRules { auth_int: true, without_qop: true, md5_retired: false });
    let log = house.storage.audit_log();
    let (_, event) = log.last().unwrap();
    assert_eq!(
        (event.action.as_str(), &*event.detail),
        ("realm.policy_changed", "{\"without_qop\":{\"after\":true,\"before\":false}}")
    );
}

#[tokio::test]
async fn md5_is_retired_until_another_policy_is_set() {
    let house = House::new().await;
    let (ours, theirs) = (house.scope(None, Some("ours")).await, house.scope(None, Some("theirs")).await);
    for number in 0..3 {
        house.create(&ours, &format!("phone_{number}")).await.unwrap();
    }
    let kept = house.create(&theirs, "phone").await.unwrap();
    let changed = house.create(&ours, "changed").await.unwrap().id;
    let update = CredentialUpdate {
        password: Some(domain::Password::parse("another secret".into()).unwrap()),
        ..CredentialUpdate::default()
    };
    house.provisioning.update_credential(&ours, context(), (changed, update)).await.unwrap();
    let previous = async || {
        let owner = house.storage.account(ours.auth_id().clone()).await.unwrap().unwrap();
        house.storage.credential(owner.id, changed).await.unwrap().unwrap().previous.unwrap().ha1s
    };
    assert!(previous().await.md5.is_some());
    let realm = || domain::RealmName::parse("ours").unwrap();
    assert_eq!(house.provisioning.retire_md5(&operator(), realm()).await.unwrap().credentials, 4);
    assert!(previous().await.md5.is_none() && previous().await.sha256.is_some());
    let log = house.storage.audit_log();
    let (_, event) = log.last().unwrap();
    assert_eq!(
        (event.action.as_str(), &*event.subject, &*event.detail),
        ("realm.md5_retired", "ours", "{\"credentials\":4}")
    );
    let listed = house.provisioning.realms(&operator()).await.unwrap();
    assert!(listed[0].rules.md5_retired && !listed[1].rules.md5_retired);
    assert_eq!(listed[0].challenge_policy, ChallengePolicy::Sha256);
    let has_md5 = async |scope: &provisioning::CredentialsWrite, id| {
        let owner = house.storage.account(scope.auth_id().clone()).await.unwrap().unwrap();
        house.storage.credential(owner.id, id).await.unwrap().unwrap().ha1s.md5.is_some()
    };
    let while_retired = house.create(&ours, "while_retired").await.unwrap().id;
    assert!(!has_md5(&ours, while_retired).await);
    assert!(has_md5(&theirs, kept.id).await, "another realm's");
    house.provisioning.set_challenge_policy(&operator(), realm(), ChallengePolicy::Sha256).await.unwrap();
    assert!(house.provisioning.realms(&operator()).await.unwrap()[0].rules.md5_retired, "the same policy again");
    house.provisioning.set_challenge_policy(&operator(), realm(), ChallengePolicy::Rfc8760).await.unwrap();
    let afterwards = house.create(&ours, "afterwards").await.unwrap().id;
    assert!(has_md5(&ours, afterwards).await && !has_md5(&ours, while_retired).await);
    let unknown = domain::RealmName::parse("nowhere").unwrap();
    let outcome = house.provisioning.retire_md5(&operator(), unknown).await;
    assert!(matches!(outcome, Err(ProvisioningError::RealmNotFound)));
}

#[tokio::test]
async fn demands_change_one_by_one_and_only_for_their_account() {
    let house = House::new().await;
    let (ours, theirs) = (house.scope(None, None).await, house.scope(None, None).await);
    let created = house.create(&ours, "alice").await.unwrap();
    house.clock.advance_seconds(5);
    let update =
        async |update| house.provisioning.update_requirements(&ours, context(), (created.id, update)).await.unwrap();
    let networks = Networks::new(vec!["192.0.2.0/24".parse().unwrap()]).unwrap();
    update(RequirementsUpdate { networks: Some(networks.clone()), ..RequirementsUpdate::default() }).await;
    let both = update(RequirementsUpdate { sha256: Some(true), ..RequirementsUpdate::default() }).await;
    assert_eq!(both, Requirements { sha256: true, secure_transport: false, networks });
    assert_eq!(house.provisioning.requirements(&ours, created.id).await.unwrap(), both);
    let log = house.storage.audit_log();
    assert_eq!(&*log.last().unwrap().1.detail, "{\"required_algorithm\":{\"after\":\"sha256\",\"before\":\"any\"}}");
    assert_eq!(house.provisioning.credential(&ours, created.id).await.unwrap().updated_at, house.clock.now());
    assert!(update(RequirementsUpdate::none()).await.is_none());
    let stranger = house.provisioning.requirements(&theirs, created.id).await;
    assert!(matches!(stranger, Err(ProvisioningError::CredentialNotFound)));
}
