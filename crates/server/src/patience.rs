//! Waiting for a data directory that another process has open for a moment: a script may start a server and a one-off
//! command at once, and either may come first.

use crate::control_socket;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use std::time::{Duration, Instant};
use storage_sqlite::{DirectoryLock, OpenError};
use tokio::net::UnixStream;

/// Longest wait for a one-off command to finish, or for a starting server to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long between two tries.
const INTERVAL: Duration = Duration::from_millis(25);

/// How a command gets at an installation.
pub(crate) enum Reached {
    /// A running server listens on its control socket.
    Server(UnixStream),
    /// Nobody has it open, and while this lock is held nobody else can.
    Alone(DirectoryLock),
}

/// Reaches the installation one way or the other; the directory must exist.
pub(crate) async fn reach(data_dir: &DataDir) -> Result<Reached, Failure> {
    let begun = Instant::now();
    loop {
        if let Some(stream) = control_socket::connect(data_dir).await? {
            return Ok(Reached::Server(stream));
        }
        match DirectoryLock::take(&data_dir.database()) {
            Ok(lock) => return Ok(Reached::Alone(lock)),
            Err(OpenError::InUse { .. }) if begun.elapsed() < PATIENCE => tokio::time::sleep(INTERVAL).await,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reaches it alone: beside a running server this fails at once.
pub(crate) async fn lock(data_dir: &DataDir) -> Result<DirectoryLock, Failure> {
    match reach(data_dir).await? {
        Reached::Alone(lock) => Ok(lock),
        Reached::Server(_) => Err(OpenError::InUse { path: data_dir.database() }.into()),
    }
}
