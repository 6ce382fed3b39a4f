//! Which host leads to which realm.

use crate::installation::{Installation, operator};
use directory::Config;
use domain::{AuthId, ChallengePolicy, HostName, RealmName};

fn realm_of(installation: &Installation, host: &str) -> Option<String> {
    installation.directory.realms().of_host(host.as_bytes()).map(|realm| realm.name.to_string())
}

fn default_realm(installation: &Installation) -> Option<String> {
    installation.directory.realms().default_realm().map(|realm| realm.name.to_string())
}

#[tokio::test]
async fn hosts_are_found_in_any_case_and_with_a_final_dot() {
    let installation = Installation::new().await;
    installation.account("MA_AAAAAAAA", None).await;
    installation.account("MA_BBBBBBBB", Some("old.pbx.test")).await;
    for host in ["MA_AAAAAAAA.example.test", "ma_aaaaaaaa.EXAMPLE.test", "ma-aaaaaaaa.example.test."] {
        assert_eq!(realm_of(&installation, host).as_deref(), Some("MA_AAAAAAAA.example.test"), "{host}");
    }
    for host in ["old.pbx.test", "OLD.pbx.test.", "ma-bbbbbbbb.example.test"] {
        assert_eq!(realm_of(&installation, host).as_deref(), Some("old.pbx.test"), "{host}");
    }
    let long = "a".repeat(300);
    for host in
        ["", ".", "example.test", "ma-aaaaaaaa.example.test..", "192.0.2.1", "[::1]", "old.pbx.test:5060", &long]
    {
        assert_eq!(realm_of(&installation, host), None, "{host}");
    }
}

#[tokio::test]
async fn a_realm_that_is_no_host_name_is_reached_by_the_accounts_domain() {
    let installation = Installation::new().await;
    installation.account("MA_AAAAAAAA", Some("Our PBX")).await;
    assert_eq!(realm_of(&installation, "ma-aaaaaaaa.example.test").as_deref(), Some("Our PBX"));
    assert_eq!(realm_of(&installation, "our pbx"), None);
}

#[tokio::test]
async fn the_only_account_answers_for_foreign_names() {
    let installation = Installation::new().await;
    assert_eq!(default_realm(&installation), None);
    installation.account("MA_AAAAAAAA", None).await;
    assert_eq!(default_realm(&installation).as_deref(), Some("MA_AAAAAAAA.example.test"));
    installation.account("MA_BBBBBBBB", None).await;
    assert_eq!(default_realm(&installation), None);
}

#[tokio::test]
async fn a_default_account_answers_whatever_others_there_are() {
    let default_account = Some(AuthId::parse("MA_BBBBBBBB").unwrap());
    let installation = Installation::with(Config { default_account }).await;
    installation.account("MA_AAAAAAAA", None).await;
    assert_eq!(default_realm(&installation), None, "the default account is not there yet");
    installation.account("MA_BBBBBBBB", None).await;
    assert_eq!(default_realm(&installation).as_deref(), Some("MA_BBBBBBBB.example.test"));
}

#[tokio::test]
async fn a_policy_change_reaches_the_next_snapshot_and_not_one_that_is_held() {
    let installation = Installation::new().await;
    installation.account("MA_AAAAAAAA", None).await;
    let held = installation.directory.realms();
    let realm = RealmName::parse("MA_AAAAAAAA.example.test").unwrap();
    installation.provisioning.set_challenge_policy(&operator(), realm, ChallengePolicy::Sha256).await.unwrap();
    let policy = |realms: &directory::Realms| realms.default_realm().unwrap().challenge_policy;
    assert_eq!(policy(&held), ChallengePolicy::Compatible);
    assert_eq!(policy(&installation.directory.realms()), ChallengePolicy::Sha256);
    // The hosts still lead there.
    assert_eq!(policy(&held), ChallengePolicy::Compatible);
    assert!(realm_of(&installation, "ma-aaaaaaaa.example.test").is_some());
}

#[tokio::test]
async fn sub_accounts_do_not_take_the_only_account_its_place() {
    let installation = Installation::new().await;
    installation.account("MA_AAAAAAAA", None).await;
    installation.sub_account("SA_AAAAAAAA", "MA_AAAAAAAA").await;
    assert_eq!(default_realm(&installation).as_deref(), Some("MA_AAAAAAAA.example.test"));
}

#[tokio::test]
async fn the_stored_default_account_answers_unless_the_node_has_one_of_its_own() {
    for (configured, expected) in
        [(None, "MA_BBBBBBBB.example.test"), (Some("MA_AAAAAAAA"), "MA_AAAAAAAA.example.test")]
    {
        let default_account = configured.map(|id| AuthId::parse(id).unwrap());
        let installation = Installation::with(Config { default_account }).await;
        installation.account("MA_AAAAAAAA", None).await;
        installation.account("MA_BBBBBBBB", None).await;
        let before = default_realm(&installation);
        let stored = AuthId::parse("MA_BBBBBBBB").unwrap();
        installation.provisioning.set_default_account(&operator(), stored).await.unwrap();
        assert_eq!(default_realm(&installation).as_deref(), Some(expected));
        let restarted = installation.restarted().await;
        let restarted = restarted.realms().default_realm().map(|realm| realm.name.to_string());
        assert_eq!(restarted.as_deref(), Some("MA_BBBBBBBB.example.test"), "it was started without one of its own");
        installation.provisioning.clear_default_account(&operator()).await.unwrap();
        assert_eq!(default_realm(&installation), before);
    }
}

#[tokio::test]
async fn added_hosts_lead_to_the_realm_until_they_are_removed() {
    let installation = Installation::new().await;
    installation.account("MA_AAAAAAAA", None).await;
    let change = || (AuthId::parse("MA_AAAAAAAA").unwrap(), HostName::parse("phones.acme.test").unwrap());
    installation.provisioning.add_host(&operator(), change()).await.unwrap();
    assert_eq!(realm_of(&installation, "Phones.acme.test").as_deref(), Some("MA_AAAAAAAA.example.test"));
    installation.provisioning.remove_host(&operator(), change()).await.unwrap();
    assert_eq!(realm_of(&installation, "phones.acme.test"), None);
}
