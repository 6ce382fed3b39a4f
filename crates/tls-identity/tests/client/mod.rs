//! A certificate authority and a TLS client for the tests of this crate.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, HandshakeKind, RootCertStore, SignatureScheme};
use rustls::{ProtocolVersion, SupportedProtocolVersion};
use std::io;
use std::sync::Arc;
use tls_identity::{Acceptor, Identities, crypto_provider};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
}

/// A pair in PEM form, and the certificate as clients see it.
pub struct Issued {
    pub certificate: String,
    pub key: String,
    pub der: CertificateDer<'static>,
}

impl Authority {
    pub fn new() -> Self {
        let mut parameters = CertificateParams::new([]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = parameters.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(parameters, key), root }
    }

    pub fn issue(&self, names: &[&str]) -> Issued {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        Issued { certificate: certificate.pem(), key: key.serialize_pem(), der: certificate.der().clone() }
    }
}

pub fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// Connects to an acceptor that echoes.
pub struct Client {
    acceptor: Acceptor,
    config: Arc<ClientConfig>,
}

#[derive(Debug)]
pub struct Connection(TlsStream<DuplexStream>);

impl Client {
    pub fn of(authority: &Authority, identities: &Arc<Identities>) -> Self {
        Self::new(authority, Acceptor::new(Arc::clone(identities), &["test"]).unwrap())
    }

    pub fn new(authority: &Authority, acceptor: Acceptor) -> Self {
        Self::speaking(authority, acceptor, rustls::ALL_VERSIONS)
    }

    pub fn with_version(
        authority: &Authority,
        identities: &Arc<Identities>,
        version: &'static SupportedProtocolVersion,
    ) -> Self {
        Self::speaking(authority, Acceptor::new(Arc::clone(identities), &["test"]).unwrap(), &[version])
    }

    fn speaking(authority: &Authority, acceptor: Acceptor, versions: &[&'static SupportedProtocolVersion]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.root.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(crypto_provider()).with_protocol_versions(versions).unwrap();
        Self { acceptor, config: Arc::new(config.with_root_certificates(roots).with_no_client_auth()) }
    }

    /// A client that believes every certificate, but understands only signatures of one kind.
    pub fn trusting_all(identities: &Arc<Identities>, only: &'static str) -> Self {
        let config =
            ClientConfig::builder_with_provider(crypto_provider()).with_protocol_versions(rustls::ALL_VERSIONS);
        let config = config.unwrap().dangerous().with_custom_certificate_verifier(Arc::new(Credulous(only)));
        let acceptor = Acceptor::new(Arc::clone(identities), &["test"]).unwrap();
        Self { acceptor, config: Arc::new(config.with_no_client_auth()) }
    }

    pub fn offering(&self, protocols: &[&str]) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Self { acceptor: self.acceptor.clone(), config: Arc::new(config) }
    }

    pub async fn connect(&self, name: &str) -> io::Result<Connection> {
        let (near, far) = duplex(65_536);
        let acceptor = self.acceptor.clone();
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(far).await else { return };
            let (mut reader, mut writer) = tokio::io::split(stream);
            // Ends with the client.
            let _ = tokio::io::copy(&mut reader, &mut writer).await;
        });
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(Arc::clone(&self.config)).connect(name, near).await.map(Connection)
    }

    /// The certificate that a new session begins with.
    pub async fn certificate(&self, name: &str) -> CertificateDer<'static> {
        let mut config = ClientConfig::clone(&self.config);
        config.resumption = rustls::client::Resumption::disabled();
        let client = Self { acceptor: self.acceptor.clone(), config: Arc::new(config) };
        let connection = client.connect(name).await.unwrap();
        connection.0.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    }
}

impl Connection {
    pub async fn exchange(&mut self, octets: &[u8]) {
        let mut echo = vec![0; octets.len()];
        self.0.write_all(octets).await.unwrap();
        self.0.flush().await.unwrap();
        self.0.read_exact(&mut echo).await.unwrap();
        assert_eq!(echo, octets);
    }

    pub fn version(&self) -> ProtocolVersion {
        self.0.get_ref().1.protocol_version().unwrap()
    }

    pub fn is_resumed(&self) -> bool {
        self.0.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed)
    }
}

#[derive(Debug)]
struct Credulous(&'static str);

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let all = crypto_provider().signature_verification_algorithms.supported_schemes();
        all.into_iter().filter(|scheme| format!("{scheme:?}").starts_with(self.0)).collect()
    }
}
