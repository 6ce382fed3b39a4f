//! Pairs loaded, chosen and replaced, seen by a TLS client on the other end of a pipe.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod client;

use client::{Authority, Client, Issued};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tls_identity::{Acceptor, Change, Identities, PairFiles, TlsIdentityError};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A folder with the files of pairs.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn pair(&self, name: &str) -> PairFiles {
        PairFiles { certificate: self.path(&format!("{name}.crt")), key: self.path(&format!("{name}.key")) }
    }

    /// Puts a pair in place, each file by renaming, as careful programs do.
    fn put(&self, name: &str, issued: &Issued) -> PairFiles {
        let files = self.pair(name);
        for (path, text) in [(&files.certificate, &issued.certificate), (&files.key, &issued.key)] {
            let new = self.path("new");
            fs::write(&new, text).unwrap();
            fs::rename(&new, path).unwrap();
        }
        files
    }
}

fn load(pairs: &[PairFiles]) -> Arc<Identities> {
    Arc::new(Identities::load(pairs.to_vec()).unwrap())
}

/// What each look made of the pairs: the name of what went wrong, or nothing for a replaced pair.
fn outcomes(changes: &[Change]) -> Vec<&'static str> {
    let outcome = |change: &Change| match &change.outcome {
        Ok(()) => "replaced",
        Err(TlsIdentityError::BrokenPem { .. }) => "broken",
        Err(TlsIdentityError::Mismatch { .. }) => "mismatch",
        Err(TlsIdentityError::Unreadable { .. }) => "unreadable",
        Err(other) => panic!("{other}"),
    };
    changes.iter().map(outcome).collect()
}

#[tokio::test]
async fn a_renewal_by_renaming_is_taken_once() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let (first, second) = (authority.issue(&["a.example"]), authority.issue(&["a.example"]));
    let identities = load(&[folder.put("a", &first)]);
    let client = Client::of(&authority, &identities);
    assert!(identities.look().is_empty());
    assert_eq!(client.certificate("a.example").await, first.der);
    folder.put("a", &second);
    assert_eq!(outcomes(&identities.look()), ["replaced"]);
    assert_eq!(client.certificate("a.example").await, second.der);
    assert!(identities.look().is_empty());
}

#[tokio::test]
async fn links_switched_one_after_the_other_are_taken_when_both_are() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let (first, second) = (authority.issue(&["a.example"]), authority.issue(&["a.example"]));
    let (one, two, live) = (folder.put("1", &first), folder.put("2", &second), folder.pair("live"));
    let switch = |to: &Path, link: &Path| {
        let new = folder.path("link");
        symlink(to, &new).unwrap();
        fs::rename(&new, link).unwrap();
    };
    switch(&one.certificate, &live.certificate);
    switch(&one.key, &live.key);
    let identities = load(std::slice::from_ref(&live));
    let client = Client::of(&authority, &identities);
    switch(&two.certificate, &live.certificate);
    assert!(identities.look().is_empty(), "half a switch is not worth a word yet");
    assert_eq!(client.certificate("a.example").await, first.der);
    switch(&two.key, &live.key);
    assert_eq!(outcomes(&identities.look()), ["replaced"]);
    assert_eq!(client.certificate("a.example").await, second.der);
}

#[tokio::test]
async fn what_cannot_be_used_is_told_once_and_leaves_the_pair_before() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let (first, second) = (authority.issue(&["a.example"]), authority.issue(&["a.example"]));
    let files = folder.put("a", &first);
    let identities = load(std::slice::from_ref(&files));
    let client = Client::of(&authority, &identities);
    let looks =
        || [identities.look(), identities.look(), identities.look()].map(|changes| outcomes(&changes).join(","));

    fs::write(&files.certificate, &second.certificate[..second.certificate.len() / 2]).unwrap();
    assert_eq!(looks(), ["", "broken", ""]);
    fs::write(&files.certificate, &second.certificate).unwrap();
    assert_eq!(looks(), ["", "mismatch", ""]);
    fs::remove_file(&files.key).unwrap();
    assert_eq!(looks(), ["", "unreadable", ""]);
    assert_eq!(client.certificate("a.example").await, first.der);
    fs::write(&files.key, &second.key).unwrap();
    assert_eq!(looks(), ["replaced", "", ""]);
    assert_eq!(client.certificate("a.example").await, second.der);
}

#[tokio::test]
async fn an_explicit_reload_reports_every_pair_at_once() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let (a, b, new) =
        (authority.issue(&["a.example"]), authority.issue(&["b.example"]), authority.issue(&["b.example"]));
    let identities = load(&[folder.put("a", &a), folder.put("b", &b)]);
    let client = Client::of(&authority, &identities);
    fs::write(folder.pair("a").key, &b.key).unwrap();
    folder.put("b", &new);
    assert_eq!(outcomes(&identities.reload()), ["mismatch", "replaced"]);
    assert!(identities.look().is_empty() && identities.look().is_empty(), "it was told already");
    assert_eq!(client.certificate("a.example").await, a.der);
    assert_eq!(client.certificate("b.example").await, new.der);
}

