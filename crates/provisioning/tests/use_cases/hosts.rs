//! Host names of an account.

use crate::house::{House, auth_id_of, operator};
use domain::{AuthId, HostName};
use provisioning::{AccountCreated, ProvisioningError, limits};

fn host(text: &str) -> HostName {
    HostName::parse(text).unwrap()
}

async fn add(house: &House, account: &AccountCreated, name: &str) -> Result<(), ProvisioningError> {
    house.provisioning.add_host(&operator(), (auth_id_of(account), host(name))).await
}

async fn remove(house: &House, account: &AccountCreated, name: &str) -> Result<(), ProvisioningError> {
    house.provisioning.remove_host(&operator(), (auth_id_of(account), host(name))).await
}

#[tokio::test]
async fn names_are_added_listed_and_removed() {
    let house = House::new().await;
    let account = house.account(Some("MA_AAAAAAAA"), None).await.unwrap();
    add(&house, &account, "Phones.Acme.example").await.unwrap();
    assert_eq!(house.last_deed(), "operator host.added {\"host\":\"phones.acme.example\"}");
    let before = house.storage.audit_log().len();
    add(&house, &account, "phones.acme.example").await.unwrap();
    assert_eq!(house.storage.audit_log().len(), before, "it was there already");
    add(&house, &account, "desk.ma-aaaaaaaa.sip.localhost").await.unwrap();
    let listed = house.provisioning.hosts(&house.write(&account)).await.unwrap();
    let names: Vec<&str> = listed.iter().map(HostName::as_str).collect();
    let own = ["ma-aaaaaaaa.sip.localhost", "ma_aaaaaaaa.sip.localhost", "phones.acme.example"];
    assert_eq!(names, [&["desk.ma-aaaaaaaa.sip.localhost"], &own[..]].concat());
    remove(&house, &account, "phones.acme.example").await.unwrap();
    let gone = remove(&house, &account, "phones.acme.example").await;
    assert!(matches!(gone, Err(ProvisioningError::HostNotFound)));
    let nobody = AuthId::parse("MA_NOBODY00").unwrap();
    let refused = house.provisioning.add_host(&operator(), (nobody.clone(), host("a.example"))).await;
    assert!(matches!(refused, Err(ProvisioningError::AccountNotFound)));
    let refused = house.provisioning.remove_host(&operator(), (nobody, host("a.example"))).await;
    assert!(matches!(refused, Err(ProvisioningError::AccountNotFound)));
}

#[tokio::test]
async fn an_accounts_own_names_stay() {
    let house = House::new().await;
    let account = house.account(Some("MA_AAAAAAAA"), None).await.unwrap();
    let imported = house.account(Some("MA_BBBBBBBB"), Some("pbx.example")).await.unwrap();
    for (account, name) in [
        (&account, "ma-aaaaaaaa.sip.localhost"),
        (&account, "ma_aaaaaaaa.sip.localhost"),
        (&imported, "pbx.example"),
        (&imported, "ma-bbbbbbbb.sip.localhost"),
    ] {
        assert!(matches!(remove(&house, account, name).await, Err(ProvisioningError::HostIsFixed(_))), "{name}");
    }
}

#[tokio::test]
async fn nobody_is_given_what_belongs_to_others_or_to_nobody_yet() {
    let house = House::new().await;
    let account = house.account(Some("MA_AAAAAAAA"), None).await.unwrap();
    let other = house.account(Some("MA_BBBBBBBB"), Some("pbx.example")).await.unwrap();
    let sharing = house.account(Some("MA_CCCCCCCC"), Some("pbx.example")).await.unwrap();
    for name in [
        "192.0.2.1",
        "sip.localhost",
        "ma-zzzzzzzz.sip.localhost",
        "echo.sip.localhost",
        "ma-bbbbbbbb.sip.localhost",
        "a.ma-bbbbbbbb.sip.localhost",
        "pbx.example",
        "a.pbx.example",
    ] {
        let refused = add(&house, &account, name).await;
        assert!(matches!(refused, Err(ProvisioningError::HostReserved(_))), "{name}: {refused:?}");
    }
    // Whoever shares the realm may be given what lies under its name.
    add(&house, &sharing, "a.pbx.example").await.unwrap();
    add(&house, &other, "phones.other.example").await.unwrap();
    let taken = add(&house, &account, "phones.other.example").await;
    assert!(matches!(taken, Err(ProvisioningError::HostTaken(name)) if name == "phones.other.example"));
    let not_ours = remove(&house, &account, "phones.other.example").await;
    assert!(matches!(not_ours, Err(ProvisioningError::HostNotFound)));
}

#[tokio::test]
async fn there_are_at_most_a_hundred_names() {
    let house = House::new().await;
    let account = house.account(None, None).await.unwrap();
    for number in 2..limits::MAX_HOSTS_PER_ACCOUNT {
        add(&house, &account, &format!("h{number}.example")).await.unwrap();
    }
    let refused = add(&house, &account, "one-more.example").await;
    assert!(matches!(refused, Err(ProvisioningError::TooManyHosts)));
}
