//! Which credentials want looking after: those with an old password, and those that nobody uses.

use crate::credential_details::days_between;
use crate::{AccountScope, Provisioning, ProvisioningError};
use domain::Timestamp;
use storage::{CredentialReport, CredentialReportRequest, CredentialStanding, Page};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// What a report is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredentialReportQuery {
    /// Credentials whose password is older than so many days are listed; `None` asks for none of them.
    pub older_than_days: Option<u32>,
    /// Credentials that were not used for so many days are listed; `None` asks for none of them.
    pub unused_for_days: Option<u32>,
    /// Which part of the list.
    pub page: Page,
}

/// The report, and the moment it is of.
#[derive(Debug, Clone)]
pub struct CredentialReportView {
    /// What was found.
    pub report: CredentialReport,
    /// When.
    pub at: Timestamp,
}

impl Provisioning {
    /// Which of the account's credentials have an old password or are not used, up to a minute ago.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn credential_report(
        &self,
        scope: &AccountScope,
        query: CredentialReportQuery,
    ) -> Result<CredentialReportView, ProvisioningError> {
        let at = self.parts.clock.now();
        let before = |days: Option<u32>| days.map(|days| at.plus_seconds(-i64::from(days) * DAY));
        let request = CredentialReportRequest {
            account: scope.account(),
            password_before: before(query.older_than_days),
            unused_since: before(query.unused_for_days),
            now: at,
            page: query.page,
        };
        Ok(CredentialReportView { report: self.storage().credential_report(request).await?, at })
    }
}

impl CredentialReportView {
    /// How many whole days old a listed credential's password is.
    #[must_use]
    pub fn password_age_days(&self, standing: &CredentialStanding) -> u64 {
        days_between(standing.password_changed_at, self.at)
    }
}
