//! How long records are kept.

use domain::Clock;
use std::sync::Arc;
use std::time::Duration;
use storage::{CallRecords, StorageError};
use tokio::time::{MissedTickBehavior, interval, sleep};

const SECONDS_PER_DAY: i64 = 86_400;
/// How often old records are looked for.
const INTERVAL: Duration = Duration::from_secs(600);
/// Most records deleted at once: a few milliseconds, for which others who write may have to wait.
const STEP: u32 = 500;
/// Between two steps, so that deleting a year of records leaves the storage to others.
const PAUSE: Duration = Duration::from_millis(50);

/// Deletes records that are older than the operator wants to keep.
pub struct Retention {
    /// Where they are.
    pub storage: Arc<dyn CallRecords>,
    /// Tells how old they are.
    pub clock: Arc<dyn Clock>,
    /// How many days after its beginning a call's record is kept.
    pub days: u32,
}

impl Retention {
    /// Deletes what is too old, at once and then every ten minutes, until dropped.
    pub async fn run(self) {
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.trim().await {
                Ok(0) => {}
                Ok(records) => tracing::info!(records, days = self.days, "deleted old call records"),
                Err(error) => tracing::warn!(%error, "old call records could not be deleted; trying again later"),
            }
        }
    }

    /// Deletes all that is too old now, and says how many.
    ///
    /// # Errors
    /// [`StorageError`]; what was deleted before stays so.
    pub async fn trim(&self) -> Result<u64, StorageError> {
        let mut deleted = 0;
        loop {
            let before = self.clock.now().plus_seconds(-i64::from(self.days) * SECONDS_PER_DAY);
            let step = self.storage.trim_call_records(before, STEP).await?;
            deleted += u64::from(step);
            if step < STEP {
                return Ok(deleted);
            }
            sleep(PAUSE).await;
        }
    }
}
