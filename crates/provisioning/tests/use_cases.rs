//! The management use cases over storage in memory.
#![cfg(test)]

use domain::{
    AuthId, ChallengePolicy, Clock, CredentialId, DigestAlgorithm, HostName, Password, RandomSource, RealmName,
    Timestamp, Username, UsernameRule,
};
use keyring::{Ha1Context, Keyring};
use provisioning::{
    AccountCreated, AccountName, AccountScope, BaseDomainOutcome, CredentialUpdate, CredentialView, Description,
    InstallationError, LocalOperator, NewAccountRequest, NewCredential, OperatorIndex, Parts, Provisioning,
    ProvisioningError, RequestContext,
};
use sip_digest::{Ha1, HashAlgorithm};
use std::sync::Arc;
use storage::{Accounts, ChangeFeed, Credentials, Page};
use testkit::{MemoryStorage, SeededRandom, VirtualClock};

struct House {
    provisioning: Arc<Provisioning>,
    storage: Arc<MemoryStorage>,
    keyring: Arc<Keyring>,
    clock: Arc<VirtualClock>,
}

const OPERATOR: LocalOperator = LocalOperator::admitted_by_file_permissions();

impl House {
    async fn new() -> Self {
        Self::on(Arc::new(MemoryStorage::new()), 1).await
    }

