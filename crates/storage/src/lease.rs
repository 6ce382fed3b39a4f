//! Whether this node may answer by what it knows.

use std::fmt::Debug;

/// Says whether what this node knows is what is true, or was a moment ago: whoever was told that something is revoked was
/// told so after every node with a lease in force had applied it.
pub trait Lease: Send + Sync + Debug {
    /// Whether it is in force now. Asked right before each answer that rests on what is known here, so it neither waits nor
    /// allocates.
    fn is_in_force(&self) -> bool;
}

/// That of the only node there is: what it commits it has applied.
#[derive(Debug, Clone, Copy, Default)]
pub struct SoleNode;

impl Lease for SoleNode {
    fn is_in_force(&self) -> bool {
        true
    }
}
