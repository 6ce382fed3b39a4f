//! Accepted connections made TLS.

use crate::client_authority::ClientCertificates;
use crate::crypto_provider;
use crate::error::TlsIdentityError;
use crate::identities::{ByServerName, Identities};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::version::{TLS12, TLS13};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

/// A connection whose handshake is done.
pub use tokio_rustls::server::TlsStream;

/// The server's side of TLS 1.2 and 1.3 for one protocol. Cheap to clone.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

impl Acceptor {
    /// One that proves itself with these identities and speaks the first of `protocols` that the client offers (RFC
    /// 7301); a client that offers none of them is refused, one that names no protocol at all is not.
    ///
    /// Clients are not asked for a certificate. Sessions are resumed with tickets, whose keys live in memory only and
    /// change every six hours.
    pub fn new(identities: Arc<Identities>, protocols: &[&str]) -> Result<Self, TlsIdentityError> {
        Self::asking(&ClientCertificates::NotAskedFor, identities, protocols)
    }

    /// The same, asking clients for certificates. A resumed session keeps what its first handshake proved.
    pub fn asking(
        clients: &ClientCertificates,
        identities: Arc<Identities>,
        protocols: &[&str],
    ) -> Result<Self, TlsIdentityError> {
        let mut config = ServerConfig::builder_with_provider(crypto_provider())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsIdentityError::Setup)?
            .with_client_cert_verifier(clients.verifier()?)
            .with_cert_resolver(Arc::new(ByServerName(identities)));
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config.ticketer = Ticketer::new().map_err(TlsIdentityError::Setup)?;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Does the handshake; fails when the client and we have nothing in common, or it does not speak TLS. It may take
    /// for ever: the caller bounds time and number.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        self.0.accept(stream).await
    }
}
