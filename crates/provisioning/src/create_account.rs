//! Creates an account with its realm, its SIP domain and its first API token.

use crate::operator::operator_audit;
use crate::{AccountName, LocalOperator, Provisioning, ProvisioningError};
use domain::{Account, ApiTokenHash, AuditAction, AuthId, ChallengePolicy, HostName, Realm, RealmName};
use sha2::{Digest, Sha256};
use storage::{Change, ChangeSet, NewAccount};
use zeroize::Zeroizing;

/// What the operator says of a new account.
#[derive(Debug, Clone)]
pub struct NewAccountRequest {
    /// What people call it.
    pub name: AccountName,
    /// Its public identifier; drawn when absent.
    pub auth_id: Option<AuthId>,
    /// An existing deployment's realm, so that HA1s imported from it keep working; by default
    /// `{auth_id}.{base domain}`.
    pub realm: Option<RealmName>,
    /// The base domain to use while none is stored.
    pub base_domain: Option<HostName>,
}

/// A created account. The token is not readable again.
pub struct AccountCreated {
    /// Its public identifier.
    pub auth_id: AuthId,
    /// Its first API token.
    pub auth_token: Zeroizing<String>,
    /// The realm of its credentials.
    pub realm: RealmName,
    /// Its own legal SIP domain.
    pub sip_domain: HostName,
}

/// How often another auth id is drawn when the drawn one is taken.
const DRAWS: usize = 8;

impl Provisioning {
    /// Creates an account; once this answers it can be used over HTTP and SIP on every node.
    ///
    /// # Errors
    /// [`ProvisioningError`]: the auth id or a host name is taken, a name has the wrong form, or the storage failed.
    pub async fn create_account(
        &self,
        _operator: LocalOperator,
        request: NewAccountRequest,
    ) -> Result<AccountCreated, ProvisioningError> {
        let base_domain = self.base_domain(request.base_domain.clone()).await?;
        for _ in 1..DRAWS {
            match self.try_create_account(&request, &base_domain).await {
                Err(ProvisioningError::AuthIdTaken) if request.auth_id.is_none() => {}
                outcome => return outcome,
            }
        }
        self.try_create_account(&request, &base_domain).await
    }

    async fn try_create_account(
        &self,
        request: &NewAccountRequest,
        base_domain: &HostName,
    ) -> Result<AccountCreated, ProvisioningError> {
        let auth_id = request.auth_id.clone().unwrap_or_else(|| self.draw_auth_id());
        let sip_domain = HostName::parse(&format!("{}.{base_domain}", auth_id.to_domain_label()))?;
        let realm = match &request.realm {
            Some(realm) => realm.clone(),
            None => RealmName::parse(&format!("{auth_id}.{base_domain}"))?,
        };
        let mut hosts = vec![sip_domain.clone()];
        hosts.extend(realm.as_host().filter(|host| *host != sip_domain));
        let auth_token = self.draw_token();
        let created_at = self.parts.clock.now();
        let detail = format!("{{\"realm\":\"{realm}\",\"sip_domain\":\"{sip_domain}\"}}");
        let audit = operator_audit(created_at, (AuditAction::AccountCreated, auth_id.to_string(), detail));
        let change = Change::CreateAccount(NewAccount {
            auth_id: auth_id.clone(),
            name: request.name.clone().into_inner(),
            realm: realm.clone(),
            challenge_policy: ChallengePolicy::default(),
            sip_domain: sip_domain.clone(),
            hosts,
            token: ApiTokenHash::from_bytes(Sha256::digest(auth_token.as_bytes()).into()),
            created_at,
        });
        match self.commit_everywhere(ChangeSet { changes: vec![change], audit }).await {
            Ok(_) => Ok(AccountCreated { auth_id, auth_token, realm, sip_domain }),
            Err(ProvisioningError::HostTaken(_)) => {
                Err(ProvisioningError::HostTaken(format!("{sip_domain} or {realm}")))
            }
            Err(error) => Err(error),
        }
    }

    /// Every account with its realm, in order of creation.
    ///
    /// # Errors
    /// [`ProvisioningError::Storage`].
    pub async fn list_accounts(&self, _operator: LocalOperator) -> Result<Vec<(Account, Realm)>, ProvisioningError> {
        Ok(self.storage().accounts().await?)
    }

    fn draw_auth_id(&self) -> AuthId {
        let mut random = [0; 8];
        self.parts.random.fill(&mut random);
        AuthId::from_random(random)
    }

    /// A token of 32 random octets in hexadecimal.
    fn draw_token(&self) -> Zeroizing<String> {
        use std::fmt::Write as _;
        let mut random = Zeroizing::new([0; 32]);
        self.parts.random.fill(&mut *random);
        let mut text = Zeroizing::new(String::with_capacity(64));
        for octet in random.iter() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{octet:02x}");
        }
        text
    }
}
