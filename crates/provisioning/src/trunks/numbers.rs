//! Numbers: the operator allocates and releases them, tenants say where calls to them go.

use super::ATTEMPTS;
use crate::audited::Audited;
use crate::{AccountRead, AccountWrite, InstallationOperator, Provisioning, ProvisioningError, RequestContext};
use domain::{AuditAction, AuthId, CalledNumberIn, E164, Number, NumberTarget, Revision, TrunkId};
use storage::{Change, ChangeSet, Listed, NumbersOf, Page};

/// What to change about a number; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct NumberPatch {
    /// Where calls to it go.
    pub target: Option<NumberTarget>,
    /// Where phones find the number that was called.
    pub called_number_in: Option<CalledNumberIn>,
}

impl Provisioning {
    /// Allocates a number to an account.
    ///
    /// # Errors
    /// [`ProvisioningError::AccountNotFound`], [`ProvisioningError::NumberTaken`], or the storage failed.
    pub async fn allocate_number(
        &self,
        operator: &InstallationOperator,
        (auth_id, e164): (AuthId, E164),
    ) -> Result<Number, ProvisioningError> {
        let account = self.stored_account(auth_id).await?;
        let now = self.parts.clock.now();
        let number = Number {
            e164,
            account: account.id,
            trunk: None,
            target: NumberTarget::default(),
            called_number_in: CalledNumberIn::default(),
            created_at: now,
            updated_at: now,
            revision: Revision(0),
        };
        let detail = serde_json::json!({ "account": account.auth_id.as_str() }).to_string();
        let deed = (AuditAction::NumberAllocated, number.e164.to_string(), detail);
        let audit = operator.audit(now, Some(account.id), deed);
        let changes = vec![Change::AllocateNumber(number.clone())];
        let committed = self.commit_as(operator.asker(), ChangeSet { changes, audit }).await;
        let revision = committed.map_err(|error| error.if_not_found(ProvisioningError::AccountNotFound))?;
        Ok(Number { revision, ..number })
    }

    /// Takes a number back from whoever has it.
    ///
    /// # Errors
    /// [`ProvisioningError::NumberNotFound`], or the storage failed.
    pub async fn release_number(&self, operator: &InstallationOperator, e164: E164) -> Result<(), ProvisioningError> {
        let found = self.storage().number(e164.clone()).await?.ok_or(ProvisioningError::NumberNotFound)?;
        let deed = (AuditAction::NumberReleased, e164.to_string(), found.whole());
        let audit = operator.audit(self.parts.clock.now(), Some(found.account), deed);
        let changes = vec![Change::ReleaseNumber(e164)];
        let committed = self.commit_as(operator.asker(), ChangeSet { changes, audit }).await;
        committed.map(|_| ()).map_err(|error| error.if_not_found(ProvisioningError::NumberNotFound))
    }

