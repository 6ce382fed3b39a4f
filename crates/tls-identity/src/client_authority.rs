//! Certificates that clients prove themselves with.

use crate::crypto_provider;
use crate::error::TlsIdentityError;
use crate::identity::certificates;
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use std::path::Path;
use std::sync::Arc;

/// Whoever may vouch for clients: the certificates of one file, each trusted to sign others.
#[derive(Debug, Clone)]
pub struct ClientAuthority(Arc<RootCertStore>);

/// Whether clients are asked for a certificate. One that is shown must have been signed by the authority, directly or
/// by way of certificates shown with it, be for client use and be valid now; or the handshake fails.
#[derive(Debug, Clone, Default)]
pub enum ClientCertificates {
    /// No client is asked.
    #[default]
    NotAskedFor,
    /// A client may show one.
    Optional(ClientAuthority),
    /// A client that shows none is refused.
    Required(ClientAuthority),
}

impl ClientAuthority {
    /// Reads the certificates of a PEM file; all of them must be usable.
    pub fn load(path: &Path) -> Result<Self, TlsIdentityError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(path)? {
            roots
                .add(certificate)
                .map_err(|problem| TlsIdentityError::UnusableCertificate { path: path.to_owned(), problem })?;
        }
        if roots.is_empty() {
            return Err(TlsIdentityError::NoCertificate { path: path.to_owned() });
        }
        Ok(Self(Arc::new(roots)))
    }
}

impl ClientCertificates {
    pub(crate) fn verifier(&self) -> Result<Arc<dyn ClientCertVerifier>, TlsIdentityError> {
        let builder = |ClientAuthority(roots): &ClientAuthority| {
            WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), crypto_provider())
        };
        let verifier = match self {
            Self::NotAskedFor => return Ok(WebPkiClientVerifier::no_client_auth()),
            Self::Optional(authority) => builder(authority).allow_unauthenticated().build(),
            Self::Required(authority) => builder(authority).build(),
        };
        verifier
            .map(|verifier| verifier as _)
            .map_err(|error| TlsIdentityError::Setup(rustls::Error::General(error.to_string())))
    }
}
