//! Contact bindings across restarts, and the numbering of starts.

use crate::{Pending, StorageError};
use domain::{BindingId, ContactBinding, CredentialId, Timestamp};

/// A change of stored registrations. Order matters within a batch.
#[derive(Debug, Clone)]
pub enum RegistrationChange {
    /// Stores or replaces a binding, unless its credential is gone, disabled, or does not accept the secret it was made with
    /// by now, or its account or the one above that is disabled: a write that was under way must not bring back what a revocation
    /// removed.
    Put(ContactBinding),
    /// Renews a binding that is stored; where it is not, nothing happens: a write that was under way must not bring back
    /// what a revocation removed.
    Refresh(Refresh),
    /// Removes one binding.
    Remove {
        /// Its credential.
        credential: CredentialId,
        /// Which.
        id: BindingId,
    },
}

/// What a refresh changes of a stored binding, as a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refresh {
    /// The binding's credential.
    pub credential: CredentialId,
    /// Which.
    pub id: BindingId,
    /// The `CSeq` number of the refresh.
    pub cseq: u32,
    /// When the binding ends from now on.
    pub expires_at: Timestamp,
}

/// Stores contact bindings.
pub trait Registrations: Send + Sync {
    /// Hands every binding that has not expired at `now` to `each`, and forgets the rest. Blocks; for start-up.
    ///
    /// # Errors
    /// [`StorageError`].
    fn load(&self, now: Timestamp, each: &mut dyn FnMut(ContactBinding)) -> Result<(), StorageError>;

    /// Stores a batch of changes durably, in one transaction.
    ///
    /// # Errors
    /// [`StorageError`]; nothing of the batch was stored then.
    fn save(&self, batch: Vec<RegistrationChange>) -> Pending<'_, Result<(), StorageError>>;
}

/// Names one start of one node, uniquely in the installation. Nonces carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootNumber(pub u32);

/// Numbers the starts of nodes.
pub trait Boots: Send + Sync {
    /// Records a start of the node of that name and returns its number, larger than every earlier one.
    ///
    /// # Errors
    /// [`StorageError`].
    fn begin_boot(&self, node: &str, now: Timestamp) -> Pending<'_, Result<BootNumber, StorageError>>;

    /// The numbers of the starts since `since`, newest first, at most 1024: nonces may still carry them.
    ///
    /// # Errors
    /// [`StorageError`].
    fn boots_since(&self, since: Timestamp) -> Pending<'_, Result<Vec<BootNumber>, StorageError>>;
}
