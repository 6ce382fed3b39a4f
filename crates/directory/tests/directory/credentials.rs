//! What is known of credentials, and what becomes of their bindings.

use crate::installation::{Installation, PASSWORD, Phone};
use directory::{CredentialKey, CredentialSnapshot, Superseded};
use domain::{Clock, Password};
use provisioning::{CredentialUpdate, Description};
use sip_digest::{Ha1, HashAlgorithm};
use storage::Commit;
use testkit::samples;

fn look_up(installation: &Installation, phone: &Phone, hash: HashAlgorithm) -> Option<CredentialSnapshot> {
    installation.directory.credential(phone.realm, phone.username.as_bytes(), hash)
}

#[tokio::test]
async fn every_hash_of_the_password_is_known() {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let phone = installation.phone(&scope, "alice").await;
    for hash in HashAlgorithm::ALL {
        let found = look_up(&installation, &phone, hash).unwrap();
        let expected = Ha1::compute(hash, b"alice", b"MA_AAAAAAAA.example.test", PASSWORD.as_bytes());
        assert_eq!(found.ha1.unwrap().as_bytes(), expected.as_bytes(), "{hash}");
        assert_eq!((found.id, found.generation, found.enabled), (phone.id, 1, true));
    }
    let directory = &installation.directory;
    for username in [&b"bob"[..], b"Alice", b"", b"alice\0", &[0xff; 500]] {
        assert!(directory.credential(phone.realm, username, HashAlgorithm::Md5).is_none());
    }
    assert!(directory.credential(domain::RealmId(99), b"alice", HashAlgorithm::Md5).is_none());
    assert_eq!(directory.credential_count(), 1);
}

#[tokio::test]
async fn what_does_not_open_authenticates_nobody_and_harms_nobody_else() {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let good = installation.phone(&scope, "alice").await;
    let account = storage::Accounts::accounts(&*installation.storage).await.unwrap()[0].0.clone();
    // Sealed HA1s that no key opens, as after a damage.
    let bad = samples::credential(&account, "mallory", 7);
    let change = samples::change_set(storage::Change::CreateCredential(bad));
    installation.storage.commit(change).await.unwrap();
    for hash in HashAlgorithm::ALL {
        let found = installation.directory.credential(good.realm, b"mallory", hash).unwrap();
        assert!(found.ha1.is_none());
        assert!(look_up(&installation, &good, hash).unwrap().ha1.is_some());
    }
}

#[tokio::test]
async fn a_description_ends_nothing() {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let phone = installation.phone(&scope, "alice").await;
    installation.bind(&phone, "sip:a@1.test", 1).unwrap();
    let description = Some(Description::parse("reception").unwrap());
    installation.update(&phone, CredentialUpdate { description, ..CredentialUpdate::default() }).await;
    installation.set_enabled(&phone, true).await;
    assert_eq!(installation.live(&phone), Some(1));
    installation.bind(&phone, "sip:a@1.test", 2).unwrap();
}

#[tokio::test]
async fn disabling_ends_bindings_and_refuses_new_ones() {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let phone = installation.phone(&scope, "alice").await;
    installation.bind(&phone, "sip:a@1.test", 1).unwrap();
    installation.set_enabled(&phone, false).await;
    assert_eq!(installation.live(&phone), Some(0));
    assert!(!look_up(&installation, &phone, HashAlgorithm::Md5).unwrap().enabled);
    assert_eq!(installation.bind(&phone, "sip:a@1.test", 2), Err(Superseded));
    installation.set_enabled(&phone, true).await;
    assert_eq!(installation.live(&phone), Some(0));
    installation.bind(&phone, "sip:a@1.test", 3).unwrap();
    assert_eq!(installation.live(&phone), Some(1));
}

