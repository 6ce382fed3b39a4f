//! Two generations of a password: which bindings live, and what ends when an overlap does.

use crate::installation::{Installation, Phone, bind_over, context};
use directory::{RegistrationView, RegistrationWriter, Superseded, WriterConfig};
use domain::SignallingTransport::{Tcp, Udp};
use domain::{Clock, Password};
use provisioning::{Answered, CredentialUpdate, ExpiryUpdate, NewRotation, Rotated};
use std::sync::Arc;
use std::time::Duration;

/// An installation whose table is looked through every half second, and a phone in it.
struct Rotating {
    installation: Installation,
    phone: Phone,
    online: RegistrationView,
    _writer: RegistrationWriter,
}

async fn rotating() -> Rotating {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let phone = installation.phone(&scope, "alice").await;
    let (directory, clock) = (Arc::clone(&installation.directory), Arc::clone(&installation.clock));
    let config = WriterConfig { interval_ms: 500, ..WriterConfig::default() };
    let storage = Arc::clone(&installation.storage);
    let (writer, _) = RegistrationWriter::start(Arc::clone(&directory), storage as _, Arc::clone(&clock) as _, config);
    let online = RegistrationView::new(directory, &writer, clock);
    Rotating { installation, phone, online, _writer: writer }
}

impl Rotating {
    async fn rotate(&self, overlap_seconds: u32) -> Rotated {
        let password = Some(Password::parse("battery staple".into()).unwrap());
        let asked = (&self.online as _, self.phone.id, NewRotation { password, overlap_seconds });
        let provisioning = &self.installation.provisioning;
        match provisioning.rotate_credential(&self.phone.scope, context(), asked, None).await.unwrap() {
            Answered::Fresh(rotated) => rotated,
            Answered::Replayed(_) => unreachable!("nothing is remembered"),
        }
    }

    fn renewed(&self) -> Phone {
        Phone { generation: self.phone.generation + 1, ..self.phone.clone() }
    }

    /// Binds a contact over a connection.
    fn bind_over(&self, phone: &Phone, contact: &str, connection: u64) -> Result<(), Superseded> {
        let transport = if connection == 0 { Udp } else { Tcp };
        let now = self.installation.clock.now();
        bind_over(&self.installation.directory, phone, (contact, 1), (transport, connection, now))
    }

    /// Lets the table be looked through and storage be told.
    async fn look(&self) {
        tokio::time::sleep(Duration::from_secs(2)).await;
    }

