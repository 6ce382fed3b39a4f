//! No signalling plane.

use domain::{AccountId, BindingId, CredentialId};
use std::collections::{HashMap, HashSet};
use storage::{LiveRegistrationPage, LiveRegistrations, Pending, RegistrationFilter, StorageError};

/// Nobody is ever online: what an API without a signalling plane answers by.
#[derive(Debug)]
pub(crate) struct NobodyOnline;

impl LiveRegistrations for NobodyOnline {
    fn registrations(
        &self,
        _filter: RegistrationFilter,
        _after: Option<BindingId>,
        _limit: u32,
    ) -> Pending<'_, LiveRegistrationPage> {
        Box::pin(std::future::ready(LiveRegistrationPage::default()))
    }

    fn count(
        &self,
        _account: AccountId,
        _credentials: HashSet<CredentialId>,
    ) -> Pending<'_, HashMap<CredentialId, u64>> {
        Box::pin(std::future::ready(HashMap::new()))
    }

    fn stored(&self) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
