//! Whom a client of the HTTP API trusts, and what it says where nobody can be trusted.

use crate::failure::Failure;
use std::io::IsTerminal;
use std::net::IpAddr;
use std::path::Path;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// TLS with the process's one set of ciphers, trusting the authorities in `ca_file`, else those of the system.
pub(crate) fn tls(ca_file: Option<&Path>) -> Result<TlsConfig, Failure> {
    let roots = match ca_file {
        Some(path) => RootCerts::from(authorities(path)?),
        None => RootCerts::PlatformVerifier,
    };
    let config = TlsConfig::builder().unversioned_rustls_crypto_provider(tls_identity::crypto_provider());
    Ok(config.root_certs(roots).build())
}

fn authorities(path: &Path) -> Result<Vec<Certificate<'static>>, Failure> {
    let unusable = |problem: String| Failure::Option {
        option: "--ca-file",
        value: path.display().to_string(),
        problem: format!("{problem}; name a file with the authority's certificate in PEM form"),
    };
    let octets = std::fs::read(path).map_err(|error| unusable(format!("it cannot be read ({error})")))?;
    let items = parse_pem(&octets).collect::<Result<Vec<_>, _>>();
    let items = items.map_err(|_| unusable("it is damaged or incomplete PEM".into()))?;
    let certificates = items.into_iter().filter_map(|item| match item {
        PemItem::Certificate(certificate) => Some(certificate),
        _ => None,
    });
    match certificates.collect::<Vec<_>>() {
        none if none.is_empty() => Err(unusable("it contains no certificate".into())),
        some => Ok(some),
    }
}

/// Tells a person at a terminal that the token is sent in the clear; scripts are left alone.
pub(crate) fn warn_of_clear_text(url: &str) {
    if travels_in_the_clear(url) && std::io::stderr().is_terminal() {
        eprintln!("sipwarden: {url} is not encrypted, and others on the way can read the token; use https");
    }
}

fn travels_in_the_clear(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let stays_here = address.map_or(host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback());
    uri.scheme_str() == Some("http") && !stays_here
}

/// Whether a call failed because the server's certificate was not trusted.
pub(crate) fn is_distrust(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Io(error) if tls_identity::is_certificate_refusal(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leaves_the_machine_unencrypted_is_warned_of() {
        for (url, in_the_clear) in [
            ("http://sip.example.com:8080", true),
            ("http://192.0.2.7", true),
            ("http://[2001:db8::1]:8080", true),
            ("https://sip.example.com", false),
            ("http://127.0.0.2:8080", false),
            ("http://[::1]:8080", false),
            ("http://LOCALHOST:8080", false),
            ("no url", false),
        ] {
            assert_eq!(travels_in_the_clear(url), in_the_clear, "{url}");
        }
    }

    #[test]
    fn a_file_without_an_authority_says_what_to_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        for (content, part) in [
            (None, "cannot be read"),
            (Some(""), "contains no certificate"),
            (Some("-----BEGIN CERTIFICATE-----\nMIIB"), "incomplete PEM"),
        ] {
            if let Some(content) = content {
                std::fs::write(&file, content).unwrap();
            }
            let said = tls(Some(&file)).err().unwrap().to_string();
            assert!(said.contains(part) && said.contains("--ca-file") && said.contains("PEM form"), "{said}");
        }
    }
}
