//! How many requests tokens and accounts may make, for faces that count together.

use crate::Operator;

/// Counts requests: whoever has used up theirs with one face has none left for another.
pub trait RequestBudget: Send + Sync {
    /// Takes one request out of the budget of the token and its account.
    ///
    /// # Errors
    /// In how many seconds there is one again.
    fn take(&self, operator: &Operator) -> Result<(), u64>;
}
