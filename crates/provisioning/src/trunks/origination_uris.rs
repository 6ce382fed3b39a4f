//! Creates, reads, changes and deletes origination URIs.

use super::{ATTEMPTS, check_room};
use crate::audited::Audited;
use crate::{
    AccountRead, AccountWrite, Answered, Description, Provisioning, ProvisioningError, Remembering, RequestContext,
};
use domain::{AuditAction, OriginationUri, OriginationUriId, Revision, SipUri, TrunkTransport, UriHost};
use storage::{Change, ChangeSet, Listed, Page};

/// What to change about an origination URI; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct OriginationUriPatch {
    /// Where requests go.
    pub uri: Option<SipUri>,
    /// Lower ones are tried first.
    pub priority: Option<u16>,
    /// Its share among those of the same priority.
    pub weight: Option<u16>,
    /// Whether it gets any calls.
    pub enabled: Option<bool>,
    /// The transport, where the URI names none.
    pub transport: Option<TrunkTransport>,
    /// The tenant's own note.
    pub description: Option<Description>,
}

impl OriginationUriPatch {
    fn apply_to(&self, uri: &mut OriginationUri) {
        if let Some(text) = &self.uri {
            uri.uri.clone_from(text);
        }
        uri.priority = self.priority.unwrap_or(uri.priority);
        uri.weight = self.weight.unwrap_or(uri.weight);
        uri.enabled = self.enabled.unwrap_or(uri.enabled);
        uri.transport = self.transport.unwrap_or(uri.transport);
        if let Some(description) = &self.description {
            uri.description = description.as_str().into();
        }
    }
}

impl Provisioning {
    /// Creates an origination URI, enabled unless said otherwise. It gets no calls before a trunk is attached to it.
    ///
    /// # Errors
    /// [`ProvisioningError::KeyUsed`], [`ProvisioningError::LeadsToUs`], [`ProvisioningError::TooMany`], or the storage failed.
    pub async fn create_origination_uri(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        (uri, patch): (SipUri, OriginationUriPatch),
        remembering: Option<&Remembering<'_, OriginationUri>>,
    ) -> Result<Answered<OriginationUri>, ProvisioningError> {
        let _counting = self.tenancy.lock().await;
        let unanswered = match self.recall_creation(account, remembering).await? {
            Ok(unanswered) => unanswered,
            Err(answer) => return Ok(Answered::Replayed(answer)),
        };
        self.check_leads_elsewhere(&uri).await?;
        check_room(self.storage().origination_uris(account.account(), Page { limit: 1, offset: 0 }).await?.total)?;
        let now = self.parts.clock.now();
        let mut new = OriginationUri {
            id: OriginationUriId::new(now, self.draw()),
            account: account.account(),
            uri,
            priority: OriginationUri::DEFAULT_PRIORITY,
            weight: OriginationUri::DEFAULT_WEIGHT,
            enabled: true,
            transport: TrunkTransport::Udp,
            description: "".into(),
            secret: None,
            created_at: now,
            updated_at: now,
            revision: Revision(0),
        };
        patch.apply_to(&mut new);
        let deed = (AuditAction::OriginationUriCreated, new.id.to_string(), new.whole());
        let audit = account.audit(&context, now, deed);
        let changes = vec![Change::CreateOriginationUri(new.clone())];
        self.commit_created(account, unanswered, (ChangeSet { changes, audit }, new)).await
    }

    /// One origination URI of the account.
    ///
    /// # Errors
    /// [`ProvisioningError::OriginationUriNotFound`], or the storage failed.
    pub async fn origination_uri(
        &self,
        account: &AccountRead,
        id: OriginationUriId,
    ) -> Result<OriginationUri, ProvisioningError> {
        let found = self.storage().origination_uri(account.account(), id).await?;
        found.ok_or(ProvisioningError::OriginationUriNotFound)
    }

    /// A page of the account's origination URIs in order of creation.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn origination_uris(
        &self,
        account: &AccountRead,
        page: Page,
    ) -> Result<Listed<OriginationUri>, ProvisioningError> {
        Ok(self.storage().origination_uris(account.account(), page).await?)
    }

    /// Changes an origination URI; once this answers no node sends calls to where it led before.
    ///
    /// # Errors
    /// [`ProvisioningError::OriginationUriNotFound`], [`ProvisioningError::LeadsToUs`],
    /// [`ProvisioningError::Contended`], or the storage failed.
    pub async fn update_origination_uri(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        (id, patch): (OriginationUriId, OriginationUriPatch),
    ) -> Result<OriginationUri, ProvisioningError> {
        if let Some(uri) = &patch.uri {
            self.check_leads_elsewhere(uri).await?;
        }
        for _ in 0..ATTEMPTS {
            let stored = self.origination_uri(account, id).await?;
            let mut changed = stored.clone();
            patch.apply_to(&mut changed);
            if changed == stored {
                return Ok(stored);
            }
            changed.updated_at = self.parts.clock.now();
            let deed = (AuditAction::OriginationUriUpdated, id.to_string(), changed.difference_from(&stored));
            let audit = account.audit(&context, changed.updated_at, deed);
            let changes = vec![Change::UpdateOriginationUri(changed.clone())];
            match self.commit_as(account.asker(), ChangeSet { changes, audit }).await {
                Ok(revision) => return Ok(OriginationUri { revision, ..changed }),
                Err(ProvisioningError::Contended) => {}
                Err(error) => return Err(error.if_not_found(ProvisioningError::OriginationUriNotFound)),
            }
        }
        Err(ProvisioningError::Contended)
    }

    /// Deletes an origination URI with its secret; trunks and numbers let go of it.
    ///
    /// # Errors
    /// [`ProvisioningError::OriginationUriNotFound`], or the storage failed.
    pub async fn delete_origination_uri(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        id: OriginationUriId,
    ) -> Result<(), ProvisioningError> {
        let stored = self.origination_uri(account, id).await?;
        let deed = (AuditAction::OriginationUriDeleted, id.to_string(), stored.whole());
        let audit = account.audit(&context, self.parts.clock.now(), deed);
        let changes = vec![Change::DeleteOriginationUri { account: account.account(), id }];
        let committed = self.commit_as(account.asker(), ChangeSet { changes, audit }).await;
        committed.map(|_| ()).map_err(|error| error.if_not_found(ProvisioningError::OriginationUriNotFound))
    }

    /// Refuses a next hop that is this server by name: a call to it would come back for ever. What addresses lead here
    /// is known where calls are sent.
    async fn check_leads_elsewhere(&self, uri: &SipUri) -> Result<(), ProvisioningError> {
        let Some(UriHost::Name(host)) = uri.host() else { return Ok(()) };
        let base_domain = self.base_domain(None).await?;
        let below = host.as_str().strip_suffix(base_domain.as_str());
        let is_below = below.is_some_and(|labels| labels.is_empty() || labels.ends_with('.'));
        if is_below || self.parts.operators.knows_host(&host) {
            Err(ProvisioningError::LeadsToUs(host))
        } else {
            Ok(())
        }
    }
}
