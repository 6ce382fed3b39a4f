//! Authentication events as they happen.

use crate::{AuthEventFilter, KeptAuthRecord, Pending};
use std::fmt::Debug;
use std::sync::Arc;

/// As many watch already as may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many watch these events already; end one of them")]
pub struct TooManyWatchers;

/// What somebody who watches is told.
#[derive(Debug, Clone)]
pub enum Watched {
    /// A record that was kept just now.
    Record(Arc<KeptAuthRecord>),
    /// So many came faster than they were taken, and are among the kept ones only.
    Missed(u64),
}

/// Lets people watch.
pub trait LiveAuthEvents: Send + Sync + Debug {
    /// Watches the records that match from now on, until the watch is dropped.
    ///
    /// # Errors
    /// [`TooManyWatchers`] of the same account, or of everybody.
    fn watch(&self, filter: AuthEventFilter) -> Result<Box<dyn AuthEventWatch>, TooManyWatchers>;
}

/// Somebody who watches.
pub trait AuthEventWatch: Send {
    /// What happens next; `None` once the server stops. May be dropped before it is ready, and nothing is lost.
    fn next(&mut self) -> Pending<'_, Option<Watched>>;
}
