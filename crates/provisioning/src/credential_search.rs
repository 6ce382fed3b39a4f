//! Finds credentials as people look for them, and says which of them are online.

use crate::{AccountScope, CredentialView, Provisioning, ProvisioningError};
use domain::CredentialId;
use std::collections::HashMap;
use storage::{CredentialOrder, CredentialSearch, LiveRegistrations, Page, SortDirection};

/// Which credentials somebody looks for.
#[derive(Debug, Clone)]
pub struct CredentialsWanted {
    /// Part of the username or of the description; empty for all.
    pub text: Box<str>,
    /// Only those that are enabled, or only the others.
    pub enabled: Option<bool>,
    /// What they are sorted by.
    pub order: CredentialOrder,
    /// Which way.
    pub direction: SortDirection,
    /// Which part of what is found.
    pub page: Page,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct CredentialsFound {
    /// The page.
    pub credentials: Vec<CredentialView>,
    /// How many there are in all, from the same moment.
    pub total: u64,
}

impl Provisioning {
    /// The account's credentials that somebody looks for. Costs more the more the account has.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn find_credentials(
        &self,
        scope: &AccountScope,
        wanted: CredentialsWanted,
    ) -> Result<CredentialsFound, ProvisioningError> {
        let CredentialsWanted { text, enabled, order, direction, page } = wanted;
        let search = CredentialSearch { account: scope.account(), text, enabled, order, direction, page };
        let found = self.storage().find_credentials(search).await?;
        let credentials = found.credentials.into_iter().map(|one| CredentialView::new(scope, one)).collect();
        Ok(CredentialsFound { credentials, total: found.total })
    }

    /// How many phones each of those credentials has online; those without any are left out.
    pub async fn phones_online(
        &self,
        scope: &AccountScope,
        online: &dyn LiveRegistrations,
        credentials: impl IntoIterator<Item = CredentialId>,
    ) -> HashMap<CredentialId, u64> {
        online.count(scope.account(), credentials.into_iter().collect()).await
    }
}