#[tokio::test]
async fn a_new_password_ends_bindings_and_supersedes_what_was_verified_before() {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let old = installation.phone(&scope, "alice").await;
    installation.bind(&old, "sip:a@1.test", 1).unwrap();
    let password = Some(Password::parse("another secret".into()).unwrap());
    installation.update(&old, CredentialUpdate { password, ..CredentialUpdate::default() }).await;
    assert_eq!(installation.live(&old), Some(0));
    assert_eq!(installation.bind(&old, "sip:a@1.test", 2), Err(Superseded));
    let new = Phone { generation: 2, ..old.clone() };
    installation.bind(&new, "sip:a@1.test", 2).unwrap();
    let found = look_up(&installation, &new, HashAlgorithm::Sha256).unwrap();
    let expected = Ha1::compute(HashAlgorithm::Sha256, b"alice", b"MA_AAAAAAAA.example.test", b"another secret");
    assert_eq!(found.ha1.unwrap().as_bytes(), expected.as_bytes());
    assert_eq!(found.generation, 2);
}

#[tokio::test]
async fn a_name_created_again_is_another_credential() {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let first = installation.phone(&scope, "alice").await;
    installation.bind(&first, "sip:a@1.test", 1).unwrap();
    installation.delete(&first).await;
    assert_eq!(installation.live(&first), None);
    assert!(look_up(&installation, &first, HashAlgorithm::Md5).is_none());
    assert_eq!(installation.bind(&first, "sip:a@1.test", 2), Err(Superseded));
    let second = installation.phone(&scope, "alice").await;
    assert_eq!(installation.live(&second), Some(0));
    // What was proven of the first is nothing to the second, although name and generation are the same.
    assert_eq!(installation.bind(&first, "sip:a@1.test", 3), Err(Superseded));
    installation.bind(&second, "sip:a@1.test", 1).unwrap();
    assert_eq!(installation.live(&second), Some(1));
}

#[tokio::test]
async fn equal_names_in_two_realms_are_strangers() {
    let installation = Installation::new().await;
    let one = installation.account("MA_AAAAAAAA", None).await;
    let other = installation.account("MA_BBBBBBBB", None).await;
    let mine = installation.phone(&one, "alice").await;
    let theirs = installation.phone(&other, "alice").await;
    installation.bind(&mine, "sip:a@1.test", 1).unwrap();
    assert_eq!((installation.live(&mine), installation.live(&theirs)), (Some(1), Some(0)));
    let mixed = CredentialKey { realm: theirs.realm, ..mine.key() };
    assert_eq!(installation.directory.update_bindings(&mixed, installation.clock.now(), |_| ()), Err(Superseded));
    installation.delete(&mine).await;
    assert_eq!(installation.live(&theirs), Some(0));
}

#[tokio::test]
async fn a_change_that_did_not_commit_changes_nothing_here() {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let phone = installation.phone(&scope, "alice").await;
    installation.bind(&phone, "sip:a@1.test", 1).unwrap();
    installation.storage.fail_next_commit();
    let update = CredentialUpdate { enabled: Some(false), ..CredentialUpdate::default() };
    let context = crate::installation::context();
    let outcome = installation.provisioning.update_credential(&phone.scope, context, (phone.id, update)).await;
    assert!(outcome.is_err());
    assert_eq!(installation.live(&phone), Some(1));
}

#[tokio::test]
async fn a_panic_inside_an_update_leaves_the_shard_usable() {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let phone = installation.phone(&scope, "alice").await;
    installation.bind(&phone, "sip:a@1.test", 1).unwrap();
    let update = std::panic::AssertUnwindSafe(|| {
        let _ = installation
            .directory
            .update_bindings(&phone.key(), installation.clock.now(), |_| panic!("as a faulty registrar might"));
    });
    assert!(std::panic::catch_unwind(update).is_err());
    assert_eq!(installation.live(&phone), Some(1));
    installation.bind(&phone, "sip:a@2.test", 2).unwrap();
    installation.set_enabled(&phone, false).await;
    assert_eq!(installation.live(&phone), Some(0));
}
