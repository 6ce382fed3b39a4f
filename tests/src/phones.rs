//! Real phones, programs that we did not write: each is run with a generated configuration in a folder of its own, for a
//! bounded time, and what it sent and received is read from its own trace.

pub mod baresip;
pub mod javascript;
pub mod life;
pub mod linphonec;
pub mod pyvoip;
pub mod renaming_relay;
pub mod running_phone;
pub mod sipp;
pub mod sipsak;
pub mod spoken;
pub mod tls_relay;
pub mod trace;
pub mod twinkle;

pub use running_phone::RunningPhone;
pub use trace::Trace;

use crate::account::Account;
use crate::server::Server;
use crate::sip::Transport;
use crate::tls::Authority;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What a person types into a phone.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's address: the outbound proxy of the phone.
    pub server: SocketAddr,
    /// The transport to use.
    pub transport: Transport,
    /// The domain of the address-of-record.
    pub domain: String,
    /// The realm, for phones that want to know it beforehand.
    pub realm: String,
    /// The username, also the authentication name.
    pub username: String,
    /// The password.
    pub password: String,
    /// The certificate of the authority that has certified the server, for phones over TLS.
    pub authority: Option<String>,
}

impl Settings {
    /// The settings of a credential of that account under the account's legal domain.
    #[must_use]
    pub fn new(server: &Server, account: &Account, transport: Transport, username: &str, password: &str) -> Self {
        Self {
            server: server.sip(transport),
            transport,
            domain: account.sip_domain.clone(),
            realm: account.realm.clone(),
            username: username.to_owned(),
            password: password.to_owned(),
            authority: matches!(transport, Transport::Tls | Transport::Wss)
                .then(|| Authority::shared().pem().to_owned()),
        }
    }

    /// Puts the authority's certificate, if there is one to trust, into a file of that folder.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn authority_file(&self, folder: &Path) -> Option<PathBuf> {
        let file = folder.join("authority.pem");
        self.authority.as_ref().map(|certificate| {
            fs::write(&file, certificate).expect("a file");
            file
        })
    }

    /// The same settings with another domain.
    #[must_use]
    pub fn with_domain(mut self, domain: &str) -> Self {
        domain.clone_into(&mut self.domain);
        self
    }

    /// The same settings with another password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        password.clone_into(&mut self.password);
        self
    }
}

/// How a phone's attempt to register went.
#[derive(Debug)]
pub struct Attempt {
    /// The phone's own verdict: its exit code, or the state it shows.
    pub phone_is_content: bool,
    /// What was on the wire.
    pub trace: Trace,
    /// All that the phone printed or logged, for messages.
    pub output: String,
}

impl Attempt {
    /// Expects that the phone was challenged, authenticated and registered, and says so itself.
    ///
    /// # Panics
    /// When any of it is otherwise, with all that the phone printed.
    pub fn expect_registered(&self) {
        assert!(self.phone_is_content, "the phone itself is not content:\n{}", self.output);
        assert_eq!(self.trace.statuses().first(), Some(&401), "{}", self.output);
        assert!(self.trace.statuses().contains(&200), "{}", self.output);
        assert!(!self.trace.authorizations().is_empty(), "it never authenticated:\n{}", self.output);
    }

    /// Expects that the phone authenticated and was refused with 401, never with success.
    ///
    /// # Panics
    /// When any of it is otherwise, with all that the phone printed.
    pub fn expect_refused(&self) {
        assert!(!self.phone_is_content, "the phone believes to be registered:\n{}", self.output);
        let statuses = self.trace.statuses();
        assert!(statuses.len() >= 2 && statuses.iter().all(|status| *status == 401), "{statuses:?}\n{}", self.output);
        assert!(!self.trace.authorizations().is_empty(), "it never authenticated:\n{}", self.output);
        // `stale` would tell that the digest was right but for the nonce.
        let stale = self.trace.challenges().iter().any(|challenge| challenge.stale);
        assert!(!stale, "a wrong password was called stale:\n{}", self.output);
    }
}
