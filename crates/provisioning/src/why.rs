//! Why attempts to authenticate ended as they did, in sentences.

use crate::{AccountScope, AuthEventView, AuthEventsRequest, InstallationOperator, Provisioning, ProvisioningError};
use domain::{AccountId, AuthId, CredentialId, RealmName};
use reasons::{Circumstances, CredentialNow, Explanation, explain};
use std::collections::HashMap;

/// An event in words.
#[derive(Debug, Clone)]
pub struct ExplainedEvent {
    /// The event.
    pub event: AuthEventView,
    /// What it means.
    pub explanation: Explanation,
}

/// A page of explained events, newest first.
#[derive(Debug, Clone)]
pub struct WhyPage {
    /// The page.
    pub events: Vec<ExplainedEvent>,
    /// Where the next page begins, if there is one. Good for this reader's lists alone.
    pub next_cursor: Option<String>,
}

impl Provisioning {
    /// A page of the account's events in words.
    ///
    /// # Errors
    /// [`ProvisioningError::BadCursor`], or the storage failed.
    pub async fn why(&self, scope: &AccountScope, request: AuthEventsRequest) -> Result<WhyPage, ProvisioningError> {
        let page = self.auth_events(scope, request).await?;
        let mut events = Vec::with_capacity(page.events.len());
        let mut known = HashMap::new();
        for event in page.events {
            events.push(self.explained(event, &mut known).await?);
        }
        Ok(WhyPage { events, next_cursor: page.next_cursor })
    }

    /// A page of everybody's events in words, or of one account's.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`], [`ProvisioningError::BadCursor`], or the storage failed.
    pub async fn why_for_operator(
        &self,
        operator: &InstallationOperator,
        account: Option<AuthId>,
        request: AuthEventsRequest,
    ) -> Result<WhyPage, ProvisioningError> {
        let page = self.auth_events_for_operator(operator, account, request).await?;
        let mut events = Vec::with_capacity(page.events.len());
        let mut known = HashMap::new();
        for event in page.events {
            events.push(self.explained(event, &mut known).await?);
        }
        Ok(WhyPage { events, next_cursor: page.next_cursor })
    }

    /// One event in words; `known` keeps what was looked up for others of its page.
    pub(crate) async fn explained(
        &self,
        event: AuthEventView,
        known: &mut HashMap<CredentialId, Option<CredentialNow>>,
    ) -> Result<ExplainedEvent, ProvisioningError> {
        let (account, id) = (event.record.account, event.record.credential);
        let credential = match account.zip(id) {
            None => None,
            Some((account, id)) => match known.get(&id) {
                Some(found) => *found,
                None => {
                    let found = self.credential_now(account, id).await?;
                    known.insert(id, found);
                    found
                }
            },
        };
        let realm = account.and_then(|account| self.realm_of(account));
        let explanation = explain(&event.record, &Circumstances { credential, realm: realm.as_ref() });
        Ok(ExplainedEvent { event, explanation })
    }

    async fn credential_now(
        &self,
        account: AccountId,
        id: CredentialId,
    ) -> Result<Option<CredentialNow>, ProvisioningError> {
        let found = self.storage().credential(account, id).await?;
        Ok(found.map(|credential| CredentialNow {
            enabled: credential.enabled,
            generation: credential.generation,
            password_changed_at: credential.password_changed_at,
            demands_sha256: credential.requirements.sha256,
        }))
    }

    fn realm_of(&self, account: AccountId) -> Option<RealmName> {
        let auth_id = self.parts.operators.auth_id(account)?;
        Some(self.parts.operators.find(&auth_id)?.entry.realm.name.clone())
    }
}
