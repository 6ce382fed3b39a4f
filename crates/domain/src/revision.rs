//! The order of all committed changes.

/// The number of a committed change; a larger one is later. Storage hands them out without gaps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Revision(pub u64);
