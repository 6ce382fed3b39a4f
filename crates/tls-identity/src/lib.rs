//! Certificates and private keys of the TLS side: loaded from PEM files, chosen by the name the client asks for, and
//! replaced when the files change, without a connection being lost.
//!
//! [`Identities`] holds the pairs and follows their files; [`Acceptor`] makes TLS of accepted connections with whichever
//! pair is in place at that moment, asking for [`ClientCertificates`] if it is told to. What is spoken inside (HTTP, SIP) is
//! the caller's: it names the protocol for ALPN. In the other direction [`Connector`] makes TLS of connections that we open,
//! and believes a server whom [`ServerAuthorities`] vouch for under its [`PeerName`].
//!
//! This crate never listens or connects, never bounds the time or number of handshakes (its callers do), and never lets key
//! material into an error or a log line.

mod acceptor;
mod client_authority;
mod connector;
mod error;
mod expiry;
mod identities;
mod identity;
mod pair_files;
mod peer_name;
mod server_authorities;

pub use acceptor::{Acceptor, TlsStream};
pub use client_authority::{ClientAuthority, ClientCertificates};
pub use connector::{ClientTlsStream, Connector, ServerRefusal};
pub use error::{TlsIdentityError, is_certificate_refusal};
pub use expiry::{Validity, validity};
pub use identities::{Change, Identities, LOOK_INTERVAL};
pub use pair_files::PairFiles;
pub use peer_name::PeerName;
pub use server_authorities::ServerAuthorities;

use rustls::crypto::CryptoProvider;
use std::sync::Arc;

/// The one set of ciphers of the process, for servers and clients alike: AWS-LC, with rustls' own choice of suites.
#[must_use]
pub fn crypto_provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
