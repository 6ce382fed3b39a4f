//! Whether the server can still answer.

use http_api::Readiness;
use std::sync::Arc;
use storage::Lease;
use tokio::task::AbortHandle;

/// Everything is loaded before HTTP is served, so only what ended since can be missing.
pub(crate) struct StillRunning {
    pub(crate) registrations: AbortHandle,
    pub(crate) lease: Arc<dyn Lease>,
}

impl Readiness for StillRunning {
    fn problem(&self) -> Option<String> {
        if !self.lease.is_in_force() {
            return Some(
                "The database has not answered for longer than the lease; phones and tokens are refused until it does"
                    .into(),
            );
        }
        let ended = self.registrations.is_finished();
        ended.then(|| "Registrations are no longer stored; look at the log and restart the server".to_owned())
    }
}
