//! What the operator does to the installation, and who gets in.

use crate::house::{House, id_of, operator};
use domain::{ChallengePolicy, HostName, RealmName};
use provisioning::{BaseDomainOutcome, InstallationError, ProvisioningError};
use std::sync::Arc;

#[tokio::test]
async fn an_account_has_its_realm_its_domain_and_one_token() {
    let house = House::new().await;
    let created = house.account(Some("MA_XXXXXXXX"), None).await.unwrap();
    assert_eq!(created.account.realm.name.as_str(), "MA_XXXXXXXX.sip.localhost");
    assert_eq!(created.account.account.sip_domain.as_str(), "ma-xxxxxxxx.sip.localhost");
    assert_eq!(created.auth_token.len(), 64);
    assert!(matches!(house.account(Some("MA_XXXXXXXX"), None).await, Err(ProvisioningError::AuthIdTaken)));
    // Two auth ids that differ in case would share a domain.
    assert!(matches!(house.account(Some("ma_xxxxxxxx"), None).await, Err(ProvisioningError::HostTaken(_))));
    let drawn = house.account(None, None).await.unwrap();
    assert!(id_of(&drawn).starts_with("MA_") && id_of(&drawn).len() == 11);
    let actions: Vec<_> = house.storage.audit_log().iter().map(|(_, event)| event.action.as_str()).collect();
    assert_eq!(actions, ["account.created", "account.created"]);
}

#[tokio::test]
async fn only_the_right_token_gives_access_and_only_to_its_own_account() {
    let house = House::new().await;
    let (ours, theirs) = (house.account(None, None).await.unwrap(), house.account(None, None).await.unwrap());
    let (id, token) = (id_of(&ours), ours.auth_token.as_str());
    for (auth_id, token) in [
        (None, None),
        (Some(id), None),
        (Some(id), Some("")),
        (None, Some(token)),
        (Some(id), Some(theirs.auth_token.as_str())),
        (Some(id_of(&theirs)), Some(token)),
        (Some("MA_NOBODY00"), Some(token)),
        (Some(id), Some(&token[1..])),
        (Some(&id.to_lowercase()), Some(token)),
    ] {
        let outcome = house.provisioning.authenticate(auth_id.map(str::as_bytes), token.map(str::as_bytes));
        assert!(outcome.is_err(), "{auth_id:?}");
    }
    let operator = house.provisioning.authenticate(Some(id.as_bytes()), Some(token.as_bytes())).unwrap();
    assert!(operator.clone().scope(id_of(&theirs)).is_err());
    assert!(operator.clone().scope("MA_NOBODY00").is_err());
    assert!(operator.scope(id).is_ok());
}

#[tokio::test]
async fn the_base_domain_is_stored_once_and_changed_only_for_new_accounts() {
    let house = House::new().await;
    let early = house.account(Some("MA_EARLY"), None).await.unwrap();
    assert_eq!(early.account.realm.name.as_str(), "MA_EARLY.sip.localhost");
    let settle = async |wish: Option<&str>| {
        let wish = wish.map(|text| HostName::parse(text).unwrap());
        house.provisioning.settle_base_domain(&operator(), wish).await.unwrap()
    };
    let settled = |text: &str| BaseDomainOutcome::Settled(HostName::parse(text).unwrap());
    assert_eq!(settle(Some("voice.example")).await, settled("voice.example"));
    assert_eq!(settle(None).await, settled("voice.example"));
    assert_eq!(
        house.account(Some("MA_LATER"), None).await.unwrap().account.realm.name.as_str(),
        "MA_LATER.voice.example"
    );
    let replaced = settle(Some("other.example")).await;
    assert!(matches!(replaced, BaseDomainOutcome::Replaced { .. }) && replaced.domain().as_str() == "other.example");
    let realms: Vec<_> = house
        .provisioning
        .list_accounts(&operator())
        .await
        .unwrap()
        .into_iter()
        .map(|view| view.realm.name.to_string())
        .collect();
    assert_eq!(realms, ["MA_EARLY.sip.localhost", "MA_LATER.voice.example"]);
}

#[tokio::test]
async fn only_the_key_of_the_first_start_fits() {
    let house = House::new().await;
    house.provisioning.check_master_key(&operator()).await.unwrap();
    house.provisioning.check_master_key(&operator()).await.unwrap();
    let other = House::on(Arc::clone(&house.storage), 2).await;
    let refused = other.provisioning.check_master_key(&operator()).await;
    assert!(matches!(refused, Err(InstallationError::WrongKey)));
}

#[tokio::test]
async fn a_realms_policy_is_set_by_name() {
    let house = House::new().await;
    let created = house.account(None, None).await.unwrap();
    house
        .provisioning
        .set_challenge_policy(&operator(), created.account.realm.name.clone(), ChallengePolicy::Sha256)
        .await
        .unwrap();
    let listed = house.provisioning.list_accounts(&operator()).await.unwrap();
    assert_eq!(listed[0].realm.challenge_policy, ChallengePolicy::Sha256);
    let unknown = RealmName::parse("nowhere").unwrap();
    let outcome = house.provisioning.set_challenge_policy(&operator(), unknown, ChallengePolicy::Sha256).await;
    assert!(matches!(outcome, Err(ProvisioningError::RealmNotFound)));
}