    async fn on(storage: Arc<MemoryStorage>, seed: u64) -> Self {
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

    async fn account(&self, auth_id: Option<&str>, realm: Option<&str>) -> Result<AccountCreated, ProvisioningError> {
        let request = NewAccountRequest {
            name: AccountName::parse("Acme").unwrap(),
            auth_id: auth_id.map(|id| AuthId::parse(id).unwrap()),
            realm: realm.map(|realm| RealmName::parse(realm).unwrap()),
            base_domain: None,
        };
        self.provisioning.create_account(OPERATOR, request).await
    }

    async fn scope(&self, auth_id: Option<&str>, realm: Option<&str>) -> AccountScope {
        let account = self.account(auth_id, realm).await.unwrap();
        self.scope_of(&account)
    }

    fn scope_of(&self, account: &AccountCreated) -> AccountScope {
        let (id, token) = (account.auth_id.as_str(), account.auth_token.as_bytes());
        self.provisioning.authenticate(Some(id.as_bytes()), Some(token)).unwrap().scope(id).unwrap()
    }

    async fn create(&self, scope: &AccountScope, name: &str) -> Result<CredentialView, ProvisioningError> {
        let new = NewCredential {
            username: Username::parse(name, UsernameRule::Strict).unwrap(),
            password: password("correct horse"),
        };
        self.provisioning.create_credential(scope, context(), new).await
    }

    /// Whether the stored HA1 under that algorithm is the one of that password, at this very place.
    async fn has_password(&self, scope: &AccountScope, id: CredentialId, text: &str) -> bool {
        let account = self.storage.account(scope.auth_id().clone()).await.unwrap().unwrap();
        let stored = self.storage.credential(account.id, id).await.unwrap().unwrap();
        let of = |hash, algorithm, sealed: &Option<domain::Sealed>| {
            let realm = scope.realm_name();
            let context =
                Ha1Context { account: scope.auth_id(), credential: id, algorithm, realm, username: &stored.username };
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
}

fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap()
}

fn context() -> RequestContext {
    RequestContext { request_id: "request".into(), source: "192.0.2.1".into() }
}

#[tokio::test]
async fn an_account_has_its_realm_its_domain_and_one_token() {
    let house = House::new().await;
    let created = house.account(Some("MA_XXXXXXXX"), None).await.unwrap();
    assert_eq!(created.realm.as_str(), "MA_XXXXXXXX.sip.localhost");
    assert_eq!(created.sip_domain.as_str(), "ma-xxxxxxxx.sip.localhost");
    assert_eq!(created.auth_token.len(), 64);
    assert!(matches!(house.account(Some("MA_XXXXXXXX"), None).await, Err(ProvisioningError::AuthIdTaken)));
    // Two auth ids that differ in case would share a domain.
    assert!(matches!(house.account(Some("ma_xxxxxxxx"), None).await, Err(ProvisioningError::HostTaken(_))));
    let drawn = house.account(None, None).await.unwrap();
    assert!(drawn.auth_id.as_str().starts_with("MA_") && drawn.auth_id.as_str().len() == 11);
    let actions: Vec<_> = house.storage.audit_log().iter().map(|(_, event)| event.action.as_str()).collect();
    assert_eq!(actions, ["account.created", "account.created"]);
}

#[tokio::test]
async fn an_existing_realm_is_joined_and_usernames_are_unique_in_it() {
    let house = House::new().await;
    let first = house.scope(None, Some("pbx.example.com")).await;
    let second = house.scope(None, Some("pbx.example.com")).await;
    let elsewhere = house.scope(None, None).await;
    house.create(&first, "alice").await.unwrap();
    assert!(matches!(house.create(&first, "alice").await, Err(ProvisioningError::UsernameTaken)));
    assert!(matches!(house.create(&second, "alice").await, Err(ProvisioningError::UsernameTaken)));
    house.create(&second, "Alice").await.unwrap();
    house.create(&elsewhere, "alice").await.unwrap();
}

#[tokio::test]
async fn only_the_right_token_gives_access_and_only_to_its_own_account() {
    let house = House::new().await;
    let (ours, theirs) = (house.account(None, None).await.unwrap(), house.account(None, None).await.unwrap());
    let (id, token) = (ours.auth_id.as_str(), ours.auth_token.as_str());
    for (auth_id, token) in [
        (None, None),
        (Some(id), None),
        (Some(id), Some("")),
        (None, Some(token)),
        (Some(id), Some(theirs.auth_token.as_str())),
        (Some(theirs.auth_id.as_str()), Some(token)),
        (Some("MA_NOBODY00"), Some(token)),
        (Some(id), Some(&token[1..])),
        (Some(&id.to_lowercase()), Some(token)),
    ] {
        let outcome = house.provisioning.authenticate(auth_id.map(str::as_bytes), token.map(str::as_bytes));
        assert!(outcome.is_err(), "{auth_id:?}");
    }
    let operator = house.provisioning.authenticate(Some(id.as_bytes()), Some(token.as_bytes())).unwrap();
    assert!(operator.clone().scope(theirs.auth_id.as_str()).is_err());
    assert!(operator.clone().scope("MA_NOBODY00").is_err());
    assert!(operator.scope(id).is_ok());
}

#[tokio::test]
async fn a_password_ends_in_three_sealed_ha1s_and_can_be_replaced() {
    let house = House::new().await;
    let scope = house.scope(None, None).await;
    let created = house.create(&scope, "alice").await.unwrap();
    assert!(house.has_password(&scope, created.id, "correct horse").await);
    house.clock.advance_seconds(5);
    let update = CredentialUpdate { password: Some(password("battery staple")), ..CredentialUpdate::default() };
    let updated = house.provisioning.update_credential(&scope, context(), (created.id, update)).await.unwrap();
    assert!(house.has_password(&scope, created.id, "battery staple").await);
    assert!(!house.has_password(&scope, created.id, "correct horse").await);
    assert_eq!(updated.created_at, created.created_at);
    assert_eq!(updated.updated_at, house.clock.now());
    let log = house.storage.audit_log();
    let (_, event) = log.last().unwrap();
    assert_eq!((&*event.detail, &*event.source), ("{\"password\":\"changed\"}", "192.0.2.1"));
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_nothing_else() {
    let house = House::new().await;
    let scope = house.scope(None, None).await;
    let id = house.create(&scope, "alice").await.unwrap().id;
    let update = async |update| house.provisioning.update_credential(&scope, context(), (id, update)).await.unwrap();
    let disabled = update(CredentialUpdate { enabled: Some(false), ..CredentialUpdate::default() }).await;
    assert!(!disabled.enabled && disabled.description.is_empty());
    let text = Description::parse("front desk").unwrap();
    let described = update(CredentialUpdate { description: Some(text), ..CredentialUpdate::default() }).await;
    assert!(!described.enabled && &*described.description == "front desk");
    let before = house.storage.audit_log().len();
    assert_eq!(update(CredentialUpdate::default()).await, described);
    assert_eq!(house.storage.audit_log().len(), before, "nothing was changed, so nothing is recorded");
    assert!(house.has_password(&scope, id, "correct horse").await);
}

#[tokio::test]
async fn others_credentials_are_not_there() {
    let house = House::new().await;
    let (ours, theirs) = (house.scope(None, None).await, house.scope(None, None).await);
    let id = house.create(&theirs, "alice").await.unwrap().id;
    let missing = |outcome: Result<_, ProvisioningError>| matches!(outcome, Err(ProvisioningError::CredentialNotFound));
    assert!(missing(house.provisioning.credential(&ours, id).await.map(|_| ())));
    assert!(missing(house.provisioning.delete_credential(&ours, context(), id).await));
    let update = CredentialUpdate { enabled: Some(false), ..CredentialUpdate::default() };
    assert!(missing(house.provisioning.update_credential(&ours, context(), (id, update)).await.map(|_| ())));
    assert!(house.provisioning.credential(&theirs, id).await.unwrap().enabled);
    house.provisioning.delete_credential(&theirs, context(), id).await.unwrap();
    assert!(missing(house.provisioning.delete_credential(&theirs, context(), id).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_updates_of_one_credential_all_take_effect() {
    let house = Arc::new(House::new().await);
    let scope = house.scope(None, None).await;
    let id = house.create(&scope, "alice").await.unwrap().id;
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let (house, scope) = (Arc::clone(&house), scope.clone());
            tokio::spawn(async move {
                let text = Description::parse(&format!("writer {number}")).unwrap();
                let update = CredentialUpdate { description: Some(text), ..CredentialUpdate::default() };
                house.provisioning.update_credential(&scope, context(), (id, update)).await.map(|_| ())
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let updates =
        house.storage.audit_log().iter().filter(|(_, event)| event.action.as_str() == "credential.updated").count();
    assert_eq!(updates, 16);
}

#[tokio::test]
async fn a_failed_commit_changes_nothing_and_missing_coherence_is_no_success() {
    let house = House::new().await;
    let scope = house.scope(None, None).await;
    house.storage.fail_next_commit();
    assert!(matches!(house.create(&scope, "alice").await, Err(ProvisioningError::Storage(_))));
    let page = Page { limit: 20, offset: 0 };
    assert_eq!(house.provisioning.credentials(&scope, page).await.unwrap().1, 0);
    house.storage.fail_next_coherence();
    assert!(matches!(house.create(&scope, "alice").await, Err(ProvisioningError::NotAppliedEverywhere(_))));
    assert_eq!(house.provisioning.credentials(&scope, page).await.unwrap().1, 1, "stored, and said so");
}

#[tokio::test]
async fn the_base_domain_is_stored_once_and_changed_only_for_new_accounts() {
    let house = House::new().await;
    let early = house.account(Some("MA_EARLY"), None).await.unwrap();
    assert_eq!(early.realm.as_str(), "MA_EARLY.sip.localhost");
    let settle = async |wish: Option<&str>| {
        let wish = wish.map(|text| HostName::parse(text).unwrap());
        house.provisioning.settle_base_domain(OPERATOR, wish).await.unwrap()
    };
    let settled = |text: &str| BaseDomainOutcome::Settled(HostName::parse(text).unwrap());
    assert_eq!(settle(Some("voice.example")).await, settled("voice.example"));
    assert_eq!(settle(None).await, settled("voice.example"));
    assert_eq!(house.account(Some("MA_LATER"), None).await.unwrap().realm.as_str(), "MA_LATER.voice.example");
    let replaced = settle(Some("other.example")).await;
    assert!(matches!(replaced, BaseDomainOutcome::Replaced { .. }) && replaced.domain().as_str() == "other.example");
    let realms: Vec<_> = house
        .provisioning
        .list_accounts(OPERATOR)
        .await
        .unwrap()
        .into_iter()
        .map(|(_, realm)| realm.name.to_string())
        .collect();
    assert_eq!(realms, ["MA_EARLY.sip.localhost", "MA_LATER.voice.example"]);
}

#[tokio::test]
async fn only_the_key_of_the_first_start_fits() {
    let house = House::new().await;
    house.provisioning.check_master_key(OPERATOR).await.unwrap();
    house.provisioning.check_master_key(OPERATOR).await.unwrap();
    let other = House::on(Arc::clone(&house.storage), 2).await;
    let refused = other.provisioning.check_master_key(OPERATOR).await;
    assert!(matches!(refused, Err(InstallationError::WrongKey)));
}

#[tokio::test]
async fn a_realms_policy_is_set_by_name() {
    let house = House::new().await;
    let created = house.account(None, None).await.unwrap();
    house.provisioning.set_challenge_policy(OPERATOR, created.realm.clone(), ChallengePolicy::Sha256).await.unwrap();
    let listed = house.provisioning.list_accounts(OPERATOR).await.unwrap();
    assert_eq!(listed[0].1.challenge_policy, ChallengePolicy::Sha256);
    let unknown = RealmName::parse("nowhere").unwrap();
    let outcome = house.provisioning.set_challenge_policy(OPERATOR, unknown, ChallengePolicy::Sha256).await;
    assert!(matches!(outcome, Err(ProvisioningError::RealmNotFound)));
}
