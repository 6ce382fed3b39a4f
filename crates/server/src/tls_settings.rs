//! Certificates: which there are, who needs them, and whose clients may show.

use crate::failure::Failure;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tls_identity::{Acceptor, ClientAuthority, ClientCertificates, Identities, PairFiles};

/// What ALPN is told about SIP: nothing. Phones that offer a name of their own are served all the same, and there is
/// none that all of them offer.
const SIP_PROTOCOLS: [&str; 0] = [];

/// The certificates, and what SIP clients are asked for. Without a listener that speaks TLS there are none.
#[derive(Debug, Default)]
pub(crate) struct TlsSettings {
    pub(crate) pairs: Vec<PairFiles>,
    pub(crate) client_authority: Option<PathBuf>,
    pub(crate) client_rule: ClientRule,
}

/// Whether a SIP client without a certificate is let in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ClientRule {
    Optional,
    #[default]
    Required,
}

/// What was said about TLS, as it was said.
#[derive(Debug, Default)]
pub(crate) struct TlsOptions {
    pub(crate) certificates: Vec<PathBuf>,
    pub(crate) keys: Vec<PathBuf>,
    pub(crate) client_authority: Option<PathBuf>,
    pub(crate) client_rule: Option<ClientRule>,
}

/// Who serves with certificates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TlsUsers<'u> {
    pub(crate) https: &'u [SocketAddr],
    pub(crate) sip: usize,
}

impl TlsSettings {
    /// Pairs each certificate with the key of the same place.
    pub(crate) fn settle(options: TlsOptions, users: TlsUsers<'_>) -> Result<Self, Failure> {
        let refused = |text: &str| Err(Failure::Refused(text.to_owned()));
        let TlsOptions { certificates, keys, client_authority, client_rule } = options;
        if certificates.len() != keys.len() {
            return Err(Failure::Refused(format!(
                "there are {} TLS certificates and {} keys; give a --tls-key for each --tls-certificate, in the same order",
                certificates.len(),
                keys.len()
            )));
        }
        match (users.https.is_empty(), users.sip, certificates.is_empty()) {
            (false, _, true) => {
                return refused(
                    "HTTPS needs a certificate and its key; name them with --tls-certificate and --tls-key",
                );
            }
            (true, 1.., true) => {
                return refused(
                    "SIP over tls: and wss: needs a certificate and its key; name them with --tls-certificate and --tls-key",
                );
            }
            (true, 0, false) => {
                return refused(
                    "there is a TLS certificate but no address that serves with it; give one with --https-listen, or \
                     with --sip-listen tls:ADDR",
                );
            }
            _ => {}
        }
        if client_authority.is_some() && users.sip == 0 {
            return refused("--tls-client-ca is about SIP clients; give them an address with --sip-listen tls:ADDR");
        }
        if client_rule.is_some() && client_authority.is_none() {
            return refused(
                "--tls-client-certificates needs the authority that signs them; name it with --tls-client-ca",
            );
        }
        let pair = |(certificate, key)| PairFiles { certificate, key };
        let pairs = certificates.into_iter().zip(keys).map(pair).collect();
        Ok(Self { pairs, client_authority, client_rule: client_rule.unwrap_or_default() })
    }

    /// Reads every certificate and key, if any.
    pub(crate) fn load(&self) -> Result<Option<Arc<Identities>>, Failure> {
        let load = |pairs| Identities::load(pairs).map(Arc::new);
        let pairs = (!self.pairs.is_empty()).then(|| self.pairs.clone());
        Ok(pairs.map(load).transpose()?)
    }

    /// Handshakes for SIP, if there are certificates.
    pub(crate) fn sip_acceptor(&self, identities: Option<&Arc<Identities>>) -> Result<Option<Acceptor>, Failure> {
        let Some(identities) = identities else { return Ok(None) };
        let clients = match &self.client_authority {
            None => ClientCertificates::NotAskedFor,
            Some(path) => {
                let authority = ClientAuthority::load(path).map_err(Failure::ClientAuthority)?;
                match self.client_rule {
                    ClientRule::Optional => ClientCertificates::Optional(authority),
                    ClientRule::Required => ClientCertificates::Required(authority),
                }
            }
        };
        Ok(Some(Acceptor::asking(&clients, Arc::clone(identities), &SIP_PROTOCOLS)?))
    }
}

impl ClientRule {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "optional" => Ok(Self::Optional),
            "required" => Ok(Self::Required),
            _ => Err("write optional or required"),
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}
