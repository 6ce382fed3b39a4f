//! When credentials were last used, and which of them want looking after.

use super::MemoryStorage;
use super::state::State;
use domain::{Credential, CredentialId, CredentialUse, Timestamp};
use storage::{
    CredentialReport, CredentialReportRequest, CredentialStanding, CredentialTotals, CredentialUses, Pending,
    StorageError,
};

/// Seconds of a day.
const DAY: i64 = 86_400;

impl CredentialUses for MemoryStorage {
    fn save_credential_uses(&self, uses: Vec<CredentialUse>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            if let Some(failure) = self.next_commit_failure.lock().take() {
                return Err(failure);
            }
            let mut state = self.state.lock();
            uses.into_iter().for_each(|one| state.save_credential_use(one));
            Ok(())
        })
    }

    fn credential_use(&self, credential: CredentialId) -> Pending<'_, Result<Option<CredentialUse>, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().credential_uses.get(&credential).cloned()) })
    }

    fn device_uses(&self, credential: CredentialId) -> Pending<'_, Result<Vec<CredentialUse>, StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let uses = state.device_uses.range((credential, 0)..=(credential, u32::MAX));
            Ok(uses.map(|(_, one)| one.clone()).collect())
        })
    }

    fn credential_report(
        &self,
        request: CredentialReportRequest,
    ) -> Pending<'_, Result<CredentialReport, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().credential_report(&request)) })
    }
}

impl State {
    fn save_credential_use(&mut self, new: CredentialUse) {
        let owner = self.numbers.get(&new.credential).and_then(|number| self.credentials.get(number));
        if owner.is_some_and(|owner| owner.devices.of_secret(new.generation).is_some()) {
            let key = (new.credential, new.generation);
            if self.device_uses.get(&key).is_none_or(|stored| stored.at <= new.at) {
                self.device_uses.insert(key, new.clone());
            }
        }
        let is_latest = self.credential_uses.get(&new.credential).is_none_or(|stored| stored.at <= new.at);
        if is_latest && self.numbers.contains_key(&new.credential) {
            self.credential_uses.insert(new.credential, new);
        }
    }

    fn credential_report(&self, request: &CredentialReportRequest) -> CredentialReport {
        let mut report = CredentialReport { listed: Vec::new(), totals: CredentialTotals::default() };
        for credential in self.credentials.values().filter(|credential| credential.account == request.account) {
            let standing = self.standing(credential, request);
            let totals = &mut report.totals;
            totals.credentials += 1;
            totals.never_used += u64::from(standing.last_used_at.is_none());
            totals.unused += u64::from(standing.unused);
            totals.password_old += u64::from(standing.password_old);
            totals.expired += u64::from(standing.expires_at.is_some_and(|end| end <= request.now));
            if standing.unused || standing.password_old {
                totals.listed += 1;
                report.listed.push(standing);
            }
        }
        let skipped = usize::try_from(request.page.offset).unwrap_or(usize::MAX);
        report.listed = report.listed.into_iter().skip(skipped).take(request.page.limit as usize).collect();
        report
    }

    fn standing(&self, credential: &Credential, request: &CredentialReportRequest) -> CredentialStanding {
        let exact = self.credential_uses.get(&credential.id).map(|one| one.at);
        let of_algorithms = self.algorithm_uses.values().filter(|one| one.credential == credential.id);
        let day = of_algorithms.map(|one| Timestamp::from_seconds(i64::from(one.last_day.0) * DAY)).max();
        let last_used_at = exact.max(day);
        let lately = last_used_at.max(Some(credential.created_at));
        CredentialStanding {
            id: credential.id,
            username: credential.username.clone(),
            enabled: credential.enabled,
            created_at: credential.created_at,
            password_changed_at: credential.password_changed_at,
            last_used_at,
            expires_at: credential.expires_at,
            password_old: request.password_before.is_some_and(|before| credential.password_changed_at < before),
            unused: request.unused_since.is_some_and(|since| lately < Some(since)),
        }
    }
}
