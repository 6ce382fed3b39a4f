//! TLS from the other side: an authority of our own, and one connection looked at closely.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// Signs certificates; its own is in a file, for clients to trust.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
    pem: String,
    folder: PathBuf,
}

/// A certificate with its key.
pub struct Issued {
    certificate: String,
    key: String,
    /// The certificate as a client sees it.
    pub der: Vec<u8>,
}

impl Authority {
    /// An authority whose files, and those of the servers it certifies, are in that folder.
    ///
    /// # Panics
    /// When there is no place for them.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let authority = Self::made(folder.to_owned());
        fs::write(authority.file(), &authority.pem).expect("a file");
        authority
    }

    fn made(folder: PathBuf) -> Self {
        let mut parameters = CertificateParams::new([]).expect("no names");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // A name of its own: OpenSSL takes a certificate whose issuer has the same name for self-signed.
        parameters.distinguished_name.push(DnType::CommonName, "authority of the acceptance tests");
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        let root = certificate.der().clone();
        Self { issuer: Issuer::new(parameters, key), root, pem: certificate.pem(), folder }
    }

    /// The authority of this process, whose own certificate is in no file: for peers and servers that only have to trust
    /// one another.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Authority> = LazyLock::new(|| Authority::made(PathBuf::new()));
        &SHARED
    }

    /// The authority's own certificate, for programs that have to be told whom to trust.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The authority's own certificate in its file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// A new certificate for this machine.
    ///
    /// # Panics
    /// When none can be made.
    #[must_use]
    pub fn issue(&self) -> Issued {
        let key = KeyPair::generate().expect("a key");
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        let certificate = CertificateParams::new(names).expect("names").signed_by(&key, &self.issuer);
        let certificate = certificate.expect("a certificate");
        Issued { certificate: certificate.pem(), key: key.serialize_pem(), der: certificate.der().to_vec() }
    }

    /// Where a server finds its certificate and its key.
    #[must_use]
    pub fn server_files(&self) -> [String; 2] {
        pair_in(&self.folder)
    }

    /// Puts a certificate and a key there, each whole, the key for its owner alone.
    ///
    /// # Panics
    /// When the files cannot be written.
    pub fn put(&self, certificate: &Issued, key: &Issued) {
        for (file, text) in self.server_files().iter().zip([&certificate.certificate, &key.key]) {
            put_file(Path::new(file), text);
        }
    }

    /// Puts a new certificate for this machine and its key into a folder; their paths.
    ///
    /// # Panics
    /// When the files cannot be written.
    #[must_use]
    pub fn certify(&self, folder: &Path) -> [String; 2] {
        let (issued, files) = (self.issue(), pair_in(folder));
        // With the authority's own: a browser is told to trust a key that it finds in the chain.
        let chain = format!("{}{}", issued.certificate, self.pem);
        for (file, text) in files.iter().zip([&chain, &issued.key]) {
            put_file(Path::new(file), text);
        }
        files
    }

    /// What a server of this machine that this authority certifies needs to know.
    ///
    /// # Panics
    /// When it cannot be had.
    #[must_use]
    pub fn server(&self) -> Arc<ServerConfig> {
        let issued = self.issue();
        let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(rustls::ALL_VERSIONS);
        let config = config.expect("versions").with_no_client_auth();
        Arc::new(config.with_single_cert(vec![issued.der.into()], key).expect("a certificate and its key"))
    }

    /// What a client that trusts this authority alone needs to know; with a certificate of its own, if given.
    ///
    /// # Panics
    /// When it cannot be had.
    #[must_use]
    pub fn client(&self, own: Option<&Issued>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).expect("the authority");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(rustls::ALL_VERSIONS);
        let config = config.expect("versions").with_root_certificates(roots);
        Arc::new(match own {
            None => config.with_no_client_auth(),
            Some(own) => {
                let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).expect("a key");
                config.with_client_auth_cert(vec![own.der.clone().into()], key).expect("a certificate and its key")
            }
        })
    }

    /// Connects and does the handshake.
    ///
    /// # Panics
    /// When the server is not there or not trusted.
    #[must_use]
    pub fn connect(&self, address: SocketAddr) -> TlsConnection {
        let name = ServerName::try_from("localhost").expect("a name");
        let client = ClientConnection::new(self.client(None), name).expect("a client");
        let stream = TcpStream::connect_timeout(&address, LIMIT).expect("a server");
        stream.set_read_timeout(Some(LIMIT)).expect("a time limit");
        let mut connection = TlsConnection(StreamOwned::new(client, stream));
        connection.0.conn.complete_io(&mut connection.0.sock).expect("a handshake");
        connection
    }
}

fn pair_in(folder: &Path) -> [String; 2] {
    ["server.crt", "server.key"].map(|name| folder.join(name).display().to_string())
}

/// Puts a file in its place whole, for its owner alone.
fn put_file(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let new = path.with_extension("new");
    fs::write(&new, text).expect("a file");
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).expect("its mode");
    fs::rename(&new, path).expect("the file in its place");
}

/// A connection that is kept.
pub struct TlsConnection(StreamOwned<ClientConnection, TcpStream>);

impl TlsConnection {
    /// The stream, to be read and written.
    pub fn stream(&mut self) -> &mut StreamOwned<ClientConnection, TcpStream> {
        &mut self.0
    }

    /// The server's certificate.
    ///
    /// # Panics
    /// When it showed none.
    #[must_use]
    pub fn certificate(&self) -> Vec<u8> {
        self.0.conn.peer_certificates().expect("certificates")[0].to_vec()
    }

    /// Whether the server is alive, asked over this connection.
    ///
    /// # Panics
    /// When the connection was closed.
    #[must_use]
    pub fn is_served(&mut self) -> bool {
        self.0.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("an open connection");
        let mut answer = Vec::new();
        while !answer.ends_with(br#"{"status":"alive"}"#) {
            let mut chunk = [0; 4096];
            let length = self.0.read(&mut chunk).expect("an answer in time");
            assert_ne!(length, 0, "closed after {}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&chunk[..length]);
        }
        answer.starts_with(b"HTTP/1.1 200 OK\r\n")
    }
}
