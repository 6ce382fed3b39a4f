//! Which algorithms credentials have been used with.

use super::MemoryStorage;
use super::state::State;
use domain::{AlgorithmUse, Credential, DigestAlgorithm};
use storage::{
    AlgorithmReport, AlgorithmReportRequest, AlgorithmTotals, AlgorithmUses, CredentialAlgorithms, Pending, ReportOf,
    StorageError,
};

impl AlgorithmUses for MemoryStorage {
    fn load_algorithm_uses(&self, each: &mut dyn FnMut(AlgorithmUse)) -> Result<(), StorageError> {
        let uses: Vec<_> = self.state.lock().algorithm_uses.values().cloned().collect();
        uses.into_iter().for_each(each);
        Ok(())
    }

    fn save_algorithm_uses(&self, uses: Vec<AlgorithmUse>) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(async move {
            if let Some(failure) = self.next_commit_failure.lock().take() {
                return Err(failure);
            }
            let mut state = self.state.lock();
            uses.into_iter().for_each(|one| state.save_algorithm_use(one));
            Ok(())
        })
    }

    fn algorithm_report(&self, request: AlgorithmReportRequest) -> Pending<'_, Result<AlgorithmReport, StorageError>> {
        Box::pin(async move { Ok(self.state.lock().algorithm_report(&request)) })
    }
}

impl State {
    fn save_algorithm_use(&mut self, new: AlgorithmUse) {
        if !self.numbers.contains_key(&new.credential) {
            return;
        }
        let stored = self.algorithm_uses.entry((new.credential, new.algorithm)).or_insert_with(|| new.clone());
        stored.first_day = stored.first_day.min(new.first_day);
        if new.last_day >= stored.last_day {
            stored.last_day = new.last_day;
            stored.user_agent = new.user_agent;
        }
    }

    fn algorithm_report(&self, request: &AlgorithmReportRequest) -> AlgorithmReport {
        let wanted = |credential: &&Credential| match request.of {
            ReportOf::Account(account) => credential.account == account,
            ReportOf::Realm(realm) => credential.realm == realm,
        };
        let used = |credential: &Credential, algorithm: DigestAlgorithm| {
            let found = self.algorithm_uses.get(&(credential.id, algorithm));
            found.is_some_and(|found| found.last_day >= request.since)
        };
        let mut report = AlgorithmReport { using_md5: Vec::new(), totals: AlgorithmTotals::default() };
        for credential in self.credentials.values().filter(wanted) {
            let totals = &mut report.totals;
            totals.credentials += 1;
            totals.with_md5_ha1 += u64::from(credential.ha1s.md5.is_some());
            if used(credential, DigestAlgorithm::Md5) {
                totals.using_md5 += 1;
                report.using_md5.extend(self.algorithms_of(credential));
            } else if used(credential, DigestAlgorithm::Sha256) || used(credential, DigestAlgorithm::Sha512_256) {
                totals.using_sha_only += 1;
            }
        }
        let (skipped, limit) =
            (usize::try_from(request.page.offset).unwrap_or(usize::MAX), request.page.limit as usize);
        report.using_md5 = report.using_md5.into_iter().skip(skipped).take(limit).collect();
        report
    }

    fn algorithms_of(&self, credential: &Credential) -> Option<CredentialAlgorithms> {
        let uses = self.algorithm_uses.iter().filter(|((id, _), _)| *id == credential.id);
        Some(CredentialAlgorithms {
            id: credential.id,
            account: self.accounts.get(&credential.account)?.auth_id.clone(),
            username: credential.username.clone(),
            uses: uses.map(|(_, one)| one.clone()).collect(),
        })
    }
}
