//! The storage ports over the state.

use super::MemoryStorage;
use domain::{
    Account, AccountId, AuthId, ContactBinding, Credential, CredentialId, Realm, RealmId, RealmName, Revision,
    Timestamp,
};
use std::sync::Arc;
use storage::{
    Accounts, BootNumber, Boots, ChangeFeed, ChangeSet, Coherence, Commit, CommitError, CredentialPage, Credentials,
    Follower, Page, Pending, RegistrationChange, Registrations, SettingName, Settings, StorageError,
};

impl Commit for MemoryStorage {
    fn commit(&self, set: ChangeSet) -> Pending<'_, Result<Revision, CommitError>> {
        Box::pin(async move {
            let followers = self.followers.lock();
            if let Some(failure) = self.next_commit_failure.lock().take() {
                return Err(CommitError::Storage(failure));
            }
            let (revision, facts) = self.state.lock().commit(set)?;
            for follower in followers.iter() {
                follower.apply(revision, &facts);
            }
            self.applied.send_replace(revision);
            Ok(revision)
        })
    }
}

impl ChangeFeed for MemoryStorage {
    fn follow(&self, follower: Arc<dyn Follower>) -> Pending<'_, Result<Revision, StorageError>> {
        Box::pin(async move {
            let mut followers = self.followers.lock();
            let (revision, facts) = {
                let state = self.state.lock();
                (state.revision, state.facts())
            };
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

impl Accounts for MemoryStorage {
    fn account(&self, auth_id: AuthId) -> Pending<'_, Result<Option<Account>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            Ok(state.accounts.iter().find(|account| account.auth_id == auth_id).cloned())
        })
    }

    fn accounts(&self) -> Pending<'_, Result<Vec<(Account, Realm)>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let realm = |account: &Account| state.realms.iter().find(|realm| realm.id == account.realm).cloned();
            Ok(state.accounts.iter().filter_map(|account| Some((account.clone(), realm(account)?))).collect())
        })
    }

    fn realm(&self, id: RealmId) -> Pending<'_, Result<Option<Realm>, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().realms.iter().find(|realm| realm.id == id).cloned()) })
    }

    fn realm_by_name(&self, name: RealmName) -> Pending<'_, Result<Option<Realm>, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().realms.iter().find(|realm| realm.name == name).cloned()) })
    }
}

impl Credentials for MemoryStorage {
    fn credential(
        &self,
        account: AccountId,
        id: CredentialId,
    ) -> Pending<'_, Result<Option<Credential>, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().credential(account, id).cloned()) })
    }

    fn credentials(&self, account: AccountId, page: Page) -> Pending<'_, Result<CredentialPage, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let owned = || state.credentials.values().filter(|credential| credential.account == account);
            let offset = usize::try_from(page.offset).unwrap_or(usize::MAX);
            let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
            Ok(CredentialPage {
                credentials: owned().skip(offset).take(limit).cloned().collect(),
                total: owned().count() as u64,
            })
        })
    }
}

impl Settings for MemoryStorage {
    fn setting(&self, name: SettingName) -> Pending<'_, Result<Option<Box<str>>, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().settings.get(&name).cloned()) })
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
