//! Creates, reads, changes and deletes entries of IP access lists.

use super::{ATTEMPTS, check_room};
use crate::audited::Audited;
use crate::{
    AccountRead, AccountWrite, Answered, Description, Provisioning, ProvisioningError, Remembering, RequestContext,
};
use domain::{AuditAction, IpAcl, IpAclId, Network, Revision};
use storage::{Change, ChangeSet, Listed, Page};

/// What to change about an entry; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct IpAclPatch {
    /// The source addresses it means; [`IpAcl::check`] has been asked.
    pub network: Option<Network>,
    /// The tenant's own note.
    pub description: Option<Description>,
    /// Whether it lets anybody in.
    pub enabled: Option<bool>,
}

impl Provisioning {
    /// Creates an entry, enabled unless said otherwise. It lets nobody in before a trunk is attached to it.
    ///
    /// # Errors
    /// [`ProvisioningError::KeyUsed`], [`ProvisioningError::TooMany`], or the storage failed.
    pub async fn create_ip_acl(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        (network, patch): (Network, IpAclPatch),
        remembering: Option<&Remembering<'_, IpAcl>>,
    ) -> Result<Answered<IpAcl>, ProvisioningError> {
        let _counting = self.tenancy.lock().await;
        let unanswered = match self.recall_creation(account, remembering).await? {
            Ok(unanswered) => unanswered,
            Err(answer) => return Ok(Answered::Replayed(answer)),
        };
        check_room(self.storage().ip_acls(account.account(), Page { limit: 1, offset: 0 }).await?.total)?;
        let now = self.parts.clock.now();
        let entry = IpAcl {
            id: IpAclId::new(now, self.draw()),
            account: account.account(),
            network,
            description: patch.description.map(Description::into_inner).unwrap_or_default(),
            enabled: patch.enabled.unwrap_or(true),
            created_at: now,
            updated_at: now,
            revision: Revision(0),
        };
        let deed = (AuditAction::IpAclCreated, entry.id.to_string(), entry.whole());
        let audit = account.audit(&context, now, deed);
        let changes = vec![Change::CreateIpAcl(entry.clone())];
        self.commit_created(account, unanswered, (ChangeSet { changes, audit }, entry)).await
    }

    /// One entry of the account.
    ///
    /// # Errors
    /// [`ProvisioningError::IpAclNotFound`], or the storage failed.
    pub async fn ip_acl(&self, account: &AccountRead, id: IpAclId) -> Result<IpAcl, ProvisioningError> {
        self.storage().ip_acl(account.account(), id).await?.ok_or(ProvisioningError::IpAclNotFound)
    }

    /// A page of the account's entries in order of creation.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn ip_acls(&self, account: &AccountRead, page: Page) -> Result<Listed<IpAcl>, ProvisioningError> {
        Ok(self.storage().ip_acls(account.account(), page).await?)
    }

    /// Changes an entry; once this answers no node lets in whom it no longer means.
    ///
    /// # Errors
    /// [`ProvisioningError::IpAclNotFound`], [`ProvisioningError::Contended`], or the storage failed.
    pub async fn update_ip_acl(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        (id, patch): (IpAclId, IpAclPatch),
    ) -> Result<IpAcl, ProvisioningError> {
        for _ in 0..ATTEMPTS {
            let stored = self.ip_acl(account, id).await?;
            let mut changed = stored.clone();
            changed.network = patch.network.unwrap_or(changed.network);
            changed.enabled = patch.enabled.unwrap_or(changed.enabled);
            if let Some(description) = &patch.description {
                changed.description = description.as_str().into();
            }
            if changed == stored {
                return Ok(stored);
            }
            changed.updated_at = self.parts.clock.now();
            let deed = (AuditAction::IpAclUpdated, id.to_string(), changed.difference_from(&stored));
            let audit = account.audit(&context, changed.updated_at, deed);
            let changes = vec![Change::UpdateIpAcl(changed.clone())];
            match self.commit_as(account.asker(), ChangeSet { changes, audit }).await {
                Ok(revision) => return Ok(IpAcl { revision, ..changed }),
                Err(ProvisioningError::Contended) => {}
                Err(error) => return Err(error.if_not_found(ProvisioningError::IpAclNotFound)),
            }
        }
        Err(ProvisioningError::Contended)
    }

    /// Deletes an entry and detaches it from trunks.
    ///
    /// # Errors
    /// [`ProvisioningError::IpAclNotFound`], or the storage failed.
    pub async fn delete_ip_acl(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        id: IpAclId,
    ) -> Result<(), ProvisioningError> {
        let stored = self.ip_acl(account, id).await?;
        let deed = (AuditAction::IpAclDeleted, id.to_string(), stored.whole());
        let audit = account.audit(&context, self.parts.clock.now(), deed);
        let changes = vec![Change::DeleteIpAcl { account: account.account(), id }];
        let committed = self.commit_as(account.asker(), ChangeSet { changes, audit }).await;
        committed.map(|_| ()).map_err(|error| error.if_not_found(ProvisioningError::IpAclNotFound))
    }
}
