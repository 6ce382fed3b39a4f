//! How credentials change, and pages of them.

use super::state::State;
use domain::{AccountId, BindingId, Credential, CredentialId, Revision};
use std::cmp::Ordering;
use storage::{
    CommitError, Conflict, CredentialNumber, CredentialOrder, CredentialPage, CredentialSearch, Fact,
    RegistrationsAfter, ResealedCredential, SortDirection, StorageError,
};

impl State {
    pub fn create_credential(&mut self, credential: Credential) -> Result<Fact, CommitError> {
        let owner = self.accounts.get(&credential.account);
        if owner.is_none_or(|owner| owner.realm != credential.realm) {
            return Err(CommitError::Conflict(Conflict::NotFound));
        }
        let name = (credential.realm, credential.username.clone());
        if self.usernames.contains_key(&name) {
            return Err(CommitError::Conflict(Conflict::UsernameTaken));
        }
        if self.numbers.contains_key(&credential.id) {
            let text = format!("credential {} exists already", credential.id);
            return Err(CommitError::Storage(StorageError::Damaged(text)));
        }
        self.check_desk_phones(&credential)?;
        let credential = self.without_retired(credential);
        self.last_number += 1;
        self.usernames.insert(name, self.last_number);
        self.numbers.insert(credential.id, self.last_number);
        self.credentials.insert(self.last_number, credential.clone());
        Ok(Fact::Credential(credential))
    }

    pub fn update_credential(
        &mut self,
        new: Credential,
        registrations: RegistrationsAfter,
        revision: Revision,
    ) -> Result<Fact, CommitError> {
        let new = self.without_retired(new);
        let taken = self.check_desk_phones(&new);
        let stored = self.numbers.get(&new.id).and_then(|number| self.credentials.get_mut(number));
        let Some(stored) = stored.filter(|stored| stored.account == new.account) else {
            return Err(CommitError::Conflict(Conflict::NotFound));
        };
        if stored.revision != new.revision {
            return Err(CommitError::Conflict(Conflict::Superseded));
        }
        taken?;
        *stored = Credential {
            revision,
            realm: stored.realm,
            username: stored.username.clone(),
            created_at: stored.created_at,
            ..new
        };
        let stored = stored.clone();
        let is_device = |secret: u32| stored.devices.of_secret(secret).is_some();
        self.device_uses.retain(|(credential, secret), _| *credential != new.id || is_device(*secret));
        self.registrations.retain(|(credential, _), binding| {
            *credential != new.id
                || match registrations {
                    RegistrationsAfter::Keep => true,
                    RegistrationsAfter::Remove => false,
                    RegistrationsAfter::RemoveOfEndedSecrets => stored.accepts_secret(binding.generation),
                }
        });
        Ok(Fact::Credential(stored))
    }

    pub fn delete_credential(&mut self, account: AccountId, id: CredentialId) -> Result<Fact, CommitError> {
        let Some(Credential { realm, username, .. }) = self.credential(account, id).cloned() else {
            return Err(CommitError::Conflict(Conflict::NotFound));
        };
        if let Some(number) = self.numbers.remove(&id) {
            self.credentials.remove(&number);
        }
        self.usernames.remove(&(realm, username.clone()));
        self.registrations.retain(|(credential, _), _| *credential != id);
        self.algorithm_uses.retain(|(credential, _), _| *credential != id);
        self.credential_uses.remove(&id);
        self.device_uses.retain(|(credential, _), _| *credential != id);
        self.provisioning_links.retain(|_, link| link.credential != id);
        Ok(Fact::CredentialDeleted { id, realm, username })
    }

    pub fn end_registrations(
        &mut self,
        (account, id): (AccountId, CredentialId),
        binding: Option<BindingId>,
    ) -> Result<Fact, CommitError> {
        let Some(Credential { realm, username, .. }) = self.credential(account, id).cloned() else {
            return Err(CommitError::Conflict(Conflict::NotFound));
        };
        let is_meant = |name: &BindingId| binding.is_none_or(|binding| binding == *name);
        self.registrations.retain(|(credential, name), _| *credential != id || !is_meant(name));
        Ok(Fact::RegistrationsEnded { credential: id, realm, username, binding })
    }

    /// The same without its HA1 under MD5, if its realm has retired that.
    fn without_retired(&self, mut credential: Credential) -> Credential {
        if self.realms.iter().any(|realm| realm.id == credential.realm && realm.rules.md5_retired) {
            credential.ha1s.md5 = None;
            if let Some(previous) = &mut credential.previous {
                previous.ha1s.md5 = None;
            }
            credential.devices.retire_md5();
        }
        credential
    }

    pub fn credential(&self, account: AccountId, id: CredentialId) -> Option<&Credential> {
        let credential = self.credentials.get(self.numbers.get(&id)?)?;
        (credential.account == account).then_some(credential)
    }

    /// The new seals are a write like any other: an update made before it would bring the old seals back.
    pub fn reseal_credentials(&mut self, resealed: Vec<ResealedCredential>, revision: Revision) -> Vec<Fact> {
        let mut facts = Vec::new();
        for new in resealed {
            let stored = self.numbers.get(&new.id).and_then(|number| self.credentials.get_mut(number));
            if let Some(stored) = stored.filter(|stored| stored.revision == new.revision) {
                stored.ha1s = new.ha1s;
                stored.previous = new.previous;
                stored.devices = new.devices;
                stored.revision = revision;
                facts.push(Fact::Credential(stored.clone()));
            }
        }
        facts
    }

    /// As [`storage::CredentialSearch`] says.
    pub fn found_credentials(&self, search: &CredentialSearch) -> CredentialPage {
        let text = search.text.to_ascii_lowercase();
        let has = |place: &str| place.to_ascii_lowercase().contains(&text);
        let mut found: Vec<_> = self.credentials.values().filter(|one| one.account == search.account).collect();
        found.retain(|one| search.enabled.is_none_or(|enabled| one.enabled == enabled));
        found.retain(|one| has(one.username.as_str()) || has(&one.description));
        if search.direction == SortDirection::Descending && search.order == CredentialOrder::Created {
            found.reverse();
        }
        let compare = |one: &Credential, other: &Credential| match search.order {
            CredentialOrder::Created => Ordering::Equal,
            CredentialOrder::Username => one.username.as_str().cmp(other.username.as_str()),
            CredentialOrder::Updated => one.updated_at.cmp(&other.updated_at),
            CredentialOrder::PasswordChanged => one.password_changed_at.cmp(&other.password_changed_at),
        };
        found.sort_by(|one, other| match search.direction {
            SortDirection::Ascending => compare(one, other),
            SortDirection::Descending => compare(other, one),
        });
        let total = found.len() as u64;
        let skipped = usize::try_from(search.page.offset).unwrap_or(usize::MAX);
        let page = found.into_iter().skip(skipped).take(search.page.limit as usize).cloned().collect();
        CredentialPage { credentials: page, total, next: None }
    }

    /// At most `limit` of the account's credentials after that number, past the first `skipped` of them.
    pub fn credential_page(&self, account: AccountId, after: u64, skipped: u64, limit: u32) -> CredentialPage {
        let owned = |first| self.credentials.range(first..).filter(|(_, credential)| credential.account == account);
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut rest = after.checked_add(1).into_iter().flat_map(owned).skip(skipped);
        let page: Vec<_> = rest.by_ref().take(limit).collect();
        let next = rest.next().and(page.last()).map(|(number, _)| CredentialNumber(**number));
        CredentialPage {
            credentials: page.into_iter().map(|(_, credential)| credential.clone()).collect(),
            total: owned(0).count() as u64,
            next,
        }
    }
}
