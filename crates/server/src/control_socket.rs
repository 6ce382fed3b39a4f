//! The control socket of a running server, at which it serves the operator API to whoever may open a file of mode 0600.

use crate::data_dir::DataDir;
use crate::failure::Failure;
use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// The socket's name before it is moved to its place.
const SOCKET_IN_CRADLE: &str = "new.sock";

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
        Err(error) => Err(Failure::Control { path, error: error.to_string() }),
    }
}
