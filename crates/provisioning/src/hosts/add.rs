//! Gives a host name to an account.

use crate::limits::MAX_HOSTS_PER_ACCOUNT;
use crate::{InstallationOperator, Provisioning, ProvisioningError};
use domain::{Account, AuditAction, AuthId, HostName, Realm};
use storage::{Change, ChangeSet};

impl Provisioning {
    /// Lets a host name lead to the account's realm; nothing happens if it does already.
    ///
    /// Only the operator gives names: whoever is given one is sent the digests of every phone that is configured with
    /// it, and nothing here proves whose a name is. Refused are addresses; the base domain and what lies under it,
    /// whose labels are auth ids that may be drawn tomorrow; and names at or under another realm's SIP domains or
    /// name. What lies under the account's own SIP domain may be given.
    ///
    /// # Errors
    /// [`ProvisioningError`]: [`AccountNotFound`](ProvisioningError::AccountNotFound),
    /// [`HostReserved`](ProvisioningError::HostReserved), [`HostTaken`](ProvisioningError::HostTaken),
    /// [`TooManyHosts`](ProvisioningError::TooManyHosts), or the storage failed.
    pub async fn add_host(
        &self,
        operator: &InstallationOperator,
        (auth_id, host): (AuthId, HostName),
    ) -> Result<(), ProvisioningError> {
        let _counting = self.tenancy.lock().await;
        let account = self.stored_account(auth_id).await?;
        let present = self.storage().hosts(account.id).await?;
        if present.contains(&host) {
            return Ok(());
        }
        if is_address(&host) || self.is_reserved(&account, &host).await? {
            return Err(ProvisioningError::HostReserved(host));
        }
        if present.len() >= MAX_HOSTS_PER_ACCOUNT {
            return Err(ProvisioningError::TooManyHosts);
        }
        let detail = format!("{{\"host\":\"{host}\"}}");
        let deed = (AuditAction::HostAdded, account.auth_id.to_string(), detail);
        let audit = operator.audit(self.parts.clock.now(), Some(account.id), deed);
        let changes = vec![Change::AddHost { account: account.id, host: host.clone() }];
        match self.commit_as(operator.asker(), ChangeSet { changes, audit }).await {
            Ok(_) => Ok(()),
            Err(ProvisioningError::HostTaken(_)) => Err(ProvisioningError::HostTaken(host.to_string())),
            Err(error) => Err(error.if_not_found(ProvisioningError::AccountNotFound)),
        }
    }

    async fn is_reserved(&self, account: &Account, host: &HostName) -> Result<bool, ProvisioningError> {
        if is_at_or_under(host, &account.sip_domain) {
            return Ok(false);
        }
        if is_at_or_under(host, &self.base_domain(None).await?) {
            return Ok(true);
        }
        let others = |(other, realm): &(Account, Realm)| {
            let theirs = is_at_or_under(host, &other.sip_domain)
                || realm.name.as_host().is_some_and(|name| is_at_or_under(host, &name));
            other.realm != account.realm && theirs
        };
        Ok(self.storage().accounts().await?.iter().any(others))
    }
}

fn is_at_or_under(host: &HostName, domain: &HostName) -> bool {
    let before = host.as_str().strip_suffix(domain.as_str());
    before.is_some_and(|labels| labels.is_empty() || labels.ends_with('.'))
}

/// Whether it would be read as an IPv4 address; no top-level domain is a number (RFC 3696 section 2).
fn is_address(host: &HostName) -> bool {
    host.as_str().rsplit('.').next().is_some_and(|label| label.bytes().all(|octet| octet.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_and_under_a_domain() {
        let domain = HostName::parse("sip.example").unwrap();
        for (host, expected) in
            [("sip.example", true), ("a.b.SIP.example.", true), ("mysip.example", false), ("example", false)]
        {
            assert_eq!(is_at_or_under(&HostName::parse(host).unwrap(), &domain), expected, "{host}");
        }
    }

    #[test]
    fn addresses() {
        for (host, expected) in [("192.0.2.1", true), ("7", true), ("pbx7.example", false), ("1.pbx", false)] {
            assert_eq!(is_address(&HostName::parse(host).unwrap()), expected, "{host}");
        }
    }
}
