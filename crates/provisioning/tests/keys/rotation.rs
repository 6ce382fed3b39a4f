//! Rotation: under load, interrupted anywhere, with what does not open, from sources that cannot be written.

use crate::house::{House, Outcome, PASSWORD, context, operator, password};
use domain::{Revision, Sealed, SipUri};
use keyring::source::KeySource;
use keyring::{Keyring, KeyringError, UpstreamSecretContext, WebhookSecretContext};
use provisioning::{
    Answered, CredentialUpdate, CredentialsWrite, Description, NewUpstreamSecret, NotOpened, OldKeys,
    OriginationUriPatch, ProvisioningError, RotationError, RotationProgress, RotationStart, UpstreamUsername,
    WebhookPut, WebhookUpdate,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use storage::{Change, ChangeSet, Commit, ResealedCredential, ResealedUpstreamSecret, ResealedWebhookSecret};
use testkit::HeldCommit;
use zeroize::Zeroizing;

/// More than two batches.
const MANY: usize = 1_100;

async fn house_with(credentials: usize) -> (House, CredentialsWrite) {
    let house = House::new().await;
    let scope = house.account().await;
    for number in 0..credentials {
        house.create(&scope, &format!("phone_{number}")).await.unwrap();
    }
    (house, scope)
}

#[tokio::test]
async fn everything_is_sealed_anew_and_the_old_key_is_dropped() {
    let (house, _) = house_with(MANY).await;
    let old = house.keys.keyring();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watched = Arc::clone(&seen);
    let rotated = house.rotate_watched(move |progress| watched.lock().unwrap().push(progress)).await.unwrap();
    assert_eq!((rotated.start, rotated.credentials), (RotationStart::NewKey, MANY as u64));
    assert_eq!(rotated.not_opened, NotOpened::default());
    assert!(matches!(&rotated.old_keys, OldKeys::Dropped(ids) if ids.len() == 1));
    house.assert_needs_only_the_file().await;
    assert_eq!(house.count_opened(&old, &[PASSWORD]).await, 0);
    assert!(house.keyring.has_same_keys(&house.keys.keyring()), "the running server has what the file has");

    let total = MANY as u64;
    let step = |pass, done| RotationProgress { pass, done, total };
    let passes = |pass| [0, 500, 1_000, total].map(|done| step(pass, done));
    assert_eq!(*seen.lock().unwrap(), [passes(1), passes(2)].concat());
    let log = house.storage.audit_log();
    let (_, last) = log.last().unwrap();
    assert_eq!((last.action.as_str(), &*last.actor), ("keys.rotated", "operator"));
    assert_eq!(
        &*last.detail,
        "{\"answers\":0,\"credentials\":1100,\"not_opened\":0,\"upstream_secrets\":0,\"webhook_secrets\":0}"
    );
}

/// The password before the present one is sealed anew with it.
#[tokio::test]
async fn previous_passwords_follow_a_rotation() {
    let (house, scope) = house_with(1).await;
    let id = house.stored().await[0].id;
    let newer = Some(password("newer horse"));
    let update = CredentialUpdate { password: newer, ..CredentialUpdate::default() };
    house.provisioning.update_credential(&scope, context(), (id, update)).await.unwrap();
    let old = house.keys.keyring();
    assert_eq!(house.count_opened(&old, &[PASSWORD, "newer horse"]).await, 6);
    let rotated = house.rotate().await.unwrap();
    assert_eq!((rotated.credentials, rotated.not_opened.count), (1, 0));
    assert!(matches!(rotated.old_keys, OldKeys::Dropped(_)));
    assert_eq!(house.count_opened(&old, &[]).await, 0);
    assert_eq!(house.count_opened(&house.keys.keyring(), &[PASSWORD, "newer horse"]).await, 6);
}

/// Passwords of ours at next hops are sealed anew too; one that does not open keeps the old key.
#[tokio::test]
async fn upstream_secrets_follow_a_rotation() {
    let house = House::new().await;
    let account = house.account_scope().await.account_write().unwrap();
    let uri = SipUri::parse("sip:gw.example.com").unwrap();
    let made =
        house.provisioning.create_origination_uri(&account, context(), (uri, OriginationUriPatch::default()), None);
    let Answered::Fresh(made) = made.await.unwrap() else { unreachable!("it was not repeated") };
    let put = async || {
        let secret = NewUpstreamSecret {
            username: UpstreamUsername::parse("carrier").unwrap(),
            password: Zeroizing::new("correct horse".to_owned()),
            registration: None,
        };
        house.provisioning.put_upstream_secret(&account, context(), (made.id, secret)).await.unwrap()
    };
    let before = put().await.secret.unwrap().password;
    let rotated = house.rotate().await.unwrap();
    assert_eq!((rotated.upstream_secrets, rotated.upstream_secrets_not_opened), (1, 0));
    assert!(matches!(rotated.old_keys, OldKeys::Dropped(_)));
    let stored = house.provisioning.origination_uri(&account, made.id).await.unwrap();
    let place = UpstreamSecretContext { account: account.auth_id(), origination_uri: made.id, username: "carrier" };
    let only_new = house.keys.keyring();
    let sealed = stored.secret.unwrap().password;
    assert_eq!(&**only_new.open_upstream_secret(&place, &sealed).unwrap(), b"correct horse");
    assert!(only_new.open_upstream_secret(&place, &before).is_err(), "the old key is gone");

    // As after a restore of another key: it stays as it is, and so does the key.
    let resealed = ResealedUpstreamSecret { id: made.id, revision: stored.revision, password: before };
    let change = Change::ResealUpstreamSecrets(vec![resealed]);
    house.storage.commit(testkit::samples::change_set(change)).await.unwrap();
    let rotated = house.rotate().await.unwrap();
    assert_eq!((rotated.upstream_secrets, rotated.upstream_secrets_not_opened), (0, 1));
    assert!(matches!(rotated.old_keys, OldKeys::Kept(_)));
    put().await;
    assert!(matches!(house.rotate().await.unwrap().old_keys, OldKeys::Dropped(_)));
}

/// Secrets of webhooks too, the replaced one among them; one that does not open keeps the old key until it is rotated.
#[tokio::test]
async fn webhook_secrets_follow_a_rotation() {
    let house = House::new().await;
    let account = house.account_scope().await.account_write().unwrap();
    let update = WebhookUpdate { url: None, events: None, enabled: None };
    let WebhookPut::Created(first) = house.provisioning.put_webhook(&account, context(), update).await.unwrap() else {
        unreachable!("there was none")
    };
    let second = house.provisioning.rotate_webhook_secret(&account, context()).await.unwrap();
    let before = second.webhook.secret.clone();
    let rotated = house.rotate().await.unwrap();
    assert_eq!((rotated.webhook_secrets, rotated.webhook_secrets_not_opened), (1, 0));
    assert!(matches!(rotated.old_keys, OldKeys::Dropped(_)));
    let stored = house.provisioning.webhook(&account).await.unwrap().webhook;
    let (place, only_new) = (WebhookSecretContext { account: account.auth_id() }, house.keys.keyring());
    let opened = |sealed: &Sealed| only_new.open_webhook_secret(&place, sealed).map(|octets| octets.to_vec());
    let shown = |secret: Option<Zeroizing<String>>| Ok(secret.unwrap().as_bytes().to_vec());
    assert_eq!(opened(&stored.secret.current), shown(second.secret));
    assert_eq!(opened(&stored.secret.previous.unwrap().sealed), shown(first.secret));
    assert!(opened(&before.current).is_err(), "the old key is gone");

    // As after a restore of another key: it stays as it is, and so does the key, until the secret is rotated.
    let resealed = ResealedWebhookSecret { account: stored.account, revision: stored.revision, secret: before };
    let change = Change::ResealWebhookSecrets(vec![resealed]);
    house.storage.commit(testkit::samples::change_set(change)).await.unwrap();
    let rotated = house.rotate().await.unwrap();
    assert_eq!((rotated.webhook_secrets, rotated.webhook_secrets_not_opened), (0, 1));
    assert!(matches!(rotated.old_keys, OldKeys::Kept(_)));
    house.provisioning.rotate_webhook_secret(&account, context()).await.unwrap();
    assert!(matches!(house.rotate().await.unwrap().old_keys, OldKeys::Dropped(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_written_meanwhile_needs_only_the_new_key() {
    let house = Arc::new(House::new().await);
    let scope = house.account().await;
    let first = house.keys.keyring();
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (house, scope, stop) = (Arc::clone(&house), scope.clone(), Arc::clone(&stop));
            tokio::spawn(async move { write_until(&house, &scope, (writer, &stop)).await })
        })
        .collect();
    for _ in 0..20 {
        assert!(matches!(house.rotate().await.unwrap().old_keys, OldKeys::Dropped(_)));
        let keyring = house.keys.keyring();
        for credential in house.stored().await {
            let sealed = [&credential.ha1s.md5, &credential.ha1s.sha256, &credential.ha1s.sha512_256];
            assert!(sealed.into_iter().flatten().all(|sealed| keyring.sealed_under_primary(sealed)));
        }
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        assert!(writer.await.unwrap() > 0, "every writer wrote something meanwhile");
    }
    assert!(!house.stored().await.is_empty());
    house.assert_needs_only_the_file().await;
    assert_eq!(house.count_opened(&first, &[PASSWORD]).await, 0);
}

/// Creates, changes and deletes its own credentials, and describes those of all writers.
async fn write_until(house: &House, scope: &CredentialsWrite, (writer, stop): (usize, &AtomicBool)) -> usize {
    let provisioning = &house.provisioning;
    let mut round = 0;
    while !stop.load(Ordering::SeqCst) {
        let id = house.create(scope, &format!("phone_{writer}_{round}")).await.unwrap().id;
        let text = Description::parse(&format!("round {round}")).unwrap();
        let renewed = CredentialUpdate { password: Some(password(PASSWORD)), ..CredentialUpdate::default() };
        provisioning.update_credential(scope, context(), (id, renewed)).await.unwrap();
        let other = house.stored().await.first().map_or(id, |first| first.id);
        let described = CredentialUpdate { description: Some(text), ..CredentialUpdate::default() };
        match provisioning.update_credential(scope, context(), (other, described)).await {
            Ok(_) | Err(ProvisioningError::CredentialNotFound) => {}
            Err(error) => panic!("{error}"),
        }
        if round % 3 != 0 {
            provisioning.delete_credential(scope, context(), id).await.unwrap();
        }
        round += 1;
    }
    round
}

#[tokio::test]
async fn a_rotation_that_stopped_anywhere_is_finished_by_the_next() {
    use Outcome::{FailsAfter, FailsBefore, Works};
    let commit_fails_at = |pass: u32, done: u64| Some((pass, done));
    let all = MANY as u64;
    for (keeps, fails_at) in [
        (&[FailsBefore][..], None),
        (&[FailsAfter], None),
        (&[], commit_fails_at(1, 0)),
        (&[], commit_fails_at(1, 500)),
        (&[], commit_fails_at(2, all)),
        (&[Works, FailsBefore], None),
        (&[Works, FailsAfter], None),
    ] {
        let (house, scope) = house_with(MANY).await;
        let nonce_key = house.provisioning.nonce_key(&operator()).await.unwrap();
        house.keys.will(keeps);
        let storage = Arc::clone(&house.storage);
        let outcome = house.rotate_watched(move |progress| {
            if Some((progress.pass, progress.done)) == fails_at {
                storage.fail_next_commit();
            }
        });
        outcome.await.unwrap_err();
        // What is created before the next start must open as well.
        house.create(&scope, "meanwhile").await.unwrap();

        let house = house.restarted().await;
        let opened = house.count_opened(&house.keyring, &[PASSWORD]).await;
        assert_eq!(opened, 3 * (MANY + 1), "{keeps:?} {fails_at:?}");
        assert!(matches!(house.rotate().await.unwrap().old_keys, OldKeys::Dropped(_)));
        house.assert_needs_only_the_file().await;
        assert_eq!(house.provisioning.nonce_key(&operator()).await.unwrap(), nonce_key);
    }
}

#[tokio::test]
async fn a_rotation_that_stopped_is_finished_without_another_key() {
    let (house, _) = house_with(3).await;
    let storage = Arc::clone(&house.storage);
    house.rotate_watched(move |_| storage.fail_next_commit()).await.unwrap_err();
    let begun = house.keys.keyring();
    let finished = house.rotate().await.unwrap();
    assert_eq!((finished.start, finished.credentials), (RotationStart::KeysAtHand, 3));
    assert!(house.keys.keyring().has_same_keys(&begun.with_primary_only()));
}

#[tokio::test]
async fn a_secret_that_does_not_open_keeps_the_old_key_until_it_is_mended() {
    let (house, scope) = house_with(3).await;
    let damaged = house.stored().await[1].clone();
    // The HA1 of another algorithm does not open at this place.
    let ha1s = domain::SealedHa1s { md5: damaged.ha1s.sha256.clone(), ..damaged.ha1s.clone() };
    let change = Change::ResealCredentials(vec![ResealedCredential {
        id: damaged.id,
        revision: damaged.revision,
        ha1s,
        previous: None,
        devices: domain::Devices::default(),
    }]);
    let audit = house.storage.audit_log()[0].1.clone();
    house.storage.commit(ChangeSet { changes: vec![change], audit }).await.unwrap();

    for start in [RotationStart::NewKey, RotationStart::KeysAtHand] {
        let rotated = house.rotate().await.unwrap();
        assert_eq!(rotated.start, start);
        assert_eq!(rotated.not_opened, NotOpened { count: 1, first: vec![damaged.id] });
        assert!(matches!(rotated.old_keys, OldKeys::Kept(_)));
        assert_eq!(house.keys.keyring().other_ids().len(), 1);
        assert_eq!(house.count_opened(&house.keys.keyring().with_primary_only(), &[PASSWORD]).await, 8);
    }
    let update = CredentialUpdate { password: Some(password(PASSWORD)), ..CredentialUpdate::default() };
    house.provisioning.update_credential(&scope, context(), (damaged.id, update)).await.unwrap();
    assert!(matches!(house.rotate().await.unwrap().old_keys, OldKeys::Dropped(_)));
    house.assert_needs_only_the_file().await;
}

#[tokio::test]
async fn where_keys_cannot_be_written_the_operator_brings_the_new_one() {
    let (house, _) = house_with(3).await;
    let value = |keyring: &Keyring| -> Arc<KeySource> {
        Arc::new(KeySource::Value(Zeroizing::new(keyring.to_file_text().to_string())))
    };
    let rotate = async |house: &House, source: Arc<KeySource>| {
        house.provisioning.rotate_keys(&operator(), source, Box::new(|_| {})).await
    };
    let refused = rotate(&house, value(&house.keyring)).await;
    assert!(matches!(refused, Err(RotationError::Keys(KeyringError::ReadOnlySource))));

    let both = house.keyring.with_new_primary(&*house.random);
    house.keyring.switch_to(&both);
    let rotated = rotate(&house, value(&both)).await.unwrap();
    assert_eq!((rotated.start, rotated.credentials), (RotationStart::KeysAtHand, 3));
    assert!(matches!(rotated.old_keys, OldKeys::MayBeRemoved(ids) if ids == both.other_ids()));
    assert_eq!(house.count_opened(&both.with_primary_only(), &[PASSWORD]).await, 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_rotation_at_a_time_and_none_ends_with_its_caller() {
    let (house, _) = house_with(3).await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let provisioning = Arc::clone(&house.provisioning);
    let keys = Arc::clone(&house.keys);
    let caller = tokio::spawn(async move {
        let on_progress = move |_| {
            tell.send(()).ok();
            wait.lock().unwrap().recv().ok();
        };
        provisioning.rotate_keys(&operator(), keys as _, Box::new(on_progress)).await
    });
    told.recv().await.unwrap();
    assert!(matches!(house.rotate().await, Err(RotationError::UnderWay)));
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    drop(go);
    // The channel closes when the rotation is over.
    while told.recv().await.is_some() {}
    let again = loop {
        match house.rotate().await {
            Err(RotationError::UnderWay) => tokio::task::yield_now().await,
            outcome => break outcome.unwrap(),
        }
    };
    assert_eq!(again.start, RotationStart::NewKey, "the first one had ended");
    house.assert_needs_only_the_file().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_primary_changes_only_when_what_was_sealed_before_is_stored() {
    let house = Arc::new(House::new().await);
    let scope = house.account().await;
    let HeldCommit { begun, go } = house.storage.hold_next_commit();
    let creating = {
        let (house, scope) = (Arc::clone(&house), scope.clone());
        tokio::spawn(async move { house.create(&scope, "alice").await.map(|_| ()) })
    };
    begun.await.unwrap();
    // Its client goes away; the commit does not.
    creating.abort();
    assert!(creating.await.unwrap_err().is_cancelled());
    let rotating = {
        let house = Arc::clone(&house);
        tokio::spawn(async move { house.rotate().await })
    };
    while house.keys.keyring().other_ids().is_empty() {
        tokio::task::yield_now().await;
    }
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
        assert!(house.keyring.other_ids().is_empty(), "the new key is in the file and not yet in use");
    }
    go.send(()).unwrap();
    let rotated = rotating.await.unwrap().unwrap();
    assert_eq!(rotated.credentials, 1, "what was sealed before was stored when the pass began");
    house.assert_needs_only_the_file().await;
}

#[tokio::test]
async fn an_update_made_from_an_old_seal_does_not_bring_it_back() {
    let (house, _) = house_with(1).await;
    let before = house.stored().await.remove(0);
    house.rotate().await.unwrap();
    let audit = house.storage.audit_log()[0].1.clone();
    let change =
        Change::UpdateCredential { credential: before.clone(), registrations: storage::RegistrationsAfter::Keep };
    house.storage.commit(ChangeSet { changes: vec![change], audit }).await.unwrap_err();
    assert!(before.revision > Revision(0));
    house.assert_needs_only_the_file().await;
}
