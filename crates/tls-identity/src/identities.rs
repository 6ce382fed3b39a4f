//! The pairs in use, following their files.

use crate::error::TlsIdentityError;
use crate::identity::Identity;
use crate::pair_files::{Look, PairFiles};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often the files are looked at: a renewal is in use at the latest after two of these.
pub const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Certificates with their keys, at least one, the first being the default. A pair whose files change is replaced whole;
/// one that cannot be used leaves the pair before it in place. Connections keep what they began with.
#[derive(Debug)]
pub struct Identities {
    /// In the order given; its length never changes.
    current: ArcSwap<Vec<Arc<Identity>>>,
    followed: Mutex<Vec<Followed>>,
}

/// What was found at one pair whose files had changed.
#[derive(Debug)]
pub struct Change {
    /// The pair.
    pub files: PairFiles,
    /// Whether it is in use now, or why the one before it was kept.
    pub outcome: Result<(), TlsIdentityError>,
}

#[derive(Debug)]
struct Followed {
    files: PairFiles,
    /// The files as they were when the identity in use was read.
    used: Look,
    failing: Option<Failing>,
}

/// Files that could not be used.
#[derive(Debug, Clone, Copy)]
struct Failing {
    look: Look,
    report: Report,
}

/// A pair is switched file by file: one that does not fit is given one more look before anybody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Report {
    Due,
    Made,
}

impl Identities {
    /// Reads every pair; the first is for clients that name no server, or one that no certificate is for.
    pub fn load(pairs: Vec<PairFiles>) -> Result<Self, TlsIdentityError> {
        if pairs.is_empty() {
            return Err(TlsIdentityError::NoPair);
        }
        let mut current = Vec::with_capacity(pairs.len());
        let mut followed = Vec::with_capacity(pairs.len());
        for files in pairs {
            // Looked at first: what is written while it is read is found at the next look.
            let used = files.look();
            current.push(Arc::new(Identity::load(&files)?));
            followed.push(Followed { files, used, failing: None });
        }
        Ok(Self { current: ArcSwap::from_pointee(current), followed: Mutex::new(followed) })
    }

    /// Looks at the files and takes over what has changed, as [`Self::watch`] does each [`LOOK_INTERVAL`]. A pair that
    /// cannot be used is reported when it looks the same a second time. Reads files: not for an async thread.
    pub fn look(&self) -> Vec<Change> {
        self.each(Followed::look)
    }

    /// Reads every pair now, changed or not, and reports each.
    pub fn reload(&self) -> Vec<Change> {
        self.each(|followed| Some(followed.read_now()))
    }

    /// Looks again and again; never completes.
    pub async fn watch(self: Arc<Self>) {
        let mut ticks = interval(LOOK_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let this = Arc::clone(&self);
            if let Err(error) = tokio::task::spawn_blocking(move || this.look()).await {
                tracing::error!(%error, "the certificate files could not be looked at; trying again");
            }
        }
    }

    fn each(&self, examine: impl Fn(&mut Followed) -> Option<Result<Identity, TlsIdentityError>>) -> Vec<Change> {
        let mut followed = self.followed.lock();
        let mut current = Vec::clone(&self.current.load());
        let mut changes = Vec::new();
        for (pair, in_use) in followed.iter_mut().zip(&mut current) {
            let Some(found) = examine(pair) else { continue };
            let outcome = found.map(|identity| *in_use = Arc::new(identity));
            tell(&pair.files, outcome.as_ref().err());
            changes.push(Change { files: pair.files.clone(), outcome });
        }
        // Only the holder of the lock stores, so nothing is overwritten.
        if changes.iter().any(|change| change.outcome.is_ok()) {
            self.current.store(Arc::new(current));
        }
        changes
    }

    /// The identity for a client: of those for the name it asks for (RFC 6066 §3), else of all, the first whose
    /// signature it understands; without any, the first, so that the client gets to see a certificate.
    fn choose(&self, hello: &ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.load();
        if let [only] = current.as_slice() {
            return Some(only.certified());
        }
        let name = hello.server_name().and_then(|name| ServerName::try_from(name).ok());
        let is_asked_for = |identity: &&Arc<Identity>| name.as_ref().is_some_and(|name| identity.is_for(name));
        let named: Vec<_> = current.iter().filter(is_asked_for).collect();
        let candidates = if named.is_empty() { current.iter().collect() } else { named };
        let understood = candidates.iter().find(|identity| identity.can_sign(hello.signature_schemes()));
        understood.or(candidates.first()).map(|identity| identity.certified())
    }
}

impl Followed {
    /// The outcome of reading files that have changed; `None` when there is nothing to do or to say yet.
    fn look(&mut self) -> Option<Result<Identity, TlsIdentityError>> {
        let look = self.files.look();
        if look == self.used {
            self.failing = None;
            return None;
        }
        let read = Identity::load(&self.files);
        if look != self.files.look() {
            // Somebody is writing just now.
            return None;
        }
        let Err(error) = read else {
            self.used = look;
            self.failing = None;
            return Some(read);
        };
        // Read again each time although it looks the same: a clock too coarse may have hidden a last write.
        let before = self.failing.filter(|failing| failing.look == look);
        let report = if before.is_some() { Report::Made } else { Report::Due };
        self.failing = Some(Failing { look, report });
        before.is_some_and(|failing| failing.report == Report::Due).then_some(Err(error))
    }

    fn read_now(&mut self) -> Result<Identity, TlsIdentityError> {
        let look = self.files.look();
        let read = Identity::load(&self.files);
        match &read {
            Ok(_) => (self.used, self.failing) = (look, None),
            Err(_) => self.failing = Some(Failing { look, report: Report::Made }),
        }
        read
    }
}

fn tell(files: &PairFiles, problem: Option<&TlsIdentityError>) {
    let certificate = files.certificate.display();
    match problem {
        None => tracing::info!(%certificate, "new connections get the TLS certificate that is in this file now"),
        Some(error) => tracing::error!(
            %certificate,
            "the TLS certificate before is kept: {error}; put a certificate chain and the key that belongs to it there"
        ),
    }
}

/// What rustls asks at each handshake.
#[derive(Debug)]
pub(crate) struct ByServerName(pub Arc<Identities>);

impl ResolvesServerCert for ByServerName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.choose(&hello)
    }
}
