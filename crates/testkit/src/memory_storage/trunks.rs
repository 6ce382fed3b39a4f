//! How trunks, access lists, origination URIs and numbers change, and reads of them.

use super::MemoryStorage;
use super::state::State;
use domain::{
    AccountId, CredentialId, E164, IpAcl, IpAclId, Number, NumberTarget, OriginationUri, OriginationUriId, Revision,
    Trunk, TrunkId,
};
use storage::{
    CommitError, Conflict, Fact, Listed, NumbersOf, Page, Pending, ResealedUpstreamSecret, StorageError, Trunks,
};

const NOT_FOUND: CommitError = CommitError::Conflict(Conflict::NotFound);
const NOTHING_TO_REFER_TO: CommitError = CommitError::Conflict(Conflict::NothingToReferTo);
const SUPERSEDED: CommitError = CommitError::Conflict(Conflict::Superseded);

impl State {
    pub fn create_ip_acl(&mut self, new: IpAcl) -> Result<Fact, CommitError> {
        self.check_account(new.account)?;
        self.ip_acls.push(new.clone());
        Ok(Fact::IpAcl(new))
    }

    pub fn update_ip_acl(&mut self, new: IpAcl, revision: Revision) -> Result<Fact, CommitError> {
        let found = self.ip_acls.iter_mut().find(|entry| entry.id == new.id && entry.account == new.account);
        let stored = found.ok_or(NOT_FOUND)?;
        check_current(stored.revision, new.revision)?;
        *stored = IpAcl { created_at: stored.created_at, revision, ..new };
        Ok(Fact::IpAcl(stored.clone()))
    }

    pub fn delete_ip_acl(
        &mut self,
        (account, id): (AccountId, IpAclId),
        revision: Revision,
        facts: &mut Vec<Fact>,
    ) -> Result<(), CommitError> {
        let place = self.ip_acls.iter().position(|entry| entry.id == id && entry.account == account);
        self.ip_acls.remove(place.ok_or(NOT_FOUND)?);
        self.detach(revision, facts, |trunk| retain_others(&mut trunk.attachments.ip_acls, &id));
        facts.push(Fact::IpAclDeleted { id, account });
        Ok(())
    }

    pub fn create_origination_uri(&mut self, new: OriginationUri) -> Result<Fact, CommitError> {
        self.check_account(new.account)?;
        self.origination_uris.push(new.clone());
        Ok(Fact::OriginationUri(new))
    }

    pub fn update_origination_uri(&mut self, new: OriginationUri, revision: Revision) -> Result<Fact, CommitError> {
        let found = self.origination_uris.iter_mut().find(|uri| uri.id == new.id && uri.account == new.account);
        let stored = found.ok_or(NOT_FOUND)?;
        check_current(stored.revision, new.revision)?;
        *stored = OriginationUri { created_at: stored.created_at, revision, ..new };
        Ok(Fact::OriginationUri(stored.clone()))
    }

    pub fn delete_origination_uri(
        &mut self,
        (account, id): (AccountId, OriginationUriId),
        revision: Revision,
        facts: &mut Vec<Fact>,
    ) -> Result<(), CommitError> {
        let place = self.origination_uris.iter().position(|uri| uri.id == id && uri.account == account);
        self.origination_uris.remove(place.ok_or(NOT_FOUND)?);
        let is_target = |number: &Number| number.target == NumberTarget::OriginationUri(id);
        for number in self.numbers_in_use.iter_mut().filter(|number| is_target(number)) {
            number.target = NumberTarget::Trunk;
            number.revision = revision;
            facts.push(Fact::Number(number.clone()));
        }
        self.detach(revision, facts, |trunk| {
            let attachments = &mut trunk.attachments;
            let single = [&mut attachments.primary_uri, &mut attachments.fallback_uri, &mut trunk.rules.emergency_uri];
            let mut detached = retain_others(&mut attachments.origination_uris, &id);
            for reference in single {
                detached |= reference.take_if(|referred| *referred == id).is_some();
            }
            detached
        });
        facts.push(Fact::OriginationUriDeleted { id, account });
        Ok(())
    }

