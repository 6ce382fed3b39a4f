//! Writes behind when tokens were last used.

use crate::Provisioning;
use crate::known_token::uses;
use storage::StorageError;

impl Provisioning {
    /// Stores the last use of every token used since the last call. To be called every half minute or so, and before
    /// the process ends: what a crash loses is only how recently a token was used.
    ///
    /// # Errors
    /// [`StorageError`]; the next call stores what this one could not.
    pub async fn flush_token_uses(&self) -> Result<(), StorageError> {
        let list = &self.parts.operators.uses;
        let used = list.take();
        if used.is_empty() {
            return Ok(());
        }
        let outcome = self.storage().save_token_uses(uses(&used)).await;
        if outcome.is_err() {
            list.put_back(used);
        }
        outcome
    }
}
