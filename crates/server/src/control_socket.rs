//! The control socket of a running server: one line of JSON each way, for whoever may open a file of mode 0600.

use crate::admin::{self, Reply, Request};
use crate::data_dir::DataDir;
use crate::failure::Failure;
use provisioning::{InstallationOperator, Provisioning};
use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

/// Longest request or reply, in octets.
const MAX_LINE_OCTETS: u64 = 16 << 20;
/// How long a client may take to send its line.
const REQUEST_SECONDS: u64 = 10;
/// The socket's name before it is moved to its place.
const SOCKET_IN_CRADLE: &str = "new.sock";
/// How long a server may take to answer.
const REPLY_SECONDS: u64 = 60;

/// The socket's path by way of an open directory, because a socket's own path may have no more than 107 octets.
struct ShortPath {
    /// Keeps the path valid.
    _directory: File,
    path: PathBuf,
}

impl ShortPath {
    fn of(directory: &Path, name: impl AsRef<Path>) -> io::Result<Self> {
        let directory = File::open(directory)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(name);
        Ok(Self { _directory: directory, path })
    }
}

/// Binds the socket. Only one process has the data directory open, so a socket that is there was left by a dead one.
///
/// It is bound in a directory of its own, which nobody else may enter, and moved to its place with its mode set: at no
/// time can it be opened by others.
pub(crate) fn bind(data_dir: &DataDir) -> Result<UnixListener, Failure> {
    let path = data_dir.control_socket();
    let bound = || {
        let cradle = data_dir.control_socket_cradle();
        remove_cradle(&cradle)?;
        DirBuilder::new().mode(0o700).create(&cradle)?;
        let short = ShortPath::of(&cradle, SOCKET_IN_CRADLE)?;
        let listener = UnixListener::bind(&short.path)?;
        let new = cradle.join(SOCKET_IN_CRADLE);
        std::fs::set_permissions(&new, Permissions::from_mode(0o600))?;
        std::fs::rename(&new, &path)?;
        remove_cradle(&cradle)?;
        Ok(listener)
    };
    bound().map_err(|error| Failure::Write { path: path.clone(), error })
}

/// Removes the directory, which a killed server may have left.
fn remove_cradle(cradle: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(cradle) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Answers requests until dropped.
pub(crate) async fn serve(listener: UnixListener, provisioning: Arc<Provisioning>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let provisioning = Arc::clone(&provisioning);
                tokio::spawn(async move {
                    if let Err(error) = answer(stream, &provisioning).await {
                        tracing::warn!(%error, "a request over the control socket was not answered");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accepting on the control socket failed; trying again");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer(stream: UnixStream, provisioning: &Provisioning) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let line = timeout(Duration::from_secs(REQUEST_SECONDS), read_line(read)).await??;
    let reply = match serde_json::from_str::<Request>(&line) {
        // The socket's mode has admitted whoever could connect.
        Ok(request) => {
            admin::execute(provisioning, &InstallationOperator::admitted_by_file_permissions(), request).await
        }
        Err(error) => Reply::Refused { problem: format!("this server does not understand the request: {error}") },
    };
    write.write_all((serde_json::to_string(&reply)? + "\n").as_bytes()).await
}

/// Connects to a running server; `None` if none is running.
pub(crate) async fn connect(data_dir: &DataDir) -> Result<Option<UnixStream>, Failure> {
    let path = data_dir.control_socket();
    let connected = match ShortPath::of(data_dir.path(), path.file_name().unwrap_or_default()) {
        Ok(short) => UnixStream::connect(&short.path).await,
        Err(error) => Err(error),
    };
    match connected {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(None),
        Err(error) => Err(Failure::Control { path, error }),
    }
}

/// Asks a running server.
pub(crate) async fn ask(stream: UnixStream, data_dir: &DataDir, request: &Request) -> Result<Reply, Failure> {
    let exchanged = async {
        let (read, mut write) = stream.into_split();
        write.write_all((serde_json::to_string(request)? + "\n").as_bytes()).await?;
        let line = timeout(Duration::from_secs(REPLY_SECONDS), read_line(read)).await??;
        serde_json::from_str::<Reply>(&line).map_err(io::Error::from)
    };
    exchanged.await.map_err(|error| Failure::Control { path: data_dir.control_socket(), error })
}

async fn read_line(read: impl tokio::io::AsyncRead + Unpin) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(read).take(MAX_LINE_OCTETS).read_line(&mut line).await?;
    if line.ends_with('\n') { Ok(line) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