    pub fn reseal_upstream_secrets(&mut self, resealed: Vec<ResealedUpstreamSecret>, revision: Revision) -> Vec<Fact> {
        let mut facts = Vec::new();
        for new in resealed {
            let current = |uri: &&mut OriginationUri| uri.id == new.id && uri.revision == new.revision;
            let Some(stored) = self.origination_uris.iter_mut().find(current) else { continue };
            if let Some(secret) = &mut stored.secret {
                secret.password = new.password;
                stored.revision = revision;
                facts.push(Fact::OriginationUri(stored.clone()));
            }
        }
        facts
    }

    pub fn create_trunk(&mut self, new: Trunk) -> Result<Fact, CommitError> {
        self.check_account(new.account)?;
        let known = self.trunks.iter().any(|trunk| trunk.id == new.id || trunk.host == new.host);
        if known || self.hosts.contains_key(&new.host) {
            return Err(CommitError::Conflict(Conflict::HostTaken));
        }
        self.check_attachments(&new)?;
        self.trunks.push(new.clone());
        Ok(Fact::Trunk(Box::new(new)))
    }

    pub fn update_trunk(&mut self, new: Trunk, revision: Revision) -> Result<Fact, CommitError> {
        let owned = |trunk: &&Trunk| trunk.id == new.id && trunk.account == new.account;
        let stored = self.trunks.iter().find(owned).ok_or(NOT_FOUND)?;
        check_current(stored.revision, new.revision)?;
        self.check_attachments(&new)?;
        let stored = self.trunks.iter_mut().find(|trunk| trunk.id == new.id).ok_or(NOT_FOUND)?;
        *stored = Trunk { host: stored.host.clone(), created_at: stored.created_at, revision, ..new };
        Ok(Fact::Trunk(Box::new(stored.clone())))
    }

    pub fn delete_trunk(
        &mut self,
        (account, id): (AccountId, TrunkId),
        revision: Revision,
        facts: &mut Vec<Fact>,
    ) -> Result<(), CommitError> {
        let place = self.trunks.iter().position(|trunk| trunk.id == id && trunk.account == account);
        self.trunks.remove(place.ok_or(NOT_FOUND)?);
        for number in self.numbers_in_use.iter_mut().filter(|number| number.trunk == Some(id)) {
            number.trunk = None;
            number.revision = revision;
            facts.push(Fact::Number(number.clone()));
        }
        facts.push(Fact::TrunkDeleted { id, account });
        Ok(())
    }

    pub fn allocate_number(&mut self, new: Number) -> Result<Fact, CommitError> {
        self.check_account(new.account)?;
        if self.numbers_in_use.iter().any(|number| number.e164 == new.e164) {
            return Err(CommitError::Conflict(Conflict::NumberTaken));
        }
        self.check_number(&new)?;
        self.numbers_in_use.push(new.clone());
        Ok(Fact::Number(new))
    }

    pub fn update_number(&mut self, new: Number, revision: Revision) -> Result<Fact, CommitError> {
        let owned = |number: &&Number| number.e164 == new.e164 && number.account == new.account;
        let stored = self.numbers_in_use.iter().find(owned).ok_or(NOT_FOUND)?;
        check_current(stored.revision, new.revision)?;
        self.check_number(&new)?;
        let stored = self.numbers_in_use.iter_mut().find(|number| number.e164 == new.e164).ok_or(NOT_FOUND)?;
        *stored = Number { created_at: stored.created_at, revision, ..new };
        Ok(Fact::Number(stored.clone()))
    }

    pub fn release_number(&mut self, e164: E164) -> Result<Fact, CommitError> {
        let place = self.numbers_in_use.iter().position(|number| number.e164 == e164);
        self.numbers_in_use.remove(place.ok_or(NOT_FOUND)?);
        Ok(Fact::NumberReleased(e164))
    }

