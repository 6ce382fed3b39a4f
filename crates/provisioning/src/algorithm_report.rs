//! Who still uses MD5: for the tenant about its own credentials, for the operator about a realm.

use crate::{AccountScope, InstallationOperator, Provisioning, ProvisioningError};
use domain::{Day, RealmName};
use storage::{AlgorithmReport, AlgorithmReportRequest, Page, ReportOf};

/// Which part of a report is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlgorithmReportQuery {
    /// How many days count, today included; at least 1.
    pub days: u16,
    /// Which of the credentials that use MD5 are listed.
    pub page: Page,
}

impl Provisioning {
    /// Which of the account's credentials still use MD5, up to a few seconds ago.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn algorithm_report(
        &self,
        scope: &AccountScope,
        query: AlgorithmReportQuery,
    ) -> Result<AlgorithmReport, ProvisioningError> {
        self.report_algorithms(ReportOf::Account(scope.account()), query).await
    }

    /// Which of a realm's credentials still use MD5, whichever account owns them.
    ///
    /// # Errors
    /// [`ProvisioningError::RealmNotFound`], or the storage failed.
    pub async fn realm_algorithm_report(
        &self,
        _operator: &InstallationOperator,
        realm: RealmName,
        query: AlgorithmReportQuery,
    ) -> Result<AlgorithmReport, ProvisioningError> {
        let found = self.storage().realm_by_name(realm).await?.ok_or(ProvisioningError::RealmNotFound)?;
        self.report_algorithms(ReportOf::Realm(found.id), query).await
    }

    async fn report_algorithms(
        &self,
        of: ReportOf,
        query: AlgorithmReportQuery,
    ) -> Result<AlgorithmReport, ProvisioningError> {
        let since = Day::of(self.parts.clock.now()).minus_days(query.days.saturating_sub(1));
        Ok(self.storage().algorithm_report(AlgorithmReportRequest { of, since, page: query.page }).await?)
    }
}
