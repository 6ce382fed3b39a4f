//! The domain under which accounts get their realm and their SIP domain.

use crate::{InstallationOperator, Provisioning, ProvisioningError};
use domain::{AuditAction, HostName};
use storage::{Change, ChangeSet, SettingName};

/// The base domain of an installation that was given none: names under `localhost` never leave the machine.
pub const DEFAULT_BASE_DOMAIN: &str = "sip.localhost";

/// What [`Provisioning::settle_base_domain`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseDomainOutcome {
    /// The stored one, or the wish now stored for the first time.
    Settled(HostName),
    /// The wish replaced another: existing accounts keep the realm and domain they have, new ones get the new one.
    Replaced {
        /// What new accounts get from now on.
        now: HostName,
        /// What existing accounts were made under.
        before: HostName,
    },
}

impl BaseDomainOutcome {
    /// The domain that new accounts get.
    #[must_use]
    pub fn domain(&self) -> &HostName {
        match self {
            Self::Settled(domain) | Self::Replaced { now: domain, .. } => domain,
        }
    }
}

impl Provisioning {
    /// Stores the base domain: the wish if there is one, else what is stored, else [`DEFAULT_BASE_DOMAIN`].
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn settle_base_domain(
        &self,
        operator: &InstallationOperator,
        wish: Option<HostName>,
    ) -> Result<BaseDomainOutcome, ProvisioningError> {
        let stored = self.stored_base_domain().await?;
        let outcome = match (stored, wish) {
            (Some(before), Some(now)) if before != now => BaseDomainOutcome::Replaced { now, before },
            (Some(stored), _) => return Ok(BaseDomainOutcome::Settled(stored)),
            (None, wish) => BaseDomainOutcome::Settled(wish.map_or_else(|| HostName::parse(DEFAULT_BASE_DOMAIN), Ok)?),
        };
        let value = outcome.domain().as_str();
        let deed = (AuditAction::SettingChanged, "base_domain".into(), format!("{{\"value\":\"{value}\"}}"));
        let audit = operator.audit(self.parts.clock.now(), None, deed);
        let change = Change::PutSetting { name: SettingName::BaseDomain, value: value.into() };
        self.commit_as(operator.asker(), ChangeSet { changes: vec![change], audit }).await?;
        Ok(outcome)
    }

    /// The domain that a new account gets now: the stored one, else the default.
    pub(crate) async fn base_domain(&self, wish: Option<HostName>) -> Result<HostName, ProvisioningError> {
        match (self.stored_base_domain().await?, wish) {
            (Some(domain), _) | (None, Some(domain)) => Ok(domain),
            (None, None) => Ok(HostName::parse(DEFAULT_BASE_DOMAIN)?),
        }
    }

    async fn stored_base_domain(&self) -> Result<Option<HostName>, ProvisioningError> {
        let stored = self.storage().setting(SettingName::BaseDomain).await?;
        Ok(stored.map(|text| HostName::parse(&text)).transpose()?)
    }
}
