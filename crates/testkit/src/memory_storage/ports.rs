//! The ports that write and tell, over the state.

use super::MemoryStorage;
use domain::{ContactBinding, Revision, Timestamp};
use std::sync::Arc;
use storage::{
    BootNumber, Boots, ChangeFeed, ChangeSet, Coherence, Commit, CommitError, Fact, Follower, Pending,
    RegistrationChange, Registrations, StorageError,
};

impl Commit for MemoryStorage {
    fn commit(&self, set: ChangeSet) -> Pending<'_, Result<Revision, CommitError>> {
        Box::pin(async move {
            let hold = self.next_commit_hold.lock().take();
            if let Some(hold) = hold {
                hold.wait().await;
            }
            let followers = self.followers.lock();
            if let Some(failure) = self.next_commit_failure.lock().take() {
                return Err(CommitError::Storage(failure));
            }
            let (revision, facts) = self.state.lock().commit(set)?;
            for follower in followers.iter() {
                follower.apply(revision, &facts);
            }
            self.applied.send_replace(revision);
            if std::mem::take(&mut *self.next_answer_lost.lock()) {
                return Err(CommitError::Storage(StorageError::Unknown("injected loss of an answer".into())));
            }
            Ok(revision)
        })
    }
}

impl ChangeFeed for MemoryStorage {
    fn follow(&self, follower: Arc<dyn Follower>) -> Pending<'_, Result<Revision, StorageError>> {
        Box::pin(async move {
            let mut followers = self.followers.lock();
            let (revision, mut facts) = {
                let state = self.state.lock();
                (state.revision, state.facts())
            };
            if !follower.begins_with_credentials() {
                facts.retain(|fact| !matches!(fact, Fact::Credential(_)));
            }
            // Two calls wherever there are two facts, so that followers do not come to rely on one.
            let (first, second) = facts.split_at(facts.len() / 2);
            follower.apply(revision, first);
            follower.apply(revision, second);
            followers.push(follower);
            Ok(revision)
        })
    }
}

impl Coherence for MemoryStorage {
    fn applied_everywhere(&self, revision: Revision) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            if let Some(failure) = self.next_coherence_failure.lock().take() {
                return Err(failure);
            }
            let mut applied = self.applied.subscribe();
            let waited = applied.wait_for(|applied| *applied >= revision).await;
            waited.map(|_| ()).map_err(|_| StorageError::Unavailable("the storage is gone".into()))
        })
    }
}

impl Registrations for MemoryStorage {
    fn load(&self, now: Timestamp, each: &mut dyn FnMut(ContactBinding)) -> Result<(), StorageError> {
        let live: Vec<ContactBinding> = {
            let mut state = self.state.lock();
            state.registrations.retain(|_, binding| binding.expires_at > now);
            state.registrations.values().cloned().collect()
        };
        live.into_iter().for_each(each);
        Ok(())
    }

    fn save(&self, batch: Vec<RegistrationChange>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            let mut state = self.state.lock();
            batch.into_iter().for_each(|change| state.save(change));
            Ok(())
        })
    }
}

impl Boots for MemoryStorage {
    fn begin_boot(&self, _node: &str, now: Timestamp) -> Pending<'_, Result<BootNumber, StorageError>> {
        Box::pin(async move {
            let mut state = self.state.lock();
            let number = state.boots.last().map_or(1, |(last, _)| last + 1);
            state.boots.push((number, now));
            Ok(BootNumber(number))
        })
    }

    fn boots_since(&self, since: Timestamp) -> Pending<'_, Result<Vec<BootNumber>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let recent = state.boots.iter().rev().filter(|(_, started_at)| *started_at >= since);
            Ok(recent.take(1024).map(|(number, _)| BootNumber(*number)).collect())
        })
    }
}
