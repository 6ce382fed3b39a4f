//! Why a certificate and its key cannot be used.

use std::io;
use std::path::PathBuf;

/// A pair of files that cannot serve TLS. Names files and kinds of mistakes, never what a key file contains.
#[derive(Debug, thiserror::Error)]
pub enum TlsIdentityError {
    /// A file is missing, or this process may not read it.
    #[error("{path} cannot be read ({error})")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file is far larger than any certificate chain or key; something else was named.
    #[error("{path} is larger than {limit} octets, so it is no certificate or key")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// The lines between BEGIN and END are damaged or incomplete, as in a file that is still being written.
    #[error("{path} is damaged or incomplete PEM")]
    BrokenPem {
        /// The file.
        path: PathBuf,
    },
    /// No `BEGIN CERTIFICATE` in the file.
    #[error("{path} contains no certificate in PEM form")]
    NoCertificate {
        /// The certificate file.
        path: PathBuf,
    },
    /// Neither `BEGIN PRIVATE KEY` (PKCS#8), `BEGIN RSA PRIVATE KEY` (PKCS#1) nor `BEGIN EC PRIVATE KEY` (SEC1).
    #[error("{path} contains no private key in PEM form")]
    NoKey {
        /// The key file.
        path: PathBuf,
    },
    /// The key has a passphrase, which nobody is there to type.
    #[error("the private key in {path} is encrypted with a passphrase; write it without one, in a file of mode 0600")]
    EncryptedKey {
        /// The key file.
        path: PathBuf,
    },
    /// The first certificate of the file, or of an authority's file any, is not one that TLS can use.
    #[error("a certificate in {path} cannot be used ({problem})")]
    UnusableCertificate {
        /// The certificate file.
        path: PathBuf,
        /// What is wrong with it.
        problem: rustls::Error,
    },
    /// The key is damaged or of a kind that TLS does not use.
    #[error("the private key in {path} cannot be used; it must be RSA, ECDSA or Ed25519")]
    UnusableKey {
        /// The key file.
        path: PathBuf,
    },
    /// Certificate and key are each in order, but not of one another.
    #[error("the private key in {key} does not belong to the first certificate in {certificate}")]
    Mismatch {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
    },
    /// TLS needs at least one pair.
    #[error("there is no certificate to serve with")]
    NoPair,
    /// The ciphers of this build cannot make a server; the system may have no randomness.
    #[error("TLS cannot be set up ({0})")]
    Setup(rustls::Error),
}

/// Whether a client's failure to connect means that it did not trust the server's certificate, as opposed to not
/// reaching the server: the two have different mends.
#[must_use]
pub fn is_certificate_refusal(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}
