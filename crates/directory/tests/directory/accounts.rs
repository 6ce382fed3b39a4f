//! What becomes of phones when their account, or its parent, is disabled or deleted.

use crate::installation::{Installation, Phone, context};
use directory::Superseded;
use provisioning::CredentialUpdate;
use sip_digest::HashAlgorithm;

fn may_authenticate(installation: &Installation, phone: &Phone) -> bool {
    let found = installation.directory.credential(phone.realm, phone.username.as_bytes(), HashAlgorithm::Md5);
    found.is_some_and(|credential| credential.enabled)
}

/// A main account, its sub-account and a stranger, each with a phone that is registered.
async fn three_phones(installation: &Installation) -> [Phone; 3] {
    let main = installation.account("MA_AAAAAAAA", None).await;
    let sub = installation.sub_account("SA_AAAAAAAA", "MA_AAAAAAAA").await;
    let stranger = installation.account("MA_BBBBBBBB", None).await;
    let mut phones = Vec::new();
    for scope in [main, sub, stranger] {
        let phone = installation.phone(&scope, "alice").await;
        installation.bind(&phone, "sip:a@1.test", 1).unwrap();
        phones.push(phone);
    }
    phones.try_into().ok().unwrap()
}

#[tokio::test]
async fn disabling_an_account_ends_its_phones_and_those_of_its_sub_accounts() {
    let installation = Installation::new().await;
    let phones = three_phones(&installation).await;
    let state = || phones.each_ref().map(|phone| (may_authenticate(&installation, phone), installation.live(phone)));
    let (up, down, silent) = ((true, Some(1)), (false, Some(0)), (true, Some(0)));
    assert_eq!(state(), [up, up, up]);
    installation.set_account_enabled("SA_AAAAAAAA", false).await;
    assert_eq!(state(), [up, down, up]);
    installation.set_account_enabled("MA_AAAAAAAA", false).await;
    assert_eq!(state(), [down, down, up]);
    for phone in &phones[..2] {
        assert_eq!(installation.bind(phone, "sip:a@1.test", 2), Err(Superseded));
    }
    // The sub-account needs both.
    installation.set_account_enabled("SA_AAAAAAAA", true).await;
    assert_eq!(state(), [down, down, up]);
    installation.set_account_enabled("MA_AAAAAAAA", true).await;
    assert_eq!(state(), [silent, silent, up]);
    for phone in &phones {
        installation.bind(phone, "sip:a@1.test", 3).unwrap();
    }
    assert_eq!(state(), [up, up, up]);
}

#[tokio::test]
async fn what_changes_while_an_account_is_disabled_lets_nobody_in() {
    let installation = Installation::new().await;
    let [phone, ..] = three_phones(&installation).await;
    installation.set_account_enabled("MA_AAAAAAAA", false).await;
    // The operator may still manage its credentials.
    let auth_id = phone.scope.auth_id().clone();
    let write = installation.provisioning.account_for_operator(&crate::installation::operator(), &auth_id).unwrap();
    let write = provisioning::AccountScope::clone(&write).credentials_write().unwrap();
    let update = CredentialUpdate { enabled: Some(true), ..CredentialUpdate::default() };
    installation.provisioning.update_credential(&write, context(), (phone.id, update)).await.unwrap();
    let late = installation.phone(&write, "bob").await;
    for phone in [&phone, &late] {
        assert!(!may_authenticate(&installation, phone));
        assert_eq!(installation.bind(phone, "sip:a@1.test", 2), Err(Superseded));
    }
}

#[tokio::test]
async fn a_restart_knows_who_is_disabled() {
    let installation = Installation::new().await;
    let [main, sub, stranger] = three_phones(&installation).await;
    installation.set_account_enabled("MA_AAAAAAAA", false).await;
    let directory = installation.restarted().await;
    let enabled = |phone: &Phone| directory.credential(phone.realm, b"alice", HashAlgorithm::Md5).unwrap().enabled;
    assert_eq!([&main, &sub, &stranger].map(enabled), [false, false, true]);
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing() {
    let installation = Installation::new().await;
    let [main, sub, stranger] = three_phones(&installation).await;
    installation.delete_account("SA_AAAAAAAA").await;
    assert_eq!(installation.live(&sub), None);
    assert_eq!(installation.bind(&sub, "sip:a@1.test", 2), Err(Superseded));
    assert!(installation.directory.realms().of_host(b"sa-aaaaaaaa.example.test").is_none());
    assert_eq!((installation.live(&main), installation.live(&stranger)), (Some(1), Some(1)));
    assert_eq!(installation.directory.credential_count(), 2);
}
