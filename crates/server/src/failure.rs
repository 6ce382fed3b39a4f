//! Why a command did not do its work; each text is one sentence that says what to do.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Ends a command with exit code 1.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the threads of this program could not be started ({0}); raise the limits of processes and memory")]
    Runtime(io::Error),
    #[error("core dumps of this process could not be forbidden ({0}); run it where a process may lower its own limits")]
    Hardening(io::Error),
    #[error(
        "the data directory {path} cannot be used ({error}); make it writable for this user or use another --data-dir"
    )]
    DataDirectory { path: PathBuf, error: io::Error },
    #[error("{path} cannot be written ({error}); {}", mend_of_write(.error))]
    Write { path: PathBuf, error: io::Error },
    #[error("the configuration file {path} cannot be read ({error}); name another with --config")]
    ConfigUnreadable { path: PathBuf, error: io::Error },
    #[error("{path}: {problem}; correct that line")]
    ConfigInvalid { path: PathBuf, problem: String },
    #[error("{option} {value:?} is not usable: {problem}")]
    Option { option: &'static str, value: String, problem: String },
    #[error(
        "there are {0} signalling workers and lanes where 64 can be told apart; lower --sip-workers or listen on fewer addresses"
    )]
    TooManyLanes(usize),
    #[error("cannot listen on {transport}:{address} ({error}); {mend}")]
    Listen { transport: &'static str, address: SocketAddr, error: io::Error, mend: &'static str },
    #[error(
        "--database-url is no URL of PostgreSQL; write it as postgres://user:password@host/database, or leave it out to use SQLite in the data directory"
    )]
    NoDatabaseUrl,
    #[error(transparent)]
    OpenPostgres(#[from] storage_postgres::OpenError),
    #[error(
        "the database was made with another master key than {key}, which does not exist; copy the key file of another node there (mode 0600), or name it with --master-key-file"
    )]
    KeyElsewhere { key: PathBuf },
    #[error("{0}; correct the files that --tls-certificate and --tls-key name, or name others")]
    Tls(#[from] tls_identity::TlsIdentityError),
    #[error(
        "{0}; name a PEM file with the certificate of the authority that signs those of clients with --tls-client-ca"
    )]
    ClientAuthority(tls_identity::TlsIdentityError),
    #[error(
        "{0}; name a PEM file with the certificates of authorities that sign those of next hops with --upstream-ca"
    )]
    UpstreamAuthority(tls_identity::TlsIdentityError),
    #[error("{0}; name a PEM file with the certificates of authorities that sign those of webhooks with --webhook-ca")]
    WebhookAuthority(tls_identity::TlsIdentityError),
    #[error(transparent)]
    Key(#[from] keyring::KeyringError),
    #[error(
        "{database} exists but its master key {key} does not; restore the key file from your backup, or name it with \
         --master-key-file"
    )]
    KeyLost { database: PathBuf, key: PathBuf },
    #[error(transparent)]
    Open(#[from] storage_sqlite::OpenError),
    #[error(transparent)]
    Installation(#[from] provisioning::InstallationError),
    #[error(transparent)]
    Storage(#[from] storage::StorageError),
    #[error(transparent)]
    Provisioning(#[from] provisioning::ProvisioningError),
    #[error("{0}")]
    Refused(String),
    #[error("the running server did not answer over {path} ({error}); look at its log")]
    Control { path: PathBuf, error: String },
    #[error("no answer from {url} ({error}); start the server, or name it with --url")]
    NoAnswer { url: String, error: String },
    #[error(
        "the certificate of {url} is not trusted ({error}); name the certificate of the authority that signed it with \
         --ca-file, and use the host name it is for in --url"
    )]
    Untrusted { url: String, error: String },
    #[error("{0} of the quickstart's steps did not go as they should; see above")]
    Quickstart(usize),
    #[error("the output could not be written ({0})")]
    Output(io::Error),
}

impl Failure {
    /// A listening address that could not be had, with the mend that fits the reason.
    pub(crate) fn listen(transport: &'static str, address: SocketAddr, error: io::Error) -> Self {
        let mend = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "stop the program that uses it, or listen elsewhere with --sip-listen, --http-listen, --https-listen or \
                 --metrics-listen"
            }
            io::ErrorKind::PermissionDenied => "use a port above 1023, or give the program CAP_NET_BIND_SERVICE",
            io::ErrorKind::AddrNotAvailable => "use an address of this machine, or 0.0.0.0 for all",
            _ => "choose another address with --sip-listen, --http-listen, --https-listen or --metrics-listen",
        };
        Self::Listen { transport, address, error, mend }
    }
}

/// What mends a file of the data directory that could not be written.
fn mend_of_write(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full; free some space on it",
        _ => "make the data directory writable for this user",
    }
}
