//! Bindings across restarts.

use crate::installation::Installation;
use directory::{Directory, RegistrationWriter, WriterConfig};
use domain::{Clock, ContactBinding, CredentialId, LiveBinding, Password, SignallingTransport, Stored, Timestamp};
use provisioning::CredentialUpdate;
use std::sync::Arc;
use storage::{RegistrationChange, Registrations};
use testkit::samples;

/// A writer that only writes when asked or ended.
fn writer(
    installation: &Installation,
    directory: &Arc<Directory>,
) -> (RegistrationWriter, tokio::task::JoinHandle<()>) {
    RegistrationWriter::start(
        Arc::clone(directory),
        Arc::clone(&installation.storage) as _,
        Arc::clone(&installation.clock) as _,
        WriterConfig { interval_ms: 3_600_000, ..WriterConfig::default() },
    )
}

/// A binding that does not end with a connection.
fn over_udp(credential: CredentialId, id: i64, expires_at: Timestamp) -> ContactBinding {
    ContactBinding { transport: SignallingTransport::Udp, ..samples::binding(credential, id, 1, expires_at) }
}

#[tokio::test]
async fn bindings_survive_a_restart_with_everything_they_have() {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let phone = installation.phone(&scope, "alice").await;
    let record = over_udp(phone.id, 77, installation.clock.now().plus_seconds(600));
    installation
        .directory
        .update_bindings(&phone.key(), installation.clock.now(), |bindings| {
            let mut live = LiveBinding::from_record(&record);
            live.stored = Stored::No;
            bindings.live.push(live);
        })
        .unwrap();
    installation.bind(&phone, "sip:a@2.test", 3).unwrap();
    let (writer, task) = writer(&installation, &installation.directory);
    drop(writer);
    task.await.unwrap();
    let mut kept = None;
    let restarted = installation.restarted().await;
    let find = |bindings: &mut directory::Bindings<'_>| {
        assert!(bindings.live.iter().all(|binding| binding.stored == Stored::Yes));
        assert_eq!(bindings.live.len(), 2);
        kept =
            bindings.live.iter().find(|binding| binding.facts.id == record.id).map(|found| found.to_record(phone.id));
    };
    restarted.update_bindings(&phone.key(), installation.clock.now(), find).unwrap();
    assert_eq!(kept, Some(record));
    // Nothing of what was loaded is written again.
    let (writer, task) = self::writer(&installation, &restarted);
    drop(writer);
    task.await.unwrap();
    assert_eq!(installation.stored().len(), 2);
}

#[tokio::test]
async fn identifiers_of_another_boot_are_others() {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let phone = installation.phone(&scope, "alice").await;
    let now = installation.clock.now();
    let id_of = |directory: &Directory| {
        directory.update_bindings(&phone.key(), now, |bindings| (bindings.parts().2)()).unwrap()
    };
    let first = [id_of(&installation.directory), id_of(&installation.directory)];
    assert_ne!(first[0], first[1]);
    assert!(!first.contains(&id_of(&*installation.restarted().await)));
}

#[tokio::test]
async fn what_expired_or_was_revoked_is_not_loaded() {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let alice = installation.phone(&scope, "alice").await;
    let bob = installation.phone(&scope, "bob").await;
    let now = installation.clock.now();
    let put = |id, number, expires_at| RegistrationChange::Put(over_udp(id, number, expires_at));
    let batch = vec![
        put(alice.id, 1, now.plus_seconds(10)),
        put(alice.id, 2, now.plus_seconds(600)),
        put(bob.id, 3, now.plus_seconds(600)),
    ];
    installation.storage.save(batch).await.unwrap();
    installation.clock.advance_seconds(10);
    let password = Some(Password::parse("another secret".into()).unwrap());
    installation.update(&bob, CredentialUpdate { password, ..CredentialUpdate::default() }).await;
    let restarted = installation.restarted().await;
    let count = |name: &str| restarted.live_bindings(alice.realm, name.as_bytes(), now);
    assert_eq!((count("alice"), count("bob")), (Some(1), Some(0)));
}

/// Nobody can connect to a browser: what it registered over a connection ends with the process, for good.
#[tokio::test]
async fn what_needs_a_connection_is_not_loaded_and_forgotten() {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let phone = installation.phone(&scope, "alice").await;
    let expires_at = installation.clock.now().plus_seconds(600);
    let of = |id, transport, reg_id| {
        let record = samples::binding(phone.id, id, 1, expires_at);
        RegistrationChange::Put(ContactBinding { transport, reg_id, ..record })
    };
    let batch = vec![
        of(1, SignallingTransport::Wss, 0),
        of(2, SignallingTransport::Tls, 1),
        of(3, SignallingTransport::Tcp, 0),
        of(4, SignallingTransport::Udp, 1),
    ];
    installation.storage.save(batch).await.unwrap();
    let restarted = installation.restarted().await;
    assert_eq!(restarted.live_bindings(phone.realm, b"alice", expires_at.plus_seconds(-1)), Some(2));
    let (writer, task) = writer(&installation, &restarted);
    drop(writer);
    task.await.unwrap();
    assert_eq!(installation.stored().len(), 2);
}
