//! Creates, reads, changes and deletes trunks.

use super::patch::{LIMITS, NewTrunk, RulesPatch, TrunkPatch};
use super::{ATTEMPTS, AttachmentsPatch, check_room};
use crate::audited::Audited;
use crate::{AccountRead, AccountWrite, Answered, Provisioning, ProvisioningError, Remembering, RequestContext};
use domain::{
    AuditAction, CallRules, HostName, InboundDestination, MediaFlags, Number, Revision, Timestamp, Trunk,
    TrunkAttachments, TrunkDirection, TrunkId, TrunkStatus, TrunkTransport, WebhookMethod,
};
use storage::{Change, ChangeSet, Listed, Page};

/// How many identifiers are drawn for a trunk whose host is taken: with a million trunks four in a row are taken once in
/// 10^14 times.
const DRAWS: usize = 8;

impl Provisioning {
    /// Creates a trunk; once this answers every node takes its calls.
    ///
    /// # Errors
    /// [`ProvisioningError::KeyUsed`], [`ProvisioningError::UnknownReference`], [`ProvisioningError::TooMany`], or the
    /// storage failed.
    pub async fn create_trunk(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        new: NewTrunk,
        remembering: Option<&Remembering<'_, Trunk>>,
    ) -> Result<Answered<Trunk>, ProvisioningError> {
        let base_domain = self.base_domain(None).await?;
        let _counting = self.tenancy.lock().await;
        for _ in 0..DRAWS {
            let unanswered = match self.recall_creation(account, remembering).await? {
                Ok(unanswered) => unanswered,
                Err(answer) => return Ok(Answered::Replayed(answer)),
            };
            check_room(self.storage().trunks(account.account(), Page { limit: 1, offset: 0 }).await?.total)?;
            let now = self.parts.clock.now();
            let mut trunk = self.blank_trunk(account, &base_domain, now)?;
            new.patch.apply_to(&mut trunk);
            TrunkPatch { name: Some(new.name.clone()), ..TrunkPatch::default() }.apply_to(&mut trunk);
            self.check_references(account, (None, &trunk)).await?;
            let deed = (AuditAction::TrunkCreated, trunk.id.to_string(), trunk.whole());
            let audit = account.audit(&context, now, deed);
            let changes = vec![Change::CreateTrunk(Box::new(trunk.clone()))];
            match self.commit_created(account, unanswered, (ChangeSet { changes, audit }, trunk)).await {
                Err(ProvisioningError::HostTaken(_)) => {}
                outcome => return outcome,
            }
        }
        Err(ProvisioningError::Contended)
    }

    fn blank_trunk(
        &self,
        account: &AccountWrite,
        base_domain: &HostName,
        now: Timestamp,
    ) -> Result<Trunk, ProvisioningError> {
        let id = TrunkId::from_random(self.draw());
        Ok(Trunk {
            id,
            account: account.account(),
            name: "".into(),
            host: HostName::parse(&format!("{}.{base_domain}", id.to_domain_label()))?,
            status: TrunkStatus::Active,
            direction: TrunkDirection::Both,
            secure: false,
            transport: TrunkTransport::Udp,
            limits: LIMITS,
            inbound_destination: None,
            description: "".into(),
            media: MediaFlags::default(),
            webhook_url: None,
            webhook_method: WebhookMethod::Post,
            attachments: TrunkAttachments::default(),
            rules: CallRules::default(),
            created_at: now,
            updated_at: now,
            revision: Revision(0),
        })
    }

    /// One trunk of the account.
    ///
    /// # Errors
    /// [`ProvisioningError::TrunkNotFound`] (also for another account's), or the storage failed.
    pub async fn trunk(&self, account: &AccountRead, id: TrunkId) -> Result<Trunk, ProvisioningError> {
        self.storage().trunk(account.account(), id).await?.ok_or(ProvisioningError::TrunkNotFound)
    }

