//! Where authentication events go.

use domain::AuthEvent;

/// Takes authentication events. Called on the signalling path: it never blocks, never allocates per event, and drops
/// (and counts) what it cannot keep.
pub trait EventSink: Send + Sync {
    /// Records one attempt; `lane` is the signalling worker it happened on, so that workers need not share a lock.
    fn record(&self, lane: usize, event: &AuthEvent<'_>);
}
