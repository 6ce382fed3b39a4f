//! Bans.

use super::MemoryStorage;
use domain::{Ban, BanId, Timestamp};
use std::sync::Arc;
use storage::{BanStore, Pending, StorageError};

impl BanStore for MemoryStorage {
    fn save_bans(&self, began: Arc<Vec<Ban>>, ended_before: Timestamp) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            let mut state = self.state.lock();
            state.bans.retain(|_, ban| ban.ends_at >= ended_before);
            for ban in began.iter() {
                state.bans.entry(ban.id).or_insert_with(|| ban.clone());
            }
            Ok(())
        })
    }

    fn forget_ban(&self, id: BanId) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            self.state.lock().bans.remove(&id);
            Ok(())
        })
    }

    fn load_bans(&self, now: Timestamp, each: &mut dyn FnMut(Ban)) -> Result<(), StorageError> {
        let bans: Vec<_> = self.state.lock().bans.values().filter(|ban| ban.ends_at > now).cloned().collect();
        bans.into_iter().for_each(each);
        Ok(())
    }
}
