//! Connections of our own made TLS.

use crate::crypto_provider;
use crate::error::TlsIdentityError;
use crate::peer_name::PeerName;
use crate::server_authorities::ServerAuthorities;
use rustls::version::{TLS12, TLS13};
use rustls::{CertificateError, ClientConfig, Error};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

/// A connection that we opened and whose handshake is done.
pub use tokio_rustls::client::TlsStream as ClientTlsStream;

/// The client's side of TLS 1.2 and 1.3. Cheap to clone.
#[derive(Clone)]
pub struct Connector(TlsConnector);

/// Why a server was not believed to be whom it was taken for. Each has a mend of its own.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ServerRefusal {
    /// Nobody whom we trust has signed it.
    #[error("its certificate was signed by no authority that is trusted here")]
    UnknownAuthority,
    /// It is somebody else's.
    #[error("its certificate is for another name")]
    WrongName,
    /// It has expired or is not valid yet; or our clock is wrong.
    #[error("its certificate has expired or is not valid yet")]
    NotValidNow,
    /// Anything else, as rustls says it.
    #[error("its certificate cannot be accepted ({0})")]
    Unacceptable(Box<str>),
}

impl Connector {
    /// One that believes these authorities, shows no certificate of its own, and offers no protocol (RFC 7301): none is
    /// registered for SIP.
    pub fn new(authorities: &ServerAuthorities) -> Result<Self, TlsIdentityError> {
        let config = ClientConfig::builder_with_provider(crypto_provider())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsIdentityError::Setup)?
            .dangerous()
            .with_custom_certificate_verifier(authorities.verifier())
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// One that believes these authorities as browsers do: the certificate is for the host of a URL. It offers no protocol,
    /// so that HTTP/1.1 is spoken.
    pub fn for_web(authorities: &ServerAuthorities) -> Result<Self, TlsIdentityError> {
        let config = ClientConfig::builder_with_provider(crypto_provider())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsIdentityError::Setup)?
            .with_root_certificates(authorities.roots())
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Does the handshake; the peer has then proven to be of that name. It may take for ever: the caller bounds its time.
    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        name: &PeerName,
        stream: S,
    ) -> io::Result<ClientTlsStream<S>> {
        self.0.connect(name.server_name().clone(), stream).await
    }
}

impl ServerRefusal {
    /// Whether a handshake failed because we did not believe the server, as opposed to any other reason.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        let Error::InvalidCertificate(problem) = error.get_ref()?.downcast_ref::<Error>()? else { return None };
        Some(match problem {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownAuthority,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::WrongName,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::NotValidNow,
            other => Self::Unacceptable(other.to_string().into_boxed_str()),
        })
    }
}
