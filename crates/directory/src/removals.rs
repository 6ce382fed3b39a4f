//! What storage must still be told of bindings that are gone.

use domain::{BindingId, CredentialId};

/// Removed bindings of one shard that storage may have.
///
/// A binding that was never handed to storage leaves no trace here. So while storage takes nothing, the list holds at
/// most the bindings it had taken before, however often phones register and de-register: it has an end.
pub(crate) struct Removals {
    noted: Vec<(CredentialId, BindingId)>,
    /// The lowest identifier among bindings that storage was never handed; they count up.
    first_unknown: BindingId,
}

impl Removals {
    /// None yet; storage may have every binding below that identifier.
    pub(crate) const fn new(first_unknown: BindingId) -> Self {
        Self { noted: Vec::new(), first_unknown }
    }

    /// Notes that a binding is gone.
    pub(crate) fn note(&mut self, credential: CredentialId, id: BindingId) {
        if id < self.first_unknown {
            self.noted.push((credential, id));
        }
    }

    /// How many were noted and not given away yet.
    pub(crate) fn len(&self) -> usize {
        self.noted.len()
    }

    /// Gives away what was noted, while every binding of the shard below `next` is handed to storage too.
    pub(crate) fn take(&mut self, next: BindingId) -> impl Iterator<Item = (CredentialId, BindingId)> + '_ {
        self.first_unknown = next;
        self.noted.drain(..)
    }
}
