//! What an operator may ask of an installation, over the control socket of a running server or directly.

use domain::{AuthId, ChallengePolicy, HostName, RealmName};
use provisioning::{AccountName, AccountView, InstallationOperator, NewAccountRequest, Provisioning};
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// A request, as one line of JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub(crate) enum Request {
    CreateAccount { name: String, auth_id: Option<String>, realm: Option<String>, sip_domain: Option<String> },
    ListAccounts,
    SetRealmPolicy { realm: String, policy: String },
}

/// The answer, as one line of JSON. Not `Debug`: it may hold a token.
#[derive(Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Reply {
    AccountCreated { auth_id: String, auth_token: String, realm: String, sip_domain: String },
    Accounts { accounts: Vec<AccountLine> },
    RealmPolicySet,
    Refused { problem: String },
}

/// One account in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccountLine {
    pub(crate) auth_id: String,
    pub(crate) name: String,
    pub(crate) realm: String,
    pub(crate) sip_domain: String,
    pub(crate) challenge_policy: String,
    pub(crate) enabled: bool,
}

/// Does what is asked; a refusal is a reply too.
pub(crate) async fn execute(provisioning: &Provisioning, operator: &InstallationOperator, request: Request) -> Reply {
    let outcome = match request {
        Request::CreateAccount { name, auth_id, realm, sip_domain } => {
            match new_account(&name, auth_id.as_deref(), realm.as_deref(), sip_domain.as_deref()) {
                Ok(request) => create_account(provisioning, operator, request).await,
                Err(problem) => Err(problem),
            }
        }
        Request::ListAccounts => list_accounts(provisioning, operator).await,
        Request::SetRealmPolicy { realm, policy } => set_realm_policy(provisioning, operator, (&realm, &policy)).await,
    };
    outcome.unwrap_or_else(|problem| Reply::Refused { problem })
}

fn new_account(
    name: &str,
    auth_id: Option<&str>,
    realm: Option<&str>,
    sip_domain: Option<&str>,
) -> Result<NewAccountRequest, String> {
    let name = AccountName::parse(name).map_err(|error| said("--name", &error))?;
    Ok(NewAccountRequest {
        auth_id: auth_id.map(AuthId::parse).transpose().map_err(|error| said("--auth-id", &error))?,
        realm: realm.map(RealmName::parse).transpose().map_err(|error| said("--realm", &error))?,
        base_domain: sip_domain.map(HostName::parse).transpose().map_err(|error| said("--sip-domain", &error))?,
        ..NewAccountRequest::named(name)
    })
}

async fn create_account(
    provisioning: &Provisioning,
    operator: &InstallationOperator,
    request: NewAccountRequest,
) -> Result<Reply, String> {
    let created = provisioning.create_account(operator, request).await.map_err(|error| error.to_string())?;
    Ok(Reply::AccountCreated {
        auth_id: created.account.account.auth_id.to_string(),
        auth_token: created.auth_token.to_string(),
        realm: created.account.realm.name.to_string(),
        sip_domain: created.account.account.sip_domain.to_string(),
    })
}

async fn list_accounts(provisioning: &Provisioning, operator: &InstallationOperator) -> Result<Reply, String> {
    let accounts = provisioning.list_accounts(operator).await.map_err(|error| error.to_string())?;
    let line = |AccountView { account, realm, .. }: AccountView| AccountLine {
        auth_id: account.auth_id.to_string(),
        name: account.name.into(),
        realm: realm.name.to_string(),
        sip_domain: account.sip_domain.to_string(),
        challenge_policy: realm.challenge_policy.as_str().to_owned(),
        enabled: account.enabled,
    };
    Ok(Reply::Accounts { accounts: accounts.into_iter().map(line).collect() })
}

async fn set_realm_policy(
    provisioning: &Provisioning,
    operator: &InstallationOperator,
    (realm, policy): (&str, &str),
) -> Result<Reply, String> {
    let realm = RealmName::parse(realm).map_err(|error| error.to_string())?;
    let policy = ChallengePolicy::from_name(policy).ok_or("the policy is compatible, sha256 or rfc8760")?;
    provisioning.set_challenge_policy(operator, realm, policy).await.map_err(|error| error.to_string())?;
    Ok(Reply::RealmPolicySet)
}

fn said(option: &str, error: &dyn Display) -> String {
    format!("{option}: {error}")
}
