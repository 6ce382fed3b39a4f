//! What was changed, by whom and from where; and whether anybody has changed what is written of it.

use crate::{AccountRead, InstallationOperator, Provisioning, ProvisioningError};
use domain::{AuthId, Timestamp};
use storage::{AuditChain, AuditFault, AuditFilter, AuditRecord};

/// What a sub-account is told instead of its parent's auth id.
const PARENT: &str = "parent";
/// Records checked in one go.
const CHECKED_AT_ONCE: u32 = 1_000;

/// Which records are asked for; what is absent does not narrow.
#[derive(Debug, Clone, Default)]
pub struct AuditRequest {
    /// Those before this number; the newest where it is absent.
    pub before: Option<u64>,
    /// Most records to return, 1 to 1000.
    pub limit: u32,
    /// Of this action.
    pub action: Option<Box<str>>,
    /// About this subject.
    pub subject: Option<Box<str>>,
    /// Of this actor.
    pub actor: Option<Box<str>>,
    /// Decided at this moment or later.
    pub from: Option<Timestamp>,
    /// Decided before this moment.
    pub to: Option<Timestamp>,
}

/// A page of the audit log, newest first.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The records, and the account each concerns where there still is one.
    pub records: Vec<(AuditRecord, Option<AuthId>)>,
    /// The number before which the next page begins, if there is one.
    pub next: Option<u64>,
}

/// What a check of the whole log found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCheck {
    /// What is as it was written.
    pub sound: AuditChain,
    /// The first thing that is not.
    pub fault: Option<AuditFault>,
}

impl Provisioning {
    /// What was changed about the account, its credentials and all else it has. Where an operator's requests came from
    /// is not the account's business and is left out; so is who the parent of a sub-account is.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn audit_log(&self, scope: &AccountRead, request: AuditRequest) -> Result<AuditPage, ProvisioningError> {
        let (account, filter) = (Some(scope.account()), request.filter());
        let mut page = self.audit_page(AuditFilter { account, ..filter }, &request).await?;
        for (record, _) in &mut page.records {
            if is_operator(&record.actor) {
                record.source = "".into();
            } else if *record.actor != *scope.auth_id().as_str() {
                // A sub-account is not told who its parent is.
                (record.actor, record.source) = (PARENT.into(), "".into());
            }
        }
        Ok(page)
    }

    /// What was changed about anything.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`], [`ProvisioningError::Storage`].
    pub async fn whole_audit_log(
        &self,
        _operator: &InstallationOperator,
        (account, request): (Option<AuthId>, AuditRequest),
    ) -> Result<AuditPage, ProvisioningError> {
        let account = match account {
            Some(auth_id) => Some(self.stored_account(auth_id).await?.id),
            None => None,
        };
        self.audit_page(AuditFilter { account, ..request.filter() }, &request).await
    }

    /// Reads the whole log and checks that every record is as it was written and none is missing, up to the last commit.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn check_audit_log(&self, _operator: &InstallationOperator) -> Result<AuditCheck, ProvisioningError> {
        let mut chain = AuditChain::default();
        loop {
            let (records, committed) = self.storage().audit_chain(chain.records, CHECKED_AT_ONCE).await?;
            let is_last = (records.len() as u64) < u64::from(CHECKED_AT_ONCE);
            let mut checked = records.iter().try_for_each(|record| chain.check(record));
            if is_last {
                checked = checked.and_then(|()| chain.check_end(committed));
            }
            if is_last || checked.is_err() {
                return Ok(AuditCheck { sound: chain, fault: checked.err() });
            }
        }
    }

    async fn audit_page(&self, filter: AuditFilter, request: &AuditRequest) -> Result<AuditPage, ProvisioningError> {
        let mut records = self.storage().audit_records(filter, request.before, request.limit + 1).await?;
        let is_whole = records.len() <= request.limit as usize;
        records.truncate(request.limit as usize);
        let next = records.last().map(|record| record.number).filter(|_| !is_whole);
        let with_account = |record: AuditRecord| {
            let account = record.account.and_then(|account| self.parts.operators.auth_id(account));
            (record, account)
        };
        Ok(AuditPage { records: records.into_iter().map(with_account).collect(), next })
    }
}

impl AuditRequest {
    fn filter(&self) -> AuditFilter {
        let Self { action, subject, actor, from, to, .. } = self.clone();
        AuditFilter { account: None, action, subject, actor, from, to }
    }
}

/// As [`Asker`](crate::asker::Asker) names those who are no account, and the server itself.
fn is_operator(actor: &str) -> bool {
    actor == "operator" || actor == "server" || actor.starts_with("operator:")
}
