//! How long records are kept, and how many.

use domain::{Clock, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use storage::{AuthEventTrim, AuthEvents, RecordOwner, StorageError};
use tokio::time::{MissedTickBehavior, interval, sleep};

const SECONDS_PER_DAY: i64 = 86_400;
/// How often old records are looked for: often enough that an account can have few more than it may.
const INTERVAL: Duration = Duration::from_secs(60);
/// Most records deleted at once: a few milliseconds, for which others who write may have to wait.
const STEP: u32 = 500;
/// Between two steps, so that deleting leaves the storage to others.
const PAUSE: Duration = Duration::from_millis(50);

/// Deletes records that are older than their account wants them, or more than it may have.
pub struct Retention {
    /// Where they are.
    pub storage: Arc<dyn AuthEvents>,
    /// Tells how old they are.
    pub clock: Arc<dyn Clock>,
    /// How many days the operator's own are kept.
    pub operator_days: u32,
    /// How many records an account may have, and the operator besides.
    pub most: u32,
}

impl Retention {
    /// Deletes what is too old or too much, at once and then every minute, until dropped.
    pub async fn run(self) {
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.trim().await {
                Ok(0) => {}
                Ok(records) => tracing::debug!(records, "deleted old authentication events"),
                Err(error) => tracing::warn!(%error, "old authentication events could not be deleted; trying again"),
            }
        }
    }

    /// Deletes all that is too old or too much now, and says how many.
    ///
    /// # Errors
    /// [`StorageError`]; what was deleted before stays so.
    pub async fn trim(&self) -> Result<u64, StorageError> {
        let mut deleted = 0;
        for owner in self.storage.auth_event_owners().await? {
            loop {
                let step = self.storage.trim_auth_events(self.limits(owner)).await?;
                deleted += u64::from(step);
                if step < STEP {
                    break;
                }
                sleep(PAUSE).await;
            }
        }
        Ok(deleted)
    }

    fn limits(&self, owner: RecordOwner) -> AuthEventTrim {
        let RecordOwner { account, retention_days } = owner;
        let days = retention_days.or(account.is_none().then_some(self.operator_days));
        match days {
            Some(days) => AuthEventTrim {
                account,
                before: self.clock.now().plus_seconds(-i64::from(days) * SECONDS_PER_DAY),
                most: self.most,
                limit: STEP,
            },
            // Nobody is left to read them.
            None => AuthEventTrim { account, before: Timestamp::from_micros(i64::MAX), most: 0, limit: STEP },
        }
    }
}
