//! Two passwords of one credential: which authenticates when, and what is told of it.

use crate::phone::{Phone, is_stale, status};
use crate::world::{ACCOUNT, Options, PASSWORD, World};
use domain::{AuthReason, AuthRemark, CredentialId, DigestAlgorithm, Password, SignallingTransport};
use provisioning::{CredentialUpdate, CredentialsWrite, ExpiryUpdate, NewRotation};
use storage::CredentialUses;

const NEW: &str = "battery staple";

async fn world() -> (World, CredentialsWrite, CredentialId) {
    let world = World::empty(Options::default()).await;
    let scope = world.account(ACCOUNT, None).await;
    let id = world.credential(&scope, "alice").await;
    (world, scope, id)
}

async fn rotate(world: &World, scope: &CredentialsWrite, id: CredentialId, (password, overlap): (&str, u32)) {
    let new = NewRotation { password: Some(Password::parse(password.into()).unwrap()), overlap_seconds: overlap };
    let nobody = crate::world::NobodyOnline;
    let asked = (&nobody as _, id, new);
    world.provisioning.rotate_credential(scope, crate::world::context(), asked, None).await.unwrap();
}

/// Two phones of one credential, the second with the new password.
fn phones() -> [Phone; 2] {
    let old = Phone::new("alice");
    let new = Phone {
        password: NEW.into(),
        call_id: "other".into(),
        contact: "<sip:alice@192.0.2.8:5062>".into(),
        ..Phone::new("alice")
    };
    [old, new.at("192.0.2.8:5062")]
}

#[tokio::test]
async fn both_work_while_the_overlap_runs_and_one_afterwards() {
    let (mut world, scope, id) = world().await;
    let [mut old, mut new] = phones();
    assert_eq!(status(&old.register(&mut world, &[])), 200);
    rotate(&world, &scope, id, (NEW, 600)).await;
    assert_eq!(world.bindings("alice"), 1, "what is registered stays");
    assert_eq!(status(&new.register(&mut world, &[])), 200);
    assert_eq!(world.events().pop().unwrap().remark, None);
    for _ in 0..3 {
        assert_eq!(status(&old.register_again(&mut world, &[])), 200);
        let event = world.events().pop().unwrap();
        assert_eq!((event.reason, event.remark), (AuthReason::Ok, Some(AuthRemark::PreviousPassword)));
        assert_eq!(event.credential, Some(id));
    }
    assert_eq!(world.bindings("alice"), 2);
    world.clock.advance_seconds(599);
    assert_eq!(status(&old.register_again(&mut world, &[])), 200);
    world.clock.advance_seconds(1);
    assert_eq!(world.bindings("alice"), 1, "nobody had to look");
    assert_eq!(status(&old.register_again(&mut world, &[])), 401);
    assert_eq!(world.last_reason(), AuthReason::OldPassword);
    assert_eq!(status(&new.register_again(&mut world, &[])), 200);
}

#[tokio::test]
async fn an_overlap_that_is_ended_ends_for_what_was_just_verified_too() {
    let (mut world, scope, id) = world().await;
    let [mut old, mut new] = phones();
    rotate(&world, &scope, id, (NEW, 600)).await;
    assert_eq!(status(&old.register(&mut world, &[])), 200);
    assert_eq!(status(&new.register(&mut world, &[])), 200);
    let provisioning = std::sync::Arc::clone(&world.provisioning);
    *world.options.after_verification.lock() = Some(Box::new(move || {
        let change = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(provisioning.end_overlap(&scope, crate::world::context(), id)).unwrap();
        };
        std::thread::scope(|threads| threads.spawn(change).join().unwrap());
    }));
    assert_eq!(status(&old.register_again(&mut world, &[])), 401);
    let reasons: Vec<_> = world.events().into_iter().map(|event| event.reason).collect();
    assert_eq!(reasons[reasons.len() - 2..], [AuthReason::Ok, AuthReason::OldPassword]);
    assert_eq!(world.bindings("alice"), 1);
    assert_eq!(status(&new.register_again(&mut world, &[])), 200);
}

#[tokio::test]
async fn without_an_overlap_the_old_one_ends_at_once() {
    let (mut world, scope, id) = world().await;
    let [mut old, mut new] = phones();
    assert_eq!(status(&old.register(&mut world, &[])), 200);
    rotate(&world, &scope, id, (NEW, 0)).await;
    assert_eq!(world.bindings("alice"), 0);
    assert_eq!(status(&old.register_again(&mut world, &[])), 401);
    assert_eq!(world.last_reason(), AuthReason::OldPassword);
    assert_eq!(status(&new.register(&mut world, &[])), 200);
}

/// One nonce, two passwords: a count that one has spent is spent for the other.
#[tokio::test]
async fn both_passwords_share_the_count_of_a_nonce() {
    let (mut world, scope, id) = world().await;
    rotate(&world, &scope, id, (NEW, 600)).await;
    let [mut phone, _] = phones();
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let first = phone.authorize_with(&draft, 1, |value| value);
    assert_eq!(status(&phone.clone().send(&mut world, &first)), 200);
    phone.password = NEW.into();
    let draft = phone.draft_register(&[]);
    for (count, reason) in [(1, AuthReason::ReplayedNonceCount), (2, AuthReason::Ok)] {
        let attempt = phone.authorize_with(&draft, count, |value| value);
        phone.clone().send(&mut world, &attempt);
        assert_eq!(world.last_reason(), reason);
    }
}