#[tokio::test]
async fn a_connection_goes_on_with_what_it_began_with() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let identities = load(&[folder.put("a", &authority.issue(&["a.example"]))]);
    let client = Client::of(&authority, &identities);
    let mut open = client.connect("a.example").await.unwrap();
    open.exchange(b"before").await;
    folder.put("a", &authority.issue(&["a.example"]));
    assert_eq!(outcomes(&identities.look()), ["replaced"]);
    open.exchange(b"after").await;
}

#[tokio::test]
async fn the_name_that_is_asked_for_decides() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let (a, b) = (authority.issue(&["a.example", "127.0.0.1"]), authority.issue(&["*.b.example"]));
    let identities = load(&[folder.put("a", &a), folder.put("b", &b)]);
    let client = Client::of(&authority, &identities);
    assert_eq!(client.certificate("a.example").await, a.der);
    assert_eq!(client.certificate("SIP.b.example").await, b.der);
    assert_eq!(client.certificate("127.0.0.1").await, a.der, "a client that names no server gets the first");
    // The first is for another name, which is for the client to find out.
    assert!(client.connect("c.example").await.unwrap_err().to_string().contains("not valid for name"));
}

#[tokio::test]
async fn a_client_gets_a_signature_that_it_understands() {
    let ec = PairFiles { certificate: data("ec.crt.pem"), key: data("ec-sec1.key.pem") };
    let rsa = PairFiles { certificate: data("rsa.crt.pem"), key: data("rsa-pkcs1.key.pem") };
    let identities = load(&[ec.clone(), rsa.clone()]);
    for (only, served) in [("ECDSA", ec), ("RSA", rsa)] {
        let seen = Client::trusting_all(&identities, only).certificate("other.example").await;
        let text = fs::read_to_string(served.certificate).unwrap();
        assert_eq!(seen, client::der(&text), "{only}");
    }
}

#[tokio::test]
async fn both_versions_are_spoken_and_sessions_resumed() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let identities = load(&[folder.put("a", &authority.issue(&["a.example"]))]);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let client = Client::with_version(&authority, &identities, version);
        let mut first = client.connect("a.example").await.unwrap();
        first.exchange(b"tickets come with the first answer").await;
        assert_eq!((first.version(), first.is_resumed()), (version.version, false));
        assert!(client.connect("a.example").await.unwrap().is_resumed());
    }
}

#[tokio::test]
async fn a_client_of_another_protocol_is_refused() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let identities = load(&[folder.put("a", &authority.issue(&["a.example"]))]);
    let acceptor = Acceptor::new(identities, &["sip"]).unwrap();
    let client = Client::new(&authority, acceptor);
    assert!(client.offering(&["h2", "sip"]).connect("a.example").await.is_ok());
    assert!(client.offering(&[]).connect("a.example").await.is_ok());
    assert!(client.offering(&["h2"]).connect("a.example").await.is_err());
}

#[test]
fn every_form_of_key_is_read() {
    for (certificate, key) in [("rsa.crt.pem", "rsa-pkcs1.key.pem"), ("ec.crt.pem", "ec-sec1.key.pem")] {
        load(&[PairFiles { certificate: data(certificate), key: data(key) }]);
    }
    let (folder, authority) = (Folder::new(), Authority::new());
    let issued = authority.issue(&["a.example"]);
    assert!(issued.key.starts_with("-----BEGIN PRIVATE KEY-----"), "PKCS#8");
    load(&[folder.put("a", &issued)]);
}

#[test]
fn unusable_files_are_named_and_not_quoted() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let (a, b) = (authority.issue(&["a.example"]), authority.issue(&["b.example"]));
    let encrypted = fs::read_to_string(data("rsa-encrypted.key.pem")).unwrap();
    let (rsa, damaged) = (fs::read_to_string(data("rsa.crt.pem")).unwrap(), a.key.replace("\nM", "\n*M"));
    let not_a_key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n".to_owned();
    let large = " ".repeat(2 << 20);
    for (certificate, key, said) in [
        (&a.certificate, &b.key, "does not belong"),
        (&a.key, &a.key, "a.crt contains no certificate"),
        (&a.certificate, &a.certificate, "a.key contains no private key"),
        (&rsa, &encrypted, "encrypted with a passphrase"),
        (&a.certificate, &damaged, "a.key is damaged or incomplete PEM"),
        (&a.certificate, &not_a_key, "must be RSA, ECDSA or Ed25519"),
        (&not_a_key.replace("PRIVATE KEY", "CERTIFICATE"), &a.key, "a certificate in"),
        (&large, &a.key, "larger than"),
    ] {
        let files = folder.pair("a");
        fs::write(&files.certificate, certificate).unwrap();
        fs::write(&files.key, key).unwrap();
        let error = Identities::load(vec![files]).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(said), "{text}");
        assert!(key.lines().all(|line| line.len() < 20 || line.starts_with('-') || !text.contains(line)), "{text}");
    }
    let missing = Identities::load(vec![folder.pair("missing")]).unwrap_err().to_string();
    assert!(missing.contains("missing.crt cannot be read"), "{missing}");
    assert!(matches!(Identities::load(Vec::new()), Err(TlsIdentityError::NoPair)));
}
