//! The use cases over storage in memory, at a time that tests move.

use domain::{
    AuthId, Credential, CredentialId, DigestAlgorithm, Password, RandomSource, RealmName, Timestamp, TokenScope,
    Username, UsernameRule,
};
use keyring::{Ha1Context, Keyring};
use provisioning::{
    AccountCreated, AccountName, AccountScope, AccountWrite, ApiTokenCreated, CredentialView, CredentialsWrite,
    InstallationOperator, NewAccountRequest, NewApiToken, NewCredential, NewSubAccount, Operator, OperatorIndex, Parts,
    ProfilePatch, Provisioning, ProvisioningError, RequestContext, TokenLabel,
};
use sip_digest::{Ha1, HashAlgorithm};
use std::sync::Arc;
use storage::{Accounts, ChangeFeed, Credentials};
use testkit::{MemoryStorage, SeededRandom, VirtualClock};

pub struct House {
    pub provisioning: Arc<Provisioning>,
    pub storage: Arc<MemoryStorage>,
    pub keyring: Arc<Keyring>,
    pub clock: Arc<VirtualClock>,
}

pub fn operator() -> InstallationOperator {
    InstallationOperator::admitted_by_file_permissions()
}

impl House {
    pub async fn new() -> Self {
        Self::on(Arc::new(MemoryStorage::new()), 1).await
    }

    pub async fn on(storage: Arc<MemoryStorage>, seed: u64) -> Self {
        let random: Arc<dyn RandomSource> = Arc::new(SeededRandom::new(seed));
        let keyring = Arc::new(Keyring::generate(&*random));
        let clock = Arc::new(VirtualClock::new(Timestamp::from_seconds(1_000_000)));
        let operators = Arc::new(OperatorIndex::new());
        storage.follow(Arc::clone(&operators) as _).await.unwrap();
        let provisioning = Arc::new(Provisioning::new(Parts {
            storage: Arc::clone(&storage) as _,
            keyring: Arc::clone(&keyring),
            clock: Arc::clone(&clock) as _,
            random,
            operators,
            config: provisioning::Config::default(),
        }));
        Self { provisioning, storage, keyring, clock }
    }

    pub async fn account(
        &self,
        auth_id: Option<&str>,
        realm: Option<&str>,
    ) -> Result<AccountCreated, ProvisioningError> {
        let request = NewAccountRequest {
            auth_id: auth_id.map(|id| AuthId::parse(id).unwrap()),
            realm: realm.map(|realm| RealmName::parse(realm).unwrap()),
            ..NewAccountRequest::named(account_name("Acme"))
        };
        self.provisioning.create_account(&operator(), request).await
    }

    pub async fn scope(&self, auth_id: Option<&str>, realm: Option<&str>) -> CredentialsWrite {
        let account = self.account(auth_id, realm).await.unwrap();
        self.scope_of(&account).credentials_write().unwrap()
    }

    pub fn scope_of(&self, account: &AccountCreated) -> AccountScope {
        self.operator_of(account).scope(id_of(account)).unwrap()
    }

    /// Everything the account's first token may.
    pub fn write(&self, account: &AccountCreated) -> AccountWrite {
        self.scope_of(account).account_write().unwrap()
    }

    pub fn operator_of(&self, account: &AccountCreated) -> Operator {
        self.enter(id_of(account), &account.auth_token).unwrap()
    }

    pub fn enter(&self, auth_id: &str, token: &str) -> Option<Operator> {
        self.provisioning.authenticate(Some(auth_id.as_bytes()), Some(token.as_bytes())).ok()
    }

    pub async fn sub_account(&self, parent: &AccountWrite) -> Result<AccountCreated, ProvisioningError> {
        let profile = ProfilePatch::default();
        let new = NewSubAccount { name: account_name("Branch"), enabled: true, profile };
        self.provisioning.create_sub_account(parent, context(), new).await
    }

    pub async fn token(
        &self,
        account: &AccountWrite,
        scope: TokenScope,
        expires_at: Option<Timestamp>,
    ) -> Result<ApiTokenCreated, ProvisioningError> {
        let new = NewApiToken { label: label("CI \"staging\""), scope, expires_at };
        self.provisioning.create_api_token(account, context(), new).await
    }

    pub async fn create(&self, scope: &CredentialsWrite, name: &str) -> Result<CredentialView, ProvisioningError> {
        let new = NewCredential {
            username: Username::parse(name, UsernameRule::Strict).unwrap(),
            password: password("correct horse"),
        };
        self.provisioning.create_credential(scope, context(), new).await
    }

    /// Whether the stored HA1 under every algorithm is the one of that password, at this very place.
    pub async fn has_password(&self, scope: &AccountScope, id: CredentialId, text: &str) -> bool {
        let account = self.storage.account(scope.auth_id().clone()).await.unwrap().unwrap();
        let stored: Credential = self.storage.credential(account.id, id).await.unwrap().unwrap();
        let of = |hash, algorithm, sealed: &Option<domain::Sealed>| {
            let realm = scope.realm_name();
            let context = Ha1Context {
                account: scope.auth_id(),
                credential: id,
                algorithm,
                realm,
                username: &stored.username,
                device: None,
            };
            let opened = self.keyring.open_ha1(&context, sealed.as_ref().unwrap()).unwrap();
            let expected =
                Ha1::compute(hash, stored.username.as_str().as_bytes(), realm.as_str().as_bytes(), text.as_bytes());
            opened.as_bytes() == expected.as_bytes()
        };
        let md5 = of(HashAlgorithm::Md5, DigestAlgorithm::Md5, &stored.ha1s.md5);
        let sha256 = of(HashAlgorithm::Sha256, DigestAlgorithm::Sha256, &stored.ha1s.sha256);
        let sha512 = of(HashAlgorithm::Sha512_256, DigestAlgorithm::Sha512_256, &stored.ha1s.sha512_256);
        assert!(md5 == sha256 && sha256 == sha512);
        md5
    }

    /// The last line of the audit log, as `ACTOR ACTION DETAIL`.
    pub fn last_deed(&self) -> String {
        let log = self.storage.audit_log();
        let (_, event) = log.last().unwrap();
        format!("{} {} {}", event.actor, event.action.as_str(), event.detail)
    }
}

pub fn id_of(account: &AccountCreated) -> &str {
    account.account.account.auth_id.as_str()
}

pub fn auth_id_of(account: &AccountCreated) -> AuthId {
    account.account.account.auth_id.clone()
}

pub fn account_name(text: &str) -> AccountName {
    AccountName::parse(text).unwrap()
}

pub fn label(text: &str) -> TokenLabel {
    TokenLabel::parse(text).unwrap()
}

pub fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap()
}

pub fn context() -> RequestContext {
    RequestContext { request_id: "request".into(), source: "192.0.2.1".into() }
}
