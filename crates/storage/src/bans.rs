//! Bans: kept across restarts, and as they are at this moment.

use crate::{Page, Pending, StorageError};
use domain::{AccountId, Ban, BanId, Timestamp};
use std::fmt::Debug;
use std::sync::Arc;

/// Keeps bans across restarts. No revision and no fact comes of it.
pub trait BanStore: Send + Sync {
    /// Stores bans, each once, and forgets those that ended before that moment, in one transaction.
    ///
    /// # Errors
    /// [`StorageError`]; nothing of it was done then, except that after [`StorageError::Unknown`] all may have been.
    fn save_bans(&self, began: Arc<Vec<Ban>>, ended_before: Timestamp) -> Pending<'_, Result<(), StorageError>>;

    /// Forgets a ban, if it is kept.
    ///
    /// # Errors
    /// [`StorageError`]; it may be kept then.
    fn forget_ban(&self, id: BanId) -> Pending<'_, Result<(), StorageError>>;

    /// Hands over every ban that ends after that moment, oldest first. Blocks; for start-up.
    ///
    /// # Errors
    /// [`StorageError`]; some may have been handed over before.
    fn load_bans(&self, now: Timestamp, each: &mut dyn FnMut(Ban)) -> Result<(), StorageError>;
}

/// Whose bans are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BansOf {
    /// Those of an account's credentials.
    Account(AccountId),
    /// All of them.
    Everybody,
}

/// A page of bans, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BanPage {
    /// The page.
    pub bans: Vec<Ban>,
    /// How many there are in all, on whatever page.
    pub total: u64,
}

/// Tells which bans hold, and lifts them. Answers from memory, so nothing here waits.
pub trait LiveBans: Send + Sync + Debug {
    /// The bans that hold, oldest first.
    fn bans(&self, of: BansOf, page: Page) -> BanPage;

    /// That ban, if it holds.
    fn ban(&self, of: BansOf, id: BanId) -> Option<Ban>;

    /// Ends a ban at once; what was held against whom it meant is forgotten. Returns whether it held.
    fn lift(&self, id: BanId) -> bool;
}
