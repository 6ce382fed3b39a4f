//! Creates an account with its realm, its SIP domain and its first API token.

use crate::asker::By;
use crate::idempotency::Recalled;
use crate::limits::MAX_SUB_ACCOUNTS;
use crate::{
    AccountName, AccountView, Answered, InstallationOperator, ProfilePatch, Provisioning, ProvisioningError,
    Remembering,
};
use domain::{
    Account, AccountId, AccountProfile, AccountSettings, ApiId, AuditAction, AuditEvent, AuthId, CallLimits,
    ChallengePolicy, DigestRules, HostName, Realm, RealmId, RealmName,
};
use storage::{Change, ChangeSet, FirstToken, NewAccount, Page, SubAccountFilter};
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
    /// The main account whose sub-account it is to be.
    pub parent: Option<AuthId>,
    /// What is known of whoever it belongs to.
    pub profile: ProfilePatch,
}

/// A created account.
pub struct AccountCreated {
    /// The account.
    pub account: AccountView,
    /// Its first API token, for everything and without an end; not readable again.
    pub auth_token: Zeroizing<String>,
}

/// An account to be created, whoever asks for it.
pub(crate) struct AccountDraft {
    pub(crate) name: AccountName,
    pub(crate) auth_id: Option<AuthId>,
    pub(crate) realm: Option<RealmName>,
    pub(crate) parent: Option<AccountId>,
    pub(crate) profile: AccountProfile,
    pub(crate) enabled: bool,
}

/// How often another auth id is drawn when the drawn one is taken.
const DRAWS: usize = 8;

impl NewAccountRequest {
    /// A main account of that name, with everything else drawn or left out.
    #[must_use]
    pub fn named(name: AccountName) -> Self {
        Self { name, auth_id: None, realm: None, base_domain: None, parent: None, profile: ProfilePatch::default() }
    }
}

impl Provisioning {
    /// Creates an account; once this answers it can be used over HTTP and SIP on every node.
    ///
    /// # Errors
    /// [`ProvisioningError`]: the auth id or a host name is taken, a name has the wrong form, the parent is not there,
    /// is a sub-account itself or has as many as it may, or the storage failed.
    pub async fn create_account(
        &self,
        operator: &InstallationOperator,
        request: NewAccountRequest,
    ) -> Result<AccountCreated, ProvisioningError> {
        let _counting = self.tenancy.lock().await;
        let base_domain = self.base_domain(request.base_domain).await?;
        let parent = match request.parent {
            Some(auth_id) => Some(self.possible_parent(self.stored_account(auth_id).await?).await?),
            None => None,
        };
        let draft = AccountDraft {
            name: request.name,
            auth_id: request.auth_id,
            realm: request.realm,
            parent,
            profile: request.profile.applied_to(AccountProfile::default()),
            enabled: true,
        };
        self.create_drafted(operator.by(), &draft, &base_domain).await
    }

    /// The account's number, if it may have one more sub-account.
    async fn possible_parent(&self, account: Account) -> Result<AccountId, ProvisioningError> {
        if account.parent.is_some() {
            return Err(ProvisioningError::SubAccountsOfSubAccount);
        }
        self.check_room_for_sub_account(account.id).await?;
        Ok(account.id)
    }

    pub(crate) async fn check_room_for_sub_account(&self, parent: AccountId) -> Result<(), ProvisioningError> {
        let page = Page { limit: 1, offset: 0 };
        let present = self.storage().sub_accounts(parent, SubAccountFilter::All, page).await?.total;
        if present < MAX_SUB_ACCOUNTS { Ok(()) } else { Err(ProvisioningError::TooManySubAccounts) }
    }

    /// Creates what was drafted, under another drawn auth id where one is taken.
    pub(crate) async fn create_drafted(
        &self,
        by: By<'_>,
        draft: &AccountDraft,
        base_domain: &HostName,
    ) -> Result<AccountCreated, ProvisioningError> {
        for _ in 1..DRAWS {
            match self.try_create(by, draft, base_domain).await {
                Err(ProvisioningError::AuthIdTaken) if draft.auth_id.is_none() => {}
                outcome => return outcome,
            }
        }
        self.try_create(by, draft, base_domain).await
    }

    async fn try_create(
        &self,
        by: By<'_>,
        draft: &AccountDraft,
        base_domain: &HostName,
    ) -> Result<AccountCreated, ProvisioningError> {
        let drawn = self.drawn_account(by, draft, base_domain)?;
        let (auth_id, taken) = (drawn.new.auth_id.clone(), drawn.hosts_in_words());
        match self.commit_as(by.asker, drawn.set()).await {
            Ok(_) => Ok(AccountCreated { account: self.known_view(&auth_id)?, auth_token: drawn.secret }),
            Err(error) => Err(refusal(error, taken)),
        }
    }

