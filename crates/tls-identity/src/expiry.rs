//! How long certificates are good.

use crate::error::TlsIdentityError;
use crate::identity::Identity;
use crate::pair_files::PairFiles;
use rustls::pki_types::CertificateDer;
use std::time::Duration;
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// When the first certificate of a chain in use is good, each since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub from: Duration,
    /// The last moment.
    pub until: Duration,
}

/// Reads a pair as a server would, and says how long its own certificate is good.
///
/// # Errors
/// Those of [`Identities::load`](crate::Identities::load).
pub fn validity(files: &PairFiles) -> Result<Validity, TlsIdentityError> {
    let identity = Identity::load(files)?;
    let certified = identity.certified();
    let unusable = || TlsIdentityError::NoCertificate { path: files.certificate.clone() };
    certified.cert.first().and_then(read).ok_or_else(unusable)
}

fn read(certificate: &CertificateDer<'_>) -> Option<Validity> {
    let validity = Certificate::from_der(certificate).ok()?.tbs_certificate.validity;
    let (from, until) = (validity.not_before.to_unix_duration(), validity.not_after.to_unix_duration());
    Some(Validity { from, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_says_how_long_it_is_good() {
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["sip.example".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2025, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2025, 1, 31);
        let files =
            PairFiles { certificate: folder.path().join("certificate.pem"), key: folder.path().join("key.pem") };
        std::fs::write(&files.certificate, parameters.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        let found = validity(&files).unwrap();
        assert_eq!((found.until - found.from).as_secs(), 30 * 86_400);
        assert_eq!(found.from.as_secs(), 1_735_689_600);
    }
}