    /// A page of all numbers with the auth ids of their accounts, in order of allocation.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn all_numbers(
        &self,
        _operator: &InstallationOperator,
        page: Page,
    ) -> Result<Listed<(AuthId, Number)>, ProvisioningError> {
        let Listed { objects, total } = self.storage().numbers(NumbersOf::Installation, page).await?;
        let owned = |number: Number| Some((self.parts.operators.auth_id(number.account)?, number));
        Ok(Listed { objects: objects.into_iter().filter_map(owned).collect(), total })
    }

    /// One number of the account.
    ///
    /// # Errors
    /// [`ProvisioningError::NumberNotFound`] (also for another account's), or the storage failed.
    pub async fn number(&self, account: &AccountRead, e164: &E164) -> Result<Number, ProvisioningError> {
        let found = self.storage().number(e164.clone()).await?;
        found.filter(|number| number.account == account.account()).ok_or(ProvisioningError::NumberNotFound)
    }

    /// A page of the account's numbers in order of allocation.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn numbers(&self, account: &AccountRead, page: Page) -> Result<Listed<Number>, ProvisioningError> {
        Ok(self.storage().numbers(NumbersOf::Account(account.account()), page).await?)
    }

    /// Assigns a number to a trunk; nothing happens if it is already.
    ///
    /// # Errors
    /// [`ProvisioningError::NumberNotFound`], [`ProvisioningError::UnknownReference`],
    /// [`ProvisioningError::NumberAssigned`], [`ProvisioningError::Contended`], or the storage failed.
    pub async fn assign_number(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        (e164, trunk): (E164, TrunkId),
    ) -> Result<Number, ProvisioningError> {
        if self.number(account, &e164).await?.trunk != Some(trunk)
            && self.storage().trunk(account.account(), trunk).await?.is_none()
        {
            return Err(ProvisioningError::UnknownReference("trunk"));
        }
        self.change_number(account, &context, &e164, |number| match number.trunk {
            Some(other) if other != trunk => Err(ProvisioningError::NumberAssigned),
            _ => {
                number.trunk = Some(trunk);
                Ok(())
            }
        })
        .await
    }

    /// Takes a number from its trunk; nothing happens if it has none.
    ///
    /// # Errors
    /// [`ProvisioningError::NumberNotFound`], [`ProvisioningError::Contended`], or the storage failed.
    pub async fn unassign_number(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        e164: E164,
    ) -> Result<Number, ProvisioningError> {
        self.change_number(account, &context, &e164, |number| {
            number.trunk = None;
            Ok(())
        })
        .await
    }

    /// Says where calls to a number go.
    ///
    /// # Errors
    /// [`ProvisioningError::NumberNotFound`], [`ProvisioningError::UnknownReference`],
    /// [`ProvisioningError::Contended`], or the storage failed.
    pub async fn update_number(
        &self,
        account: &AccountWrite,
        context: RequestContext,
        (e164, patch): (E164, NumberPatch),
    ) -> Result<Number, ProvisioningError> {
        self.number(account, &e164).await?;
        match &patch.target {
            Some(NumberTarget::Username(username)) => {
                let found = self.storage().credential_by_username(account.account(), username.clone()).await?;
                found.ok_or(ProvisioningError::UnknownReference("username"))?;
            }
            Some(NumberTarget::OriginationUri(id)) => {
                let found = self.storage().origination_uri(account.account(), *id).await?;
                found.ok_or(ProvisioningError::UnknownReference("origination URI"))?;
            }
            Some(NumberTarget::Trunk) | None => {}
        }
        self.change_number(account, &context, &e164, |number| {
            if let Some(target) = &patch.target {
                number.target.clone_from(target);
            }
            number.called_number_in = patch.called_number_in.unwrap_or(number.called_number_in);
            Ok(())
        })
        .await
    }

    async fn change_number(
        &self,
        account: &AccountWrite,
        context: &RequestContext,
        e164: &E164,
        change: impl Fn(&mut Number) -> Result<(), ProvisioningError>,
    ) -> Result<Number, ProvisioningError> {
        for _ in 0..ATTEMPTS {
            let stored = self.number(account, e164).await?;
            let mut changed = stored.clone();
            change(&mut changed)?;
            if changed == stored {
                return Ok(stored);
            }
            changed.updated_at = self.parts.clock.now();
            let deed = (AuditAction::NumberUpdated, e164.to_string(), changed.difference_from(&stored));
            let audit = account.audit(context, changed.updated_at, deed);
            let changes = vec![Change::UpdateNumber(changed.clone())];
            match self.commit_as(account.asker(), ChangeSet { changes, audit }).await {
                Ok(revision) => return Ok(Number { revision, ..changed }),
                Err(ProvisioningError::Contended) => {}
                Err(error) => return Err(error.if_not_found(ProvisioningError::NumberNotFound)),
            }
        }
        Err(ProvisioningError::Contended)
    }
}
