//! Whoever may vouch for servers that we connect to, and for which names.

use crate::crypto_provider;
use crate::error::TlsIdentityError;
use crate::identity::certificates;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;
use webpki::EndEntityCert;

/// The authorities of the system, and those of a file of the operator's.
#[derive(Debug, Clone)]
pub struct ServerAuthorities(Arc<RootCertStore>);

impl ServerAuthorities {
    /// Reads the system's authorities, of which unusable ones are left out, and a PEM file, all of whose certificates
    /// must be usable.
    pub fn load(file: Option<&Path>) -> Result<Self, TlsIdentityError> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "some of the system's certificate authorities could not be read");
        }
        roots.add_parsable_certificates(system.certs);
        if let Some(path) = file {
            Self::add(&mut roots, path)?;
        }
        if roots.is_empty() {
            tracing::warn!(
                "this system has no certificate authorities: no server that is connected to over TLS will be trusted; \
                 install the package ca-certificates, or name the authority in a file"
            );
        }
        Ok(Self(Arc::new(roots)))
    }

    /// The authorities of a file alone.
    pub fn of_file(path: &Path) -> Result<Self, TlsIdentityError> {
        let mut roots = RootCertStore::empty();
        Self::add(&mut roots, path)?;
        Ok(Self(Arc::new(roots)))
    }

    fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), TlsIdentityError> {
        let found = certificates(path)?;
        if found.is_empty() {
            return Err(TlsIdentityError::NoCertificate { path: path.to_owned() });
        }
        for certificate in found {
            roots
                .add(certificate)
                .map_err(|problem| TlsIdentityError::UnusableCertificate { path: path.to_owned(), problem })?;
        }
        Ok(())
    }

    pub(crate) fn roots(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.0)
    }

    pub(crate) fn verifier(&self) -> Arc<dyn ServerCertVerifier> {
        let algorithms = crypto_provider().signature_verification_algorithms;
        Arc::new(SipDomainVerifier { roots: Arc::clone(&self.0), algorithms })
    }
}

/// Trusts a certificate that an authority has signed and that names the SIP domain (RFC 5922 section 7).
#[derive(Debug)]
struct SipDomainVerifier {
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for SipDomainVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let parsed = ParsedCertificate::try_from(leaf)?;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, self.algorithms.all)?;
        verify_domain(leaf, &parsed, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Names written as `sip:` URIs rule out all others (RFC 5922 section 7.1). Host names may begin with a wildcard, which
/// section 7.2 forbids and the certificates of the largest carriers have.
fn verify_domain(
    leaf: &CertificateDer<'_>,
    parsed: &ParsedCertificate<'_>,
    name: &ServerName<'_>,
) -> Result<(), Error> {
    let certificate = EndEntityCert::try_from(leaf).map_err(|_| CertificateError::BadEncoding)?;
    let mut domains = certificate.valid_uri_names().filter_map(sip_domain).peekable();
    if domains.peek().is_none() {
        return verify_server_name(parsed, name);
    }
    let wanted = name.to_str();
    let is_named = domains.any(|domain| domain.eq_ignore_ascii_case(&wanted));
    is_named.then_some(()).ok_or_else(|| CertificateError::NotValidForName.into())
}

/// The domain that a URI of a certificate stands for; one with a user stands for a person.
fn sip_domain(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once(':')?;
    let host = rest.split([';', '?']).next().unwrap_or_default();
    (scheme.eq_ignore_ascii_case("sip") && !rest.contains('@')).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_a_domain_only_without_a_user() {
        for (uri, domain) in [
            ("sip:carrier.example", Some("carrier.example")),
            ("SIP:carrier.example;transport=tls", Some("carrier.example")),
            ("sip:alice@carrier.example", None),
            ("sips:carrier.example", None),
            ("https://carrier.example", None),
            ("carrier.example", None),
        ] {
            assert_eq!(sip_domain(uri), domain, "{uri}");
        }
    }
}
