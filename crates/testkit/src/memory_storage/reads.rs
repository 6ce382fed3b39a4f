//! The ports that read, over the state.

use super::MemoryStorage;
use domain::{
    Account, AccountId, ApiToken, AuthId, Credential, CredentialId, HostName, OperatorToken, Realm, RealmId, RealmName,
    Timestamp, Username,
};
use std::ops::Bound;
use storage::{
    AccountPage, Accounts, Answers, CredentialNumber, CredentialPage, CredentialSearch, Credentials, Page, Pending,
    RememberedAnswer, SettingName, Settings, StorageError, SubAccountFilter, TokenUse, Tokens,
};

impl Accounts for MemoryStorage {
    fn account(&self, auth_id: AuthId) -> Pending<'_, Result<Option<Account>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            Ok(state.accounts.values().find(|account| account.auth_id == auth_id).cloned())
        })
    }

    fn accounts(&self) -> Pending<'_, Result<Vec<(Account, Realm)>, StorageError>> {
        Box::pin(async move { Ok(self.accounts_where(|_| true)) })
    }

    fn sub_accounts(
        &self,
        parent: AccountId,
        filter: SubAccountFilter,
        page: Page,
    ) -> Pending<'_, Result<AccountPage, StorageError>> {
        Box::pin(async move {
            let all = self.accounts_where(|account| {
                account.parent == Some(parent) && (filter == SubAccountFilter::All || account.enabled)
            });
            let total = all.len() as u64;
            let (offset, limit) = (usize::try_from(page.offset).unwrap_or(usize::MAX), page.limit as usize);
            Ok(AccountPage { accounts: all.into_iter().skip(offset).take(limit).collect(), total })
        })
    }

    fn hosts(&self, account: AccountId) -> Pending<'_, Result<Vec<HostName>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let given = state.hosts.iter().filter(|(_, host)| host.account == account);
            Ok(given.map(|(name, _)| name.clone()).collect())
        })
    }

    fn realms(&self) -> Pending<'_, Result<Vec<Realm>, StorageError>> {
        Box::pin(async move {
            let mut realms = self.state.lock().realms.clone();
            realms.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
            Ok(realms)
        })
    }

    fn realm(&self, id: RealmId) -> Pending<'_, Result<Option<Realm>, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().realms.iter().find(|realm| realm.id == id).cloned()) })
    }

    fn realm_by_name(&self, name: RealmName) -> Pending<'_, Result<Option<Realm>, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().realms.iter().find(|realm| realm.name == name).cloned()) })
    }
}

impl MemoryStorage {
    fn accounts_where(&self, wanted: impl Fn(&Account) -> bool) -> Vec<(Account, Realm)> {
        let state = self.state.lock();
        let realm = |account: &Account| state.realms.iter().find(|realm| realm.id == account.realm).cloned();
        let found = state.accounts.values().filter(|account| wanted(account));
        found.filter_map(|account| Some((account.clone(), realm(account)?))).collect()
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
        Box::pin(async move { Ok(self.state.lock().credential_page(account, 0, page.offset, page.limit)) })
    }

    fn credentials_after(
        &self,
        account: AccountId,
        after: CredentialNumber,
        limit: u32,
    ) -> Pending<'_, Result<CredentialPage, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().credential_page(account, after.0, 0, limit)) })
    }

    fn find_credentials(&self, search: CredentialSearch) -> Pending<'_, Result<CredentialPage, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().found_credentials(&search)) })
    }

    fn credential_by_username(
        &self,
        account: AccountId,
        username: Username,
    ) -> Pending<'_, Result<Option<Credential>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let mut owned = state.credentials.values().filter(|credential| credential.account == account);
            Ok(owned.find(|credential| credential.username == username).cloned())
        })
    }

    fn credentials_by_usernames(
        &self,
        realm: RealmId,
        usernames: Vec<Username>,
    ) -> Pending<'_, Result<Vec<Credential>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let number = |username: Username| state.usernames.get(&(realm, username));
            let found = usernames.into_iter().filter_map(number).filter_map(|number| state.credentials.get(number));
            Ok(found.cloned().collect())
        })
    }

    fn credentials_of_all_accounts(
        &self,
        after: Option<CredentialNumber>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<(CredentialNumber, Credential)>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let first = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.0));
            let rest = state.credentials.range((first, Bound::Unbounded)).take(limit as usize);
            Ok(rest.map(|(number, credential)| (CredentialNumber(*number), credential.clone())).collect())
        })
    }

    fn credentials_with_outdated_passwords(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Pending<'_, Result<Vec<Credential>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let is_outdated = |credential: &&Credential| {
                let mut ends = credential.devices.as_slice().iter().filter_map(|device| device.revoked);
                credential.previous.as_ref().is_some_and(|previous| previous.kept_until <= now)
                    || ends.any(|revoked| revoked.kept_until <= now)
            };
            Ok(state.credentials.values().filter(is_outdated).take(limit as usize).cloned().collect())
        })
    }
}

impl Tokens for MemoryStorage {
    fn api_tokens(&self, account: AccountId) -> Pending<'_, Result<Vec<ApiToken>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            Ok(state.tokens.iter().filter(|token| token.account == account).cloned().collect())
        })
    }

    fn operator_tokens(&self) -> Pending<'_, Result<Vec<OperatorToken>, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().operator_tokens.clone()) })
    }

    fn save_token_uses(&self, uses: Vec<TokenUse>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            let mut state = self.state.lock();
            uses.into_iter().for_each(|token_use| state.save_token_use(token_use));
            Ok(())
        })
    }
}

impl Answers for MemoryStorage {
    fn remembered_answer(
        &self,
        account: Option<AccountId>,
        key: [u8; 32],
    ) -> Pending<'_, Result<Option<RememberedAnswer>, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().answers.get(&(account, key)).cloned()) })
    }

    fn remembered_answers(
        &self,
        after: Option<(Option<AccountId>, [u8; 32])>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<RememberedAnswer>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let first = after.map_or(Bound::Unbounded, Bound::Excluded);
            Ok(state.answers.range((first, Bound::Unbounded)).take(limit as usize).map(|(_, a)| a.clone()).collect())
        })
    }

    fn forget_answers(&self, before: Timestamp) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            self.state.lock().answers.retain(|_, answer| answer.at >= before);
            Ok(())
        })
    }
}

impl Settings for MemoryStorage {
    fn setting(&self, name: SettingName) -> Pending<'_, Result<Option<Box<str>>, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().settings.get(&name).cloned()) })
    }
}
