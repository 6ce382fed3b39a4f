//! Links that make devices.

use super::MemoryStorage;
use super::state::State;
use domain::{
    AccountId, ApiTokenHash, Credential, CredentialId, LinkStage, MacAddress, ProvisioningLink, ProvisioningLinkId,
    Timestamp,
};
use storage::{CommitError, Conflict, Pending, ProvisioningLinks, StorageError};

impl ProvisioningLinks for MemoryStorage {
    fn provisioning_link(&self, token: ApiTokenHash) -> Pending<'_, Result<Option<ProvisioningLink>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            Ok(state.provisioning_links.values().find(|link| link.token == token).cloned())
        })
    }

    fn provisioning_links(
        &self,
        credential: CredentialId,
        now: Timestamp,
    ) -> Pending<'_, Result<Vec<ProvisioningLink>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let links = state.provisioning_links.values();
            Ok(links.filter(|link| link.credential == credential && link.is_good(now)).cloned().collect())
        })
    }

    fn forget_provisioning_links(&self, now: Timestamp) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            self.state.lock().provisioning_links.retain(|_, link| link.is_good(now));
            Ok(())
        })
    }

    fn credential_of_desk_phone(
        &self,
        account: AccountId,
        mac: MacAddress,
    ) -> Pending<'_, Result<Option<Credential>, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().of_desk_phone(account, mac).cloned()) })
    }

    fn provisioning_path_number(&self, account: AccountId) -> Pending<'_, Result<u32, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().provisioning_paths.get(&account).copied().unwrap_or(0)) })
    }
}

impl State {
    /// The credential of which that desk phone is a live device.
    pub fn of_desk_phone(&self, account: AccountId, mac: MacAddress) -> Option<&Credential> {
        let has_it = |credential: &&Credential| {
            let phones = credential.devices.live().filter_map(domain::Device::desk_phone);
            credential.account == account && phones.into_iter().any(|phone| phone.mac == mac)
        };
        self.credentials.values().find(has_it)
    }

    /// Refuses a desk phone that is a device of another credential of the account already.
    pub fn check_desk_phones(&self, credential: &Credential) -> Result<(), CommitError> {
        let mut macs: Vec<MacAddress> =
            credential.devices.live().filter_map(|device| device.desk_phone().map(|phone| phone.mac)).collect();
        let elsewhere = |mac: &MacAddress| {
            self.of_desk_phone(credential.account, *mac).is_some_and(|other| other.id != credential.id)
        };
        let is_taken = macs.iter().any(elsewhere);
        macs.sort_unstable();
        let is_twice = macs.windows(2).any(|pair| matches!(pair, [one, other] if one == other));
        if is_taken || is_twice { Err(CommitError::Conflict(Conflict::MacTaken)) } else { Ok(()) }
    }

    pub fn create_provisioning_link(&mut self, link: ProvisioningLink, most: u32) -> Result<(), CommitError> {
        if self.credential(link.account, link.credential).is_none() {
            return Err(CommitError::Conflict(Conflict::NotFound));
        }
        let links = self.provisioning_links.values();
        let present = links.filter(|other| other.account == link.account && other.is_good(link.created_at)).count();
        if present >= most as usize {
            return Err(CommitError::Conflict(Conflict::TooManyLinks));
        }
        self.provisioning_links.insert(link.id, link);
        Ok(())
    }

    pub fn spend_provisioning_link(
        &mut self,
        (id, token): (ProvisioningLinkId, ApiTokenHash),
        at: Timestamp,
    ) -> Result<(), CommitError> {
        self.good_link(id, token, at)?;
        self.provisioning_links.remove(&id);
        Ok(())
    }

    pub fn open_provisioning_link(
        &mut self,
        (id, token): (ProvisioningLinkId, ApiTokenHash),
        at: Timestamp,
        (opened, expires_at): (ApiTokenHash, Timestamp),
    ) -> Result<(), CommitError> {
        let link = self.good_link(id, token, at)?;
        if link.stage != LinkStage::Offered {
            return Err(CommitError::Conflict(Conflict::NotFound));
        }
        (link.stage, link.token, link.expires_at) = (LinkStage::Opened, opened, expires_at);
        Ok(())
    }

    pub fn delete_provisioning_link(
        &mut self,
        (account, credential): (AccountId, CredentialId),
        id: ProvisioningLinkId,
    ) -> Result<(), CommitError> {
        let found = self.provisioning_links.get(&id);
        if found.is_none_or(|link| (link.account, link.credential) != (account, credential)) {
            return Err(CommitError::Conflict(Conflict::NotFound));
        }
        self.provisioning_links.remove(&id);
        Ok(())
    }

    pub fn replace_provisioning_path(&mut self, account: AccountId) -> Result<(), CommitError> {
        if !self.accounts.contains_key(&account) {
            return Err(CommitError::Conflict(Conflict::NotFound));
        }
        *self.provisioning_paths.entry(account).or_default() += 1;
        Ok(())
    }

    fn good_link(
        &mut self,
        id: ProvisioningLinkId,
        token: ApiTokenHash,
        at: Timestamp,
    ) -> Result<&mut ProvisioningLink, CommitError> {
        let found = self.provisioning_links.get_mut(&id).filter(|link| link.token == token && link.is_good(at));
        found.ok_or(CommitError::Conflict(Conflict::NotFound))
    }
}