    /// Trunks let go of a credential that has gone.
    pub fn detach_credential(&mut self, id: CredentialId, revision: Revision, facts: &mut Vec<Fact>) {
        self.detach(revision, facts, |trunk| retain_others(&mut trunk.attachments.credentials, &id));
    }

    pub fn delete_trunks_of_account(&mut self, account: AccountId, facts: &mut Vec<Fact>) {
        let numbers = self.numbers_in_use.extract_if(.., |number| number.account == account);
        facts.extend(numbers.map(|number| Fact::NumberReleased(number.e164)));
        let trunks = self.trunks.extract_if(.., |trunk| trunk.account == account);
        facts.extend(trunks.map(|trunk| Fact::TrunkDeleted { id: trunk.id, account }));
        let uris = self.origination_uris.extract_if(.., |uri| uri.account == account);
        facts.extend(uris.map(|uri| Fact::OriginationUriDeleted { id: uri.id, account }));
        let entries = self.ip_acls.extract_if(.., |entry| entry.account == account);
        facts.extend(entries.map(|entry| Fact::IpAclDeleted { id: entry.id, account }));
    }

    /// Everything that is true of trunks, what is referred to first.
    pub fn trunk_facts(&self) -> impl Iterator<Item = Fact> + '_ {
        let entries = self.ip_acls.iter().cloned().map(Fact::IpAcl);
        entries
            .chain(self.origination_uris.iter().cloned().map(Fact::OriginationUri))
            .chain(self.trunks.iter().cloned().map(|trunk| Fact::Trunk(Box::new(trunk))))
            .chain(self.numbers_in_use.iter().cloned().map(Fact::Number))
    }

    /// Tells the trunks of which `let_go` took a reference.
    fn detach(&mut self, revision: Revision, facts: &mut Vec<Fact>, mut let_go: impl FnMut(&mut Trunk) -> bool) {
        for trunk in &mut self.trunks {
            if let_go(trunk) {
                trunk.revision = revision;
                facts.push(Fact::Trunk(Box::new(trunk.clone())));
            }
        }
    }

    fn check_account(&self, account: AccountId) -> Result<(), CommitError> {
        if self.accounts.contains_key(&account) { Ok(()) } else { Err(NOT_FOUND) }
    }

    fn check_attachments(&self, trunk: &Trunk) -> Result<(), CommitError> {
        let attachments = &trunk.attachments;
        let all_there = attachments.credentials.iter().all(|id| self.credential(trunk.account, *id).is_some())
            && attachments
                .ip_acls
                .iter()
                .all(|id| self.ip_acls.iter().any(|entry| entry.id == *id && entry.account == trunk.account))
            && attachments.uris().chain(trunk.rules.emergency_uri).all(|id| self.owns_uri(trunk.account, id));
        if all_there { Ok(()) } else { Err(NOTHING_TO_REFER_TO) }
    }

    fn check_number(&self, number: &Number) -> Result<(), CommitError> {
        let owns_trunk = |id| self.trunks.iter().any(|trunk| trunk.id == id && trunk.account == number.account);
        let target_there = match number.target {
            NumberTarget::OriginationUri(id) => self.owns_uri(number.account, id),
            NumberTarget::Trunk | NumberTarget::Username(_) => true,
        };
        if target_there && number.trunk.is_none_or(owns_trunk) { Ok(()) } else { Err(NOTHING_TO_REFER_TO) }
    }

    fn owns_uri(&self, account: AccountId, id: OriginationUriId) -> bool {
        self.origination_uris.iter().any(|uri| uri.id == id && uri.account == account)
    }
}

fn check_current(stored: Revision, given: Revision) -> Result<(), CommitError> {
    if stored == given { Ok(()) } else { Err(SUPERSEDED) }
}