    /// A page of the account's trunks in order of creation.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn trunks(&self, account: &AccountRead, page: Page) -> Result<Listed<Trunk>, ProvisioningError> {
        Ok(self.storage().trunks(account.account(), page).await?)
    }

    /// The numbers assigned to a trunk, at most 1000.
    ///
    /// # Errors
    /// [`ProvisioningError::TrunkNotFound`], or the storage failed.
    pub async fn numbers_of_trunk(&self, account: &AccountRead, id: TrunkId) -> Result<Vec<Number>, ProvisioningError> {
        self.trunk(account, id).await?;
        Ok(self.storage().numbers_of_trunk(account.account(), id, 1000).await?)
    }

    /// Changes a trunk; once this answers no node takes a call by what was replaced.
    ///
    /// # Errors
    /// [`ProvisioningError::TrunkNotFound`], [`ProvisioningError::UnknownReference`],
    /// [`ProvisioningError::Contended`], or the storage failed.
    pub async fn update_trunk(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        (id, patch): (TrunkId, TrunkPatch),
    ) -> Result<Trunk, ProvisioningError> {
        self.change_trunk(account, &context, id, |trunk| patch.apply_to(trunk)).await
    }

    /// Changes what a trunk is attached to.
    ///
    /// # Errors
    /// Those of [`update_trunk`](Self::update_trunk).
    pub async fn update_attachments(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        (id, patch): (TrunkId, AttachmentsPatch),
    ) -> Result<Trunk, ProvisioningError> {
        self.change_trunk(account, &context, id, |trunk| patch.apply_to(&mut trunk.attachments)).await
    }

    /// Changes what a trunk's calls may do.
    ///
    /// # Errors
    /// Those of [`update_trunk`](Self::update_trunk).
    pub async fn update_rules(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        (id, patch): (TrunkId, RulesPatch),
    ) -> Result<Trunk, ProvisioningError> {
        self.change_trunk(account, &context, id, |trunk| patch.apply_to(&mut trunk.rules)).await
    }

    /// Deletes a trunk and unassigns its numbers; what it was attached to stays.
    ///
    /// # Errors
    /// [`ProvisioningError::TrunkNotFound`], [`ProvisioningError::TrunkHasCalls`], or the storage failed.
    pub async fn delete_trunk(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        id: TrunkId,
    ) -> Result<(), ProvisioningError> {
        let calls = self.calls().count_of_trunk(id);
        if calls > 0 {
            // Whether another account's is in use is not told.
            self.trunk(account, id).await?;
            return Err(ProvisioningError::TrunkHasCalls(calls));
        }
        let stored = self.trunk(account, id).await?;
        let deed = (AuditAction::TrunkDeleted, id.to_string(), stored.whole());
        let audit = account.audit(&context, self.parts.clock.now(), deed);
        let changes = vec![Change::DeleteTrunk { account: account.account(), id }];
        let committed = self.commit_as(account.asker(), ChangeSet { changes, audit }).await;
        committed.map(|_| ()).map_err(|error| error.if_not_found(ProvisioningError::TrunkNotFound))
    }

    /// Applies a change to what is stored, anew whenever others were faster; one that changes nothing is not written.
    async fn change_trunk(
        &self,
        account: &AccountWrite,
        context: &RequestContext,
        id: TrunkId,
        change: impl Fn(&mut Trunk),
    ) -> Result<Trunk, ProvisioningError> {
        for _ in 0..ATTEMPTS {
            let stored = self.trunk(account, id).await?;
            let mut changed = stored.clone();
            change(&mut changed);
            if changed == stored {
                return Ok(stored);
            }
            self.check_references(account, (Some(&stored), &changed)).await?;
            changed.updated_at = self.parts.clock.now();
            let deed = (AuditAction::TrunkUpdated, id.to_string(), changed.difference_from(&stored));
            let audit = account.audit(context, changed.updated_at, deed);
            let changes = vec![Change::UpdateTrunk(Box::new(changed.clone()))];
            match self.commit_as(account.asker(), ChangeSet { changes, audit }).await {
                Ok(revision) => return Ok(Trunk { revision, ..changed }),
                Err(ProvisioningError::Contended) => {}
                Err(error) => return Err(error.if_not_found(ProvisioningError::TrunkNotFound)),
            }
        }
        Err(ProvisioningError::Contended)
    }

    /// Names what a trunk refers to and its account does not have.
    async fn check_references(
        &self,
        account: &AccountRead,
        (before, trunk): (Option<&Trunk>, &Trunk),
    ) -> Result<(), ProvisioningError> {
        let (owner, storage) = (account.account(), self.storage());
        let unknown = |what| Err(ProvisioningError::UnknownReference(what));
        for id in &trunk.attachments.credentials {
            if storage.credential(owner, *id).await?.is_none() {
                return unknown("credential");
            }
        }
        for id in &trunk.attachments.ip_acls {
            if storage.ip_acl(owner, *id).await?.is_none() {
                return unknown("IP access list entry");
            }
        }
        for id in trunk.attachments.uris().chain(trunk.rules.emergency_uri) {
            if storage.origination_uri(owner, id).await?.is_none() {
                return unknown("origination URI");
            }
        }
        // One whose credential was deleted since is no hindrance to other changes.
        if before.is_some_and(|before| before.inbound_destination == trunk.inbound_destination) {
            return Ok(());
        }
        let known = match &trunk.inbound_destination {
            None => true,
            Some(InboundDestination::Username(username)) => {
                storage.credential_by_username(owner, username.clone()).await?.is_some()
            }
            Some(InboundDestination::Uri(uri)) => storage.has_origination_uri(owner, uri.as_str().into()).await?,
        };
        if known { Ok(()) } else { unknown("username or origination URI (as inbound_destination)") }
    }
}
