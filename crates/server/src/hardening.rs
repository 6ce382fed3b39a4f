//! What the process asks of the kernel before it holds a secret, and before it serves many peers.

use crate::failure::Failure;
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// No core dump of this process is written, and no other process of the same user may read its memory: either would
/// put keys and passwords where nobody wipes them.
pub(crate) fn forbid_memory_dumps() -> Result<(), Failure> {
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    // The limit holds for the children too. It does not reach a core_pattern that is a pipe; the other one does.
    setrlimit(Resource::Core, nothing)
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable))
        .map_err(|error| Failure::Hardening(error.into()))
}

/// Raises the soft limit of open files to the hard one: each TCP and HTTP connection is an open file, and the usual soft
/// limit of 1024 is meant for programs that use `select`.
pub(crate) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        let error = std::io::Error::from(error);
        tracing::warn!(%error, "the limit of open files could not be raised; there may be fewer connections");
    }
}