    fn closed(&self) -> Vec<u64> {
        self.installation.closed.0.lock().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn bindings_of_both_generations_live_until_the_overlap_ends() {
    let rotating = rotating().await;
    let (installation, old, new) = (&rotating.installation, rotating.phone.clone(), rotating.renewed());
    rotating.bind_over(&old, "sip:a@1.test", 7).unwrap();
    rotating.bind_over(&old, "sip:a@2.test", 0).unwrap();
    let rotated = rotating.rotate(60).await;
    assert_eq!((rotated.rotation.on_current, rotated.rotation.on_previous.len()), (0, 2));
    assert_eq!(installation.live(&old), Some(2));
    rotating.bind_over(&new, "sip:a@2.test", 0).unwrap();
    rotating.bind_over(&old, "sip:a@3.test", 0).unwrap();
    let rotation = installation.provisioning.rotation(&old.scope, &rotating.online, old.id).await.unwrap();
    assert_eq!((rotation.on_current, rotation.on_previous.len()), (1, 2));
    installation.clock.advance_seconds(59);
    rotating.look().await;
    assert_eq!((installation.live(&old), installation.stored().len()), (Some(3), 3));
    installation.clock.advance_seconds(1);
    assert_eq!(installation.live(&old), Some(1), "at once, not when somebody has looked");
    assert_eq!(rotating.bind_over(&old, "sip:a@3.test", 0), Err(Superseded));
    assert!(rotating.closed().is_empty());
    rotating.look().await;
    assert_eq!(rotating.closed(), [7]);
    assert_eq!(installation.stored(), ["sip:a@2.test 1"]);
    let rotation = installation.provisioning.rotation(&old.scope, &rotating.online, old.id).await.unwrap();
    assert_eq!((rotation.overlap_until, rotation.on_current, rotation.on_previous.len()), (None, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_overlap_ended_early_ends_the_bindings_of_the_old_password_alone() {
    let rotating = rotating().await;
    let (installation, old, new) = (&rotating.installation, rotating.phone.clone(), rotating.renewed());
    rotating.bind_over(&old, "sip:a@1.test", 7).unwrap();
    rotating.rotate(60).await;
    rotating.bind_over(&new, "sip:a@2.test", 8).unwrap();
    rotating.look().await;
    assert_eq!(installation.stored().len(), 2);
    installation.provisioning.end_overlap(&old.scope, context(), old.id).await.unwrap();
    assert_eq!((installation.live(&old), rotating.closed()), (Some(1), vec![7]));
    assert_eq!(installation.stored(), ["sip:a@2.test 1"]);
    assert_eq!(rotating.bind_over(&old, "sip:a@1.test", 7), Err(Superseded));
    rotating.bind_over(&new, "sip:a@2.test", 8).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_second_rotation_leaves_nothing_of_the_first_generation() {
    let rotating = rotating().await;
    let (installation, first) = (&rotating.installation, rotating.phone.clone());
    rotating.rotate(60).await;
    rotating.bind_over(&first, "sip:a@1.test", 0).unwrap();
    rotating.bind_over(&rotating.renewed(), "sip:a@2.test", 0).unwrap();
    // Before anybody has looked.
    installation.clock.advance_seconds(60);
    rotating.rotate(60).await;
    assert_eq!(installation.live(&first), Some(1));
    rotating.look().await;
    assert_eq!(installation.stored(), ["sip:a@2.test 1"]);
    assert_eq!(rotating.bind_over(&first, "sip:a@1.test", 0), Err(Superseded));
}

#[tokio::test(start_paused = true)]
async fn an_overlap_that_ran_out_while_the_node_was_down_brings_nothing_back() {
    let rotating = rotating().await;
    let (installation, old, new) = (&rotating.installation, rotating.phone.clone(), rotating.renewed());
    rotating.rotate(60).await;
    rotating.bind_over(&old, "sip:a@1.test", 0).unwrap();
    rotating.bind_over(&new, "sip:a@2.test", 0).unwrap();
    rotating.look().await;
    assert_eq!(installation.stored().len(), 2);
    let live = |directory: &directory::Directory| {
        directory.live_bindings(old.realm, old.username.as_bytes(), installation.clock.now())
    };
    assert_eq!(live(&*installation.restarted().await), Some(2));
    installation.clock.advance_seconds(59);
    assert_eq!(live(&*installation.restarted().await), Some(2));
    installation.clock.advance_seconds(1);
    assert_eq!(live(&*installation.restarted().await), Some(1));
}

#[tokio::test(start_paused = true)]
async fn an_expired_credential_has_no_bindings() {
    let rotating = rotating().await;
    let (installation, phone) = (&rotating.installation, rotating.phone.clone());
    let expires = |seconds| CredentialUpdate {
        expiry: ExpiryUpdate::At(installation.clock.now().plus_seconds(seconds)),
        ..CredentialUpdate::default()
    };
    installation.update(&phone, expires(30)).await;
    installation.update(&phone, expires(60)).await;
    rotating.bind_over(&phone, "sip:a@1.test", 7).unwrap();
    installation.clock.advance_seconds(59);
    rotating.look().await;
    assert_eq!((installation.live(&phone), installation.stored().len()), (Some(1), 1));
    installation.clock.advance_seconds(1);
    assert_eq!(installation.live(&phone), Some(0));
    assert_eq!(rotating.bind_over(&phone, "sip:a@2.test", 7), Err(Superseded));
    assert_eq!(installation.restarted().await.live_bindings(phone.realm, b"alice", installation.clock.now()), Some(0));
    rotating.look().await;
    assert_eq!((installation.stored().len(), rotating.closed()), (0, vec![7]));
    installation.update(&phone, expires(60)).await;
    rotating.bind_over(&phone, "sip:a@2.test", 7).unwrap();
}
