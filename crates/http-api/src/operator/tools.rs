//! What the operator API asks of the process that has the installation open.

use provisioning::{InstallationOperator, KeysRotated, OnProgress, RotationError};
use std::fmt;
use std::fs::File;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Longest a request may take whose work grows with the installation.
pub(crate) const LONG_WORK: Duration = Duration::from_secs(3600);
/// What such requests ask for.
const LONG_PATHS: [&str; 3] = ["/admin/v1/audit-log/check", "/admin/v1/backup", "/admin/v1/keys/rotate"];

/// Below it, retiring MD5 takes long too.
const REALMS: &str = "/admin/v1/realms/";

/// A copy being made.
pub type BackupFuture<'a> = Pin<Box<dyn Future<Output = io::Result<File>> + Send + 'a>>;

/// Copies the database.
pub trait Backup: Send + Sync {
    /// A consistent copy, open for reading from its start, whose space is free again once it is closed.
    fn copy(&self) -> BackupFuture<'_>;
}

/// A rotation under way.
pub type RotationFuture<'a> = Pin<Box<dyn Future<Output = Result<KeysRotated, RotationError>> + Send + 'a>>;

/// Rotates master keys where they are kept.
pub trait KeyRotation: Send + Sync {
    /// Rotates, or finishes what was interrupted; goes on when the future is dropped.
    fn rotate(&self, operator: InstallationOperator, on_progress: OnProgress) -> RotationFuture<'_>;
}

/// Who may reach the operator API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Only whom file permissions admit: on the HTTP listeners nothing is served at its paths.
    ControlSocketOnly,
    /// On the HTTP listeners too, with an operator token.
    HttpListeners,
}

/// The operator API.
#[derive(Clone)]
pub struct OperatorApi {
    /// Who may reach it.
    pub exposure: Exposure,
    /// Copies the database.
    pub backup: Arc<dyn Backup>,
    /// Rotates master keys.
    pub keys: Arc<dyn KeyRotation>,
}

impl fmt::Debug for OperatorApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperatorApi").field("exposure", &self.exposure).finish_non_exhaustive()
    }
}

/// How long the request to that path may take, where it is not the configured time.
pub(crate) fn takes_long(path: &str) -> Option<Duration> {
    let retires = path.strip_prefix(REALMS).is_some_and(|rest| rest.ends_with("/retire-md5"));
    (retires || LONG_PATHS.contains(&path)).then_some(LONG_WORK)
}
