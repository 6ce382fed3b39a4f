//! What ends with a connection, and which connections end with a credential.

use crate::installation::{Installation, Phone, bind_over};
use directory::{RegistrationWriter, WriterConfig};
use domain::SignallingTransport::{Tcp, Wss};
use domain::{Clock, Password, SignallingTransport};
use provisioning::CredentialUpdate;
use std::sync::Arc;

const BROWSER: &str = "sip:alice@x7.invalid;transport=ws";
const DESK: &str = "sip:alice@192.0.2.7:40001;transport=tcp";

async fn two_phones() -> (Installation, Phone, Phone) {
    let installation = Installation::new().await;
    let scope = installation.account("MA_AAAAAAAA", None).await;
    let (alice, bob) = (installation.phone(&scope, "alice").await, installation.phone(&scope, "bob").await);
    (installation, alice, bob)
}

impl Installation {
    fn bind_over(&self, phone: &Phone, contact: &str, (transport, connection): (SignallingTransport, u64)) {
        bind_over(&self.directory, phone, (contact, 1), (transport, connection, self.clock.now())).unwrap();
    }

    /// The connections of a phone's bindings.
    fn connections_of(&self, phone: &Phone) -> Vec<u64> {
        let of = |bindings: &mut directory::Bindings<'_>| {
            bindings.live.iter().map(|binding| binding.facts.connection).collect()
        };
        self.directory.update_bindings(&phone.key(), self.clock.now(), of).unwrap()
    }

    async fn save(&self) {
        let (writer, task) = RegistrationWriter::start(
            Arc::clone(&self.directory),
            Arc::clone(&self.storage) as _,
            Arc::clone(&self.clock) as _,
            WriterConfig { interval_ms: 3_600_000, ..WriterConfig::default() },
        );
        drop(writer);
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_browsers_binding_ends_with_its_connection_in_storage_too() {
    let (installation, alice, bob) = two_phones().await;
    installation.bind_over(&alice, BROWSER, (Wss, 7));
    installation.bind_over(&alice, DESK, (Tcp, 7));
    installation.bind_over(&bob, BROWSER, (Wss, 8));
    installation.save().await;
    assert_eq!(installation.stored().len(), 3);
    installation.directory.connection_ended(7);
    // The desk phone may be called by connecting to it; it only has no connection now.
    assert_eq!(installation.connections_of(&alice), [0]);
    assert_eq!(installation.connections_of(&bob), [8]);
    installation.save().await;
    assert_eq!(installation.stored(), [format!("{DESK} 1"), format!("{BROWSER} 1")]);
    installation.directory.connection_ended(7);
    installation.directory.connection_ended(99);
    assert_eq!(installation.connections_of(&alice), [0]);
}

#[tokio::test]
async fn a_binding_that_moved_to_another_connection_survives_the_first() {
    let (installation, alice, _) = two_phones().await;
    installation.bind_over(&alice, BROWSER, (Wss, 7));
    installation.bind_over(&alice, BROWSER, (Wss, 9));
    installation.directory.connection_ended(7);
    assert_eq!(installation.connections_of(&alice), [9]);
    installation.directory.connection_ended(9);
    assert_eq!(installation.live(&alice), Some(0));
}

#[tokio::test]
async fn revocation_closes_the_connection() {
    let password = || Some(Password::parse("another secret".into()).unwrap());
    let (installation, alice, bob) = two_phones().await;
    let closed = || std::mem::take(&mut *installation.closed.0.lock());
    installation.bind_over(&alice, BROWSER, (Wss, 1));
    installation.bind_over(&alice, DESK, (Tcp, 2));
    installation.bind_over(&bob, DESK, (Tcp, 3));
    installation.update(&alice, CredentialUpdate { password: password(), ..CredentialUpdate::default() }).await;
    assert_eq!(closed(), [1, 2]);
    installation.set_enabled(&bob, false).await;
    assert_eq!(closed(), [3]);
    installation.set_enabled(&bob, true).await;
    installation.bind_over(&bob, DESK, (Tcp, 4));
    installation.set_account_enabled("MA_AAAAAAAA", false).await;
    assert_eq!(closed(), [4]);
    installation.set_account_enabled("MA_AAAAAAAA", true).await;
    installation.bind_over(&bob, DESK, (Tcp, 5));
    installation.delete(&bob).await;
    assert_eq!(closed(), [5]);
}

/// A gateway or an outbound proxy brings many users over one connection.
#[tokio::test]
async fn a_connection_that_others_use_is_left_open() {
    let (installation, alice, bob) = two_phones().await;
    installation.bind_over(&alice, DESK, (Tcp, 1));
    installation.bind_over(&bob, DESK, (Tcp, 1));
    installation.set_enabled(&alice, false).await;
    assert!(installation.closed.0.lock().is_empty());
    installation.set_enabled(&bob, false).await;
    assert_eq!(*installation.closed.0.lock(), [1]);
}

/// All phones of an account that share a connection end together, and it is closed once.
#[tokio::test]
async fn an_account_takes_its_connection_with_it() {
    let (installation, alice, bob) = two_phones().await;
    installation.bind_over(&alice, DESK, (Tcp, 1));
    installation.bind_over(&bob, DESK, (Tcp, 1));
    installation.set_account_enabled("MA_AAAAAAAA", false).await;
    assert_eq!(*installation.closed.0.lock(), [1]);
}