    /// Creates what was drafted, for a request that its client may repeat. What is rendered for remembering has no
    /// numbers of the account and its realm yet: they are 0.
    pub(crate) async fn create_drafted_once(
        &self,
        by: By<'_>,
        (draft, base_domain): (&AccountDraft, &HostName),
        (parent, remembering): (AccountId, &Remembering<'_, AccountCreated>),
    ) -> Result<Answered<AccountCreated>, ProvisioningError> {
        for _ in 0..DRAWS {
            let unanswered = match self.recall(by.asker, Some(parent), remembering).await? {
                Recalled::Answer(answer) => return Ok(Answered::Replayed(answer)),
                Recalled::Nothing(unanswered) => unanswered,
            };
            let drawn = self.drawn_account(by, draft, base_domain)?;
            let (set, taken) = (drawn.set(), drawn.hosts_in_words());
            match self.commit_remembered(unanswered, set, drawn.before_commit(draft)).await {
                Ok(Answered::Fresh(created)) => {
                    let account = self.known_view(&created.account.account.auth_id)?;
                    return Ok(Answered::Fresh(AccountCreated { account, ..created }));
                }
                Err(ProvisioningError::AuthIdTaken) if draft.auth_id.is_none() => {}
                outcome => return outcome.map_err(|error| refusal(error, taken)),
            }
        }
        Err(ProvisioningError::AuthIdTaken)
    }

    fn drawn_account(
        &self,
        by: By<'_>,
        draft: &AccountDraft,
        base_domain: &HostName,
    ) -> Result<DrawnAccount, ProvisioningError> {
        let created_at = self.parts.clock.now();
        let auth_id = draft.auth_id.clone().unwrap_or_else(|| self.draw_auth_id(draft.parent));
        let sip_domain = HostName::parse(&format!("{}.{base_domain}", auth_id.to_domain_label()))?;
        let realm = match &draft.realm {
            Some(realm) => realm.clone(),
            None => RealmName::parse(&format!("{auth_id}.{base_domain}"))?,
        };
        let mut hosts = vec![sip_domain.clone()];
        hosts.extend(realm.as_host().filter(|host| *host != sip_domain));
        let drawn = self.draw_token(created_at);
        let detail = format!("{{\"realm\":\"{realm}\",\"sip_domain\":\"{sip_domain}\"}}");
        let audit = by.audit(created_at, None, (AuditAction::AccountCreated, auth_id.to_string(), detail));
        let new = NewAccount {
            auth_id,
            name: draft.name.clone().into_inner(),
            realm,
            challenge_policy: ChallengePolicy::default(),
            sip_domain,
            hosts,
            parent: draft.parent,
            api_id: self.draw_api_id(),
            profile: draft.profile.clone(),
            enabled: draft.enabled,
            token: FirstToken { id: drawn.id, hash: drawn.hash },
            created_at,
        };
        Ok(DrawnAccount { new, audit, secret: drawn.secret })
    }

    fn draw_auth_id(&self, parent: Option<AccountId>) -> AuthId {
        let mut random = [0; 8];
        self.parts.random.fill(&mut random);
        match parent {
            Some(_) => AuthId::of_sub_account_from_random(random),
            None => AuthId::from_random(random),
        }
    }

    fn draw_api_id(&self) -> ApiId {
        let mut random = [0; 16];
        self.parts.random.fill(&mut random);
        ApiId::from_random(random)
    }
}

/// An account with everything drawn, before it is committed.
struct DrawnAccount {
    new: NewAccount,
    audit: AuditEvent,
    secret: Zeroizing<String>,
}

impl DrawnAccount {
    fn set(&self) -> ChangeSet {
        ChangeSet { changes: vec![Change::CreateAccount(self.new.clone())], audit: self.audit.clone() }
    }

    fn hosts_in_words(&self) -> String {
        format!("{} or {}", self.new.sip_domain, self.new.realm)
    }

    /// The account as it will be, except for the numbers that storage gives.
    fn before_commit(self, draft: &AccountDraft) -> AccountCreated {
        let NewAccount { auth_id, name, realm, challenge_policy, sip_domain, api_id, created_at, .. } = self.new;
        let realm = Realm { id: RealmId(0), name: realm, challenge_policy, rules: DigestRules::default() };
        let account = Account {
            id: AccountId(0),
            auth_id,
            name,
            realm: realm.id,
            sip_domain,
            parent: draft.parent,
            enabled: draft.enabled,
            api_id,
            profile: draft.profile.clone(),
            limits: CallLimits::OF_ACCOUNT,
            settings: AccountSettings::default(),
            created_at,
            updated_at: created_at,
        };
        let account = AccountView { account, realm, parent: None, last_used_at: None };
        AccountCreated { account, auth_token: self.secret }
    }
}

fn refusal(error: ProvisioningError, hosts: String) -> ProvisioningError {
    match error {
        ProvisioningError::HostTaken(_) => ProvisioningError::HostTaken(hosts),
        error => error.if_not_found(ProvisioningError::AccountNotFound),
    }
}