fn retain_others<T: PartialEq>(list: &mut Vec<T>, gone: &T) -> bool {
    let before = list.len();
    list.retain(|one| one != gone);
    list.len() < before
}

fn window<T: Clone>(all: &[T], wanted: impl Fn(&T) -> bool, page: Page) -> Listed<T> {
    let found: Vec<&T> = all.iter().filter(|one| wanted(one)).collect();
    let (offset, limit) = (usize::try_from(page.offset).unwrap_or(usize::MAX), page.limit as usize);
    Listed { total: found.len() as u64, objects: found.into_iter().skip(offset).take(limit).cloned().collect() }
}

impl Trunks for MemoryStorage {
    fn trunk(&self, account: AccountId, id: TrunkId) -> Pending<'_, Result<Option<Trunk>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            Ok(state.trunks.iter().find(|trunk| trunk.id == id && trunk.account == account).cloned())
        })
    }

    fn trunks(&self, account: AccountId, page: Page) -> Pending<'_, Result<Listed<Trunk>, StorageError>> {
        Box::pin(async move { Ok(window(&self.state.lock().trunks, |trunk| trunk.account == account, page)) })
    }

    fn ip_acl(&self, account: AccountId, id: IpAclId) -> Pending<'_, Result<Option<IpAcl>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            Ok(state.ip_acls.iter().find(|entry| entry.id == id && entry.account == account).cloned())
        })
    }

    fn ip_acls(&self, account: AccountId, page: Page) -> Pending<'_, Result<Listed<IpAcl>, StorageError>> {
        Box::pin(async move { Ok(window(&self.state.lock().ip_acls, |entry| entry.account == account, page)) })
    }

    fn origination_uri(
        &self,
        account: AccountId,
        id: OriginationUriId,
    ) -> Pending<'_, Result<Option<OriginationUri>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            Ok(state.origination_uris.iter().find(|uri| uri.id == id && uri.account == account).cloned())
        })
    }

    fn origination_uris(
        &self,
        account: AccountId,
        page: Page,
    ) -> Pending<'_, Result<Listed<OriginationUri>, StorageError>> {
        Box::pin(async move { Ok(window(&self.state.lock().origination_uris, |uri| uri.account == account, page)) })
    }

    fn origination_uris_with_secret(
        &self,
        after: Option<OriginationUriId>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<OriginationUri>, StorageError>> {
        Box::pin(async move {
            let mut found = self.state.lock().origination_uris.clone();
            found.retain(|uri| uri.secret.is_some() && after.is_none_or(|after| uri.id > after));
            found.sort_by_key(|uri| uri.id);
            found.truncate(limit as usize);
            Ok(found)
        })
    }

    fn has_origination_uri(&self, account: AccountId, uri: Box<str>) -> Pending<'_, Result<bool, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            Ok(state.origination_uris.iter().any(|known| known.account == account && known.uri.as_str() == &*uri))
        })
    }

    fn number(&self, e164: E164) -> Pending<'_, Result<Option<Number>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            Ok(state.numbers_in_use.iter().find(|number| number.e164 == e164).cloned())
        })
    }

    fn numbers(&self, of: NumbersOf, page: Page) -> Pending<'_, Result<Listed<Number>, StorageError>> {
        let wanted = move |number: &Number| match of {
            NumbersOf::Account(account) => number.account == account,
            NumbersOf::Installation => true,
        };
        Box::pin(async move { Ok(window(&self.state.lock().numbers_in_use, wanted, page)) })
    }

    fn numbers_of_trunk(
        &self,
        account: AccountId,
        trunk: TrunkId,
        limit: u32,
    ) -> Pending<'_, Result<Vec<Number>, StorageError>> {
        Box::pin(async move {
            let mut found = self.state.lock().numbers_in_use.clone();
            found.retain(|number| number.account == account && number.trunk == Some(trunk));
            found.sort_by(|a, b| a.e164.cmp(&b.e164));
            found.truncate(limit as usize);
            Ok(found)
        })
    }
}
