//! What the signalling plane tells of calls, without ever waiting.

use crate::StorageError;
use domain::{AccountId, CallEvent, CallId, CallRecord, CallSnapshot};

/// Told whether what it came with is durable; called on another thread, soon, and exactly once. It must not wait.
pub type WhenDurable = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

/// Takes down what happens to calls. Nothing here blocks or waits: changes are queued, and written in batches.
///
/// Where the storage fails, whoever waits is told so at once; the changes are kept all the same and written when it
/// works again, as far as a bounded queue holds them.
pub trait CallJournal: Send + Sync {
    /// A call was answered, and is to survive a restart from now on.
    fn confirmed(&self, snapshot: CallSnapshot, when_durable: Option<WhenDurable>);

    /// The dialogs of a confirmed call have changed.
    fn changed(&self, id: CallId, octets: Box<[u8]>, when_durable: Option<WhenDurable>);

    /// A call is over, confirmed or not: its record is written, and it is not taken up after a restart.
    fn ended(&self, record: CallRecord, when_durable: Option<WhenDurable>);
}

/// Hears what happens to calls, for whoever wants to be told. Never blocks; what it cannot take it counts as dropped.
pub trait CallEventSink: Send + Sync {
    /// Takes an event.
    fn happened(&self, event: CallEvent);

    /// Whether anybody of that account wants to hear of calls: where nobody does, an event need not be made.
    fn wants(&self, account: AccountId) -> bool;
}
