//! Which algorithms phones use is noted once a day, written behind, and a step back is told.

use crate::phone::{Phone, status};
use crate::world::{ACCOUNT, Options, REALM, World};
use domain::{AlgorithmUse, AuthReason, AuthRemark, Day, DigestAlgorithm, RealmName};
use provisioning::InstallationOperator;
use storage::AlgorithmUses;

const MODERN: &str = "Linphonec/5.1.65";
const OLD: &str = "old phone/1 \u{1}";
const DAY: i64 = 86_400;

/// Registers with a phone of that kind; the remark of the event.
fn register(world: &mut World, user_agent: &str) -> Option<AuthRemark> {
    world.clock.advance_seconds(40);
    let call_id = format!("call-{}", world.now().as_unix_seconds());
    let mut phone = Phone { user_agent: user_agent.into(), call_id, ..Phone::new("alice") };
    assert_eq!(status(&phone.register(world, &[])), 200);
    let event = world.events().pop().unwrap();
    assert_eq!(event.reason, AuthReason::Ok);
    event.remark
}

async fn stored(world: &World) -> Vec<AlgorithmUse> {
    world.node.directory.flush_algorithm_uses(&*world.storage).await.unwrap();
    let mut uses = Vec::new();
    world.storage.load_algorithm_uses(&mut |one| uses.push(one)).unwrap();
    uses
}

#[tokio::test]
async fn a_downgrade_is_told_once_a_day() {
    let mut world = World::new().await;
    let downgrade = Some(AuthRemark::AlgorithmDowngrade);
    assert_eq!(register(&mut world, OLD), None, "there was nothing better before");
    assert_eq!(register(&mut world, MODERN), None);
    assert_eq!(register(&mut world, OLD), downgrade);
    assert_eq!(register(&mut world, OLD), None);
    assert_eq!(register(&mut world, MODERN), None);
    assert_eq!(register(&mut world, OLD), None, "the same day");
    world.clock.advance_seconds(DAY);
    assert_eq!(register(&mut world, OLD), downgrade);
    assert_eq!(register(&mut world, OLD), None);
    stored(&world).await;
    world.restart().await;
    world.clock.advance_seconds(DAY);
    assert_eq!(register(&mut world, OLD), downgrade, "what was used before is known after a restart");
    let told = world.node.events.remarks().find(|(remark, _)| *remark == AuthRemark::AlgorithmDowngrade);
    assert_eq!(told.map(|(_, count)| count), Some(1));
}

#[tokio::test]
async fn first_and_last_day_and_the_user_agent_are_stored() {
    let mut world = World::new().await;
    let first = Day::of(world.now());
    register(&mut world, OLD);
    register(&mut world, MODERN);
    register(&mut world, "another old one/1");
    let uses = stored(&world).await;
    let facts: Vec<_> = uses.iter().map(|one| (one.algorithm, one.first_day, one.last_day, &*one.user_agent)).collect();
    let expected =
        [(DigestAlgorithm::Md5, first, first, "old phone/1 \u{fffd}"), (DigestAlgorithm::Sha256, first, first, MODERN)];
    assert_eq!(facts, expected, "of a day's uses the first counts, and no control character is kept");
    world.clock.advance_seconds(2 * DAY);
    register(&mut world, "another old one/1");
    let uses = stored(&world).await;
    let last = Day::of(world.now());
    assert_eq!((uses[0].first_day, uses[0].last_day, &*uses[0].user_agent), (first, last, "another old one/1"));
    assert_eq!(uses[1].last_day, first);
}

#[tokio::test]
async fn what_could_not_be_stored_is_stored_later() {
    let mut world = World::new().await;
    register(&mut world, OLD);
    world.storage.fail_next_commit();
    assert!(world.node.directory.flush_algorithm_uses(&*world.storage).await.is_err());
    register(&mut world, MODERN);
    stored(&world).await;
    let algorithms: Vec<_> = stored(&world).await.iter().map(|one| one.algorithm).collect();
    assert_eq!(algorithms, [DigestAlgorithm::Md5, DigestAlgorithm::Sha256]);
}

/// Beyond the queue's room nothing is lost: the next request of that credential notes it.
#[tokio::test]
async fn what_finds_no_room_is_noted_by_the_next_request() {
    let mut world = World::empty(Options::default()).await;
    let scope = world.account(ACCOUNT, None).await;
    let realms = world.node.directory.realms();
    let realm = realms.of_host(crate::world::DOMAIN.as_bytes()).unwrap().id;
    drop(realms);
    let mut keys = Vec::new();
    for number in 0..4096 {
        let username = format!("phone_{number}");
        keys.push((world.credential(&scope, &username).await, username));
    }
    let id = world.credential(&scope, "alice").await;
    let today = Day::of(world.now().plus_seconds(60));
    for (id, username) in &keys {
        let key = directory::CredentialKey { realm, username: username.as_bytes(), id: *id, generation: 1 };
        world.node.directory.note_algorithm(&key, (DigestAlgorithm::Md5, today), b"");
    }
    assert_eq!(world.node.directory.deferred_algorithm_uses(), 0);
    register(&mut world, OLD);
    assert_eq!(world.node.directory.deferred_algorithm_uses(), 1);
    assert_eq!(stored(&world).await.len(), 4096);
    register(&mut world, OLD);
    assert!(stored(&world).await.iter().any(|one| one.credential == id));
}

#[tokio::test]
async fn only_what_was_right_counts_as_used() {
    let mut world = World::new().await;
    let mut phone = Phone { password: "wrong horse".into(), ..Phone::new("alice") };
    assert_eq!(status(&phone.register(&mut world, &[])), 401);
    assert_eq!(stored(&world).await, []);
}

#[tokio::test]
async fn a_realm_without_md5_takes_sha_256_only_and_comes_back_with_new_passwords() {
    let mut world = World::empty(Options::default()).await;
    let scope = world.account(ACCOUNT, None).await;
    let id = world.credential(&scope, "alice").await;
    register(&mut world, OLD);
    let operator = InstallationOperator::admitted_by_file_permissions();
    let realm = || RealmName::parse(REALM).unwrap();
    let retired = world.provisioning.retire_md5(&operator, realm()).await.unwrap();
    assert_eq!(retired.credentials, 1);
    assert_eq!(world.provisioning.retire_md5(&operator, realm()).await.unwrap().credentials, 0);
    world.credential(&scope, "bob").await;
    register(&mut world, OLD);
    assert_eq!(world.events().pop().unwrap().algorithm, Some(DigestAlgorithm::Sha256));
    // Back again: MD5 is offered, but for credentials of before there is nothing to compare with.
    world.set_policy(REALM, domain::ChallengePolicy::Compatible).await;
    for username in ["alice", "bob"] {
        let mut phone = Phone::new(username);
        assert_eq!(status(&phone.register(&mut world, &[])), 401, "{username}");
        assert_eq!(world.last_reason(), AuthReason::WrongPassword);
    }
    register(&mut world, MODERN);
    let password = domain::Password::parse("battery staple".into()).unwrap();
    let update = provisioning::CredentialUpdate { password: Some(password), ..Default::default() };
    world.update(&scope, id, update).await;
    let mut phone = Phone { password: "battery staple".into(), call_id: "new".into(), ..Phone::new("alice") };
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
}
