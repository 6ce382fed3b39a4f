//! The audit log, chained as it is read.

use super::MemoryStorage;
use super::state::State;
use domain::Revision;
use storage::{AuditFilter, AuditHash, AuditLog, AuditRecord, Pending, StorageError};

impl AuditLog for MemoryStorage {
    fn audit_records(
        &self,
        filter: AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<AuditRecord>, StorageError>> {
        Box::pin(async move {
            let all = chained(&self.state.lock());
            let wanted =
                |record: &AuditRecord| before.is_none_or(|before| record.number < before) && admits(&filter, record);
            Ok(all.into_iter().rev().filter(wanted).take(limit as usize).collect())
        })
    }

    fn audit_chain(&self, after: u64, limit: u32) -> Pending<'_, Result<(Vec<AuditRecord>, Revision), StorageError>> {
        Box::pin(async move {
            let state = self.state.lock();
            let records = chained(&state).into_iter().filter(|record| record.number > after);
            Ok((records.take(limit as usize).collect(), state.revision))
        })
    }
}

fn chained(state: &State) -> Vec<AuditRecord> {
    let mut head = AuditHash::default();
    let records = state.audit_log.iter().zip(1..).map(|((revision, event), number)| {
        let record = AuditRecord::chained(event, (number, *revision, event.account), &head);
        head = record.hash.unwrap_or_default();
        record
    });
    records.collect()
}

fn admits(filter: &AuditFilter, record: &AuditRecord) -> bool {
    let AuditFilter { account, action, subject, actor, from, to } = filter;
    let is = |wanted: &Option<Box<str>>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
    account.is_none_or(|account| record.account == Some(account))
        && is(action, &record.action)
        && is(subject, &record.subject)
        && is(actor, &record.actor)
        && from.is_none_or(|from| record.at >= from)
        && to.is_none_or(|to| record.at < to)
}