#[tokio::test]
async fn bindings_of_both_survive_a_restart_and_the_overlap_ends_after_it() {
    let (mut world, scope, id) = world().await;
    rotate(&world, &scope, id, (NEW, 600)).await;
    let [mut old, mut new] = phones();
    assert_eq!(status(&old.register(&mut world, &[])), 200);
    assert_eq!(status(&new.register(&mut world, &[])), 200);
    world.restart().await;
    assert_eq!(world.bindings("alice"), 2);
    world.clock.advance_seconds(600);
    assert_eq!(world.bindings("alice"), 1);
    world.restart().await;
    assert_eq!(world.bindings("alice"), 1);
    assert_eq!(status(&old.register(&mut world, &[])), 401);
    assert_eq!(world.last_reason(), AuthReason::OldPassword);
}

/// A password that was given again is the present one.
#[tokio::test]
async fn the_same_password_again_is_no_old_one() {
    let (mut world, scope, id) = world().await;
    rotate(&world, &scope, id, (PASSWORD, 0)).await;
    let [mut phone, _] = phones();
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    assert_eq!(world.events().pop().unwrap().remark, None);
}

#[tokio::test]
async fn an_old_password_can_be_named_for_as_long_as_it_is_kept() {
    let (mut world, scope, id) = world().await;
    rotate(&world, &scope, id, (NEW, 600)).await;
    let [mut old, mut new] = phones();
    let days = i64::from(provisioning::limits::PREVIOUS_PASSWORD_DAYS);
    world.clock.advance_seconds(600 + days * 86_400 - 1);
    world.provisioning.forget_previous_passwords().await.unwrap();
    assert_eq!(status(&old.register(&mut world, &[])), 401);
    assert_eq!(world.last_reason(), AuthReason::OldPassword);
    world.clock.advance_seconds(1);
    world.provisioning.forget_previous_passwords().await.unwrap();
    assert_eq!(status(&old.register_again(&mut world, &[])), 401);
    assert_eq!(world.last_reason(), AuthReason::WrongPassword);
    assert_eq!(status(&new.register(&mut world, &[])), 200);
}

fn expiry(seconds: i64, world: &World) -> CredentialUpdate {
    CredentialUpdate { expiry: ExpiryUpdate::At(world.now().plus_seconds(seconds)), ..CredentialUpdate::default() }
}

#[tokio::test]
async fn an_expired_credential_lets_nobody_in_until_its_end_is_moved() {
    let (mut world, scope, id) = world().await;
    world.update(&scope, id, expiry(600, &world)).await;
    let [mut phone, mut wrong] = phones();
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    world.clock.advance_seconds(599);
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
    world.clock.advance_seconds(1);
    assert_eq!(world.bindings("alice"), 0);
    let refused = phone.register_again(&mut world, &[]);
    assert_eq!((status(&refused), is_stale(&refused)), (401, false));
    assert_eq!(world.last_reason(), AuthReason::CredentialExpired);
    assert_eq!(status(&wrong.register(&mut world, &[])), 401);
    assert_eq!(world.last_reason(), AuthReason::WrongPassword);
    let never = CredentialUpdate { expiry: ExpiryUpdate::Never, ..CredentialUpdate::default() };
    world.update(&scope, id, never).await;
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
}

/// Whoever goes on with a password that was right is told of as that, and bans are for guesses: a moved end lets in at once.
#[tokio::test]
async fn going_on_after_the_end_is_no_guessing() {
    let (mut world, scope, id) = world().await;
    world.update(&scope, id, expiry(1, &world)).await;
    world.clock.advance_seconds(1);
    let [mut phone, mut wrong] = phones();
    for attempt in 0..100 {
        phone.call_id = format!("attempt-{attempt}");
        assert_eq!(status(&phone.register(&mut world, &[])), 401);
        assert_eq!(world.last_reason(), AuthReason::CredentialExpired);
    }
    for guess in 0..21 {
        wrong.call_id = format!("guess-{guess}");
        assert_eq!(status(&wrong.register(&mut world, &[])), 401);
    }
    assert_eq!(world.last_reason(), AuthReason::Banned);
    world.update(&scope, id, expiry(3600, &world)).await;
    assert_eq!(status(&phone.register_again(&mut world, &[])), 200);
}

/// The first use of a minute is kept, with what is known of it.
#[tokio::test]
async fn the_last_use_is_kept_by_the_minute() {
    let (mut world, scope, id) = world().await;
    let [mut old, mut new] = phones();
    old.user_agent = "Old\u{7}Phone".into();
    let first = world.now();
    assert_eq!(status(&old.register(&mut world, &[])), 200);
    rotate(&world, &scope, id, (NEW, 600)).await;
    world.clock.advance_seconds(1);
    assert_eq!(status(&new.register(&mut world, &[])), 200);
    let directory = std::sync::Arc::clone(&world.node.directory);
    directory.flush_credential_uses(&*world.storage).await.unwrap();
    let last = world.storage.credential_use(id).await.unwrap().unwrap();
    assert_eq!((last.at, last.generation, &*last.user_agent), (first, 1, "Old\u{fffd}Phone"));
    assert_eq!((&*last.method, last.source.to_string().as_str()), ("REGISTER", "192.0.2.7:5062"));
    assert_eq!((last.algorithm, last.transport), (DigestAlgorithm::Md5, SignallingTransport::Udp));
    world.clock.advance_seconds(60);
    assert_eq!(status(&new.register_again(&mut world, &[])), 200);
    world.storage.fail_next_commit();
    assert!(directory.flush_credential_uses(&*world.storage).await.is_err());
    assert_eq!(world.storage.credential_use(id).await.unwrap(), Some(last));
    directory.flush_credential_uses(&*world.storage).await.unwrap();
    let last = world.storage.credential_use(id).await.unwrap().unwrap();
    assert_eq!((last.at, last.generation), (world.now(), 2));
    assert_eq!(directory.deferred_credential_uses(), 0);
}
