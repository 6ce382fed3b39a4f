//! One certificate chain with its key, read and checked.

use crate::crypto_provider;
use crate::error::TlsIdentityError;
use crate::pair_files::PairFiles;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, SignatureScheme};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Most octets read of either file; chains have a few thousand.
const MAX_OCTETS: u64 = 1024 * 1024;

/// What a server proves itself with.
#[derive(Debug)]
pub(crate) struct Identity {
    certified: Arc<CertifiedKey>,
}

impl Identity {
    /// Reads both files and checks that they belong together.
    pub fn load(files: &PairFiles) -> Result<Self, TlsIdentityError> {
        let path = || files.certificate.clone();
        let chain = certificates(&files.certificate)?;
        let leaf = chain.first().ok_or_else(|| TlsIdentityError::NoCertificate { path: path() })?;
        ParsedCertificate::try_from(leaf)
            .map_err(|problem| TlsIdentityError::UnusableCertificate { path: path(), problem })?;
        let certified = CertifiedKey::from_der(chain, private_key(&files.key)?, &crypto_provider());
        let certified = certified.map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                TlsIdentityError::Mismatch { certificate: path(), key: files.key.clone() }
            }
            _ => TlsIdentityError::UnusableKey { path: files.key.clone() },
        })?;
        warn_if_open(&files.key);
        Ok(Self { certified: Arc::new(certified) })
    }

    pub fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }

    /// Whether the certificate is for that name, its wildcards included (RFC 6125 §6.4).
    pub fn is_for(&self, name: &ServerName<'_>) -> bool {
        let leaf = self.certified.end_entity_cert().and_then(ParsedCertificate::try_from);
        leaf.is_ok_and(|leaf| rustls::client::verify_server_name(&leaf, name).is_ok())
    }

    /// Whether the client understands a signature that this key can make.
    pub fn can_sign(&self, schemes: &[SignatureScheme]) -> bool {
        self.certified.key.choose_scheme(schemes).is_some()
    }
}

/// Every certificate of a PEM file, in order; none is no error here.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsIdentityError> {
    let octets = read(path)?;
    CertificateDer::pem_slice_iter(&octets)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsIdentityError::BrokenPem { path: path.to_owned() })
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsIdentityError> {
    let octets = read(path)?;
    let contains = |needle: &[u8]| octets.windows(needle.len()).any(|window| window == needle);
    if contains(b"BEGIN ENCRYPTED PRIVATE KEY") || contains(b"Proc-Type: 4,ENCRYPTED") {
        return Err(TlsIdentityError::EncryptedKey { path: path.to_owned() });
    }
    // The parser's errors may quote the file; ours must not.
    PrivateKeyDer::from_pem_slice(&octets).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsIdentityError::NoKey { path: path.to_owned() },
        _ => TlsIdentityError::BrokenPem { path: path.to_owned() },
    })
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsIdentityError> {
    let unreadable = |error| TlsIdentityError::Unreadable { path: path.to_owned(), error };
    let mut octets = Zeroizing::new(Vec::new());
    let file = File::open(path).map_err(unreadable)?;
    let length = file.take(MAX_OCTETS + 1).read_to_end(&mut octets).map_err(unreadable)?;
    if u64::try_from(length).is_ok_and(|length| length <= MAX_OCTETS) {
        Ok(octets)
    } else {
        Err(TlsIdentityError::TooLarge { path: path.to_owned(), limit: MAX_OCTETS })
    }
}

/// Says so when others on this machine can read the key. No refusal: whom a group is for, only the operator knows.
fn warn_if_open(path: &Path) {
    let mode = path.metadata().map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        let (path, mode) = (path.display(), format!("{mode:04o}"));
        tracing::warn!(%path, mode, "others on this machine may use this private key; `chmod 600` the file");
    }
}
