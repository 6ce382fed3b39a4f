//! The installation, for whoever runs it: accounts, realms, this node.

use crate::Shared;
use crate::form::Posted;
use crate::frame::{Frame, Layout, page, page_of_status, see_other};
use crate::limits::ROWS;
use crate::moment::Moment;
use crate::pages::audit_log::{AuditRow, request};
use crate::pages::bans::BanRow;
use crate::pages::list_query::ListQuery;
use crate::refusal::{Refusal, capitalised};
use crate::visitor::OperatorVisit;
use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use domain::{AuthId, BanId, ChallengePolicy, Realm, RealmName};
use provisioning::{
    AccountName, AccountUpdate, AccountView, NewAccountRequest, ProfilePatch, ProvisioningError, RealmUpdate,
};
use std::collections::HashMap;
use std::sync::Arc;
use storage::Page;
use zeroize::Zeroizing;

#[derive(Template)]
#[template(path = "operator_accounts.html")]
struct AccountsPage {
    frame: Frame,
    accounts: Vec<AccountRow>,
    made: Option<Made>,
    error: Option<String>,
    name: String,
}

struct AccountRow {
    auth_id: String,
    name: String,
    parent: String,
    realm: String,
    domain: String,
    is_enabled: bool,
    created_at: Moment,
    last_used_at: Option<Moment>,
}

/// An account that was made just now.
struct Made {
    auth_id: String,
    token: Zeroizing<String>,
}

#[derive(Template)]
#[template(path = "operator_disable.html")]
struct DisablePage {
    frame: Frame,
    auth_id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "operator_realms.html")]
struct RealmsPage {
    frame: Frame,
    realms: Vec<Realm>,
    policies: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "operator_bans.html")]
struct BansPage {
    frame: Frame,
    bans: Vec<(String, BanRow)>,
    total: u64,
}

#[derive(Template)]
#[template(path = "operator_audit_log.html")]
struct AuditPage {
    frame: Frame,
    records: Vec<AuditRow>,
    older: Option<String>,
    is_newest: bool,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/console/operator", get(accounts).post(create))
        .route("/console/operator/accounts/{account}/disable", get(confirm_disable).post(disable))
        .route("/console/operator/accounts/{account}/enable", post(enable))
        .route("/console/operator/realms", get(realms))
        .route("/console/operator/realms/{realm}", post(update_realm))
        .route("/console/operator/bans", get(bans))
        .route("/console/operator/bans/{ban_id}/lift", post(lift))
        .route("/console/operator/audit-log", get(audit_log))
}

async fn accounts(State(shared): State<Arc<Shared>>, visit: OperatorVisit) -> Result<Response, Refusal> {
    page(&accounts_page(&shared, &visit).await?)
}

async fn accounts_page(shared: &Shared, visit: &OperatorVisit) -> Result<AccountsPage, Refusal> {
    let row = |view: AccountView| AccountRow {
        auth_id: view.account.auth_id.to_string(),
        name: view.account.name.into(),
        parent: view.parent.map(|parent| parent.to_string()).unwrap_or_default(),
        realm: view.realm.name.to_string(),
        domain: view.account.sip_domain.to_string(),
        is_enabled: view.account.enabled,
        created_at: view.account.created_at.into(),
        last_used_at: view.last_used_at.map(Moment),
    };
    let accounts = shared.provisioning.list_accounts(&visit.operator).await?.into_iter().map(row).collect();
    Ok(AccountsPage { frame: visit.frame("Accounts"), accounts, made: None, error: None, name: String::new() })
}

async fn create(
    State(shared): State<Arc<Shared>>,
    Posted { visit, fields }: Posted<OperatorVisit>,
) -> Result<Response, Refusal> {
    let made = match AccountName::parse(fields.text("name")) {
        Err(error) => Err(capitalised(&error.to_string())),
        Ok(name) => {
            let (auth_id, realm, base_domain, parent) = (None, None, None, None);
            let profile = ProfilePatch::default();
            let request = NewAccountRequest { name, auth_id, realm, base_domain, parent, profile };
            Ok(shared.provisioning.create_account(&visit.operator, request).await?)
        }
    };
    let list = accounts_page(&shared, &visit).await?;
    match made {
        Ok(created) => {
            let auth_id = created.account.account.auth_id.to_string();
            let made = Some(Made { auth_id, token: created.auth_token });
            page_of_status(StatusCode::CREATED, &AccountsPage { made, ..list })
        }
        Err(error) => {
            let name = fields.text("name").to_owned();
            page_of_status(StatusCode::UNPROCESSABLE_ENTITY, &AccountsPage { error: Some(error), name, ..list })
        }
    }
}

fn account_in_path(text: &str) -> Result<AuthId, Refusal> {
    AuthId::parse(text).map_err(|_| ProvisioningError::AccountNotFound.into())
}

async fn confirm_disable(
    State(shared): State<Arc<Shared>>,
    visit: OperatorVisit,
    Path(account): Path<String>,
) -> Result<Response, Refusal> {
    let view = shared.provisioning.show_account(&visit.operator, account_in_path(&account)?).await?;
    let auth_id = view.account.auth_id.to_string();
    page(&DisablePage { frame: visit.frame(&format!("Disable {auth_id}")), auth_id, name: view.account.name.into() })
}

async fn disable(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    Posted { visit, .. }: Posted<OperatorVisit>,
) -> Result<Response, Refusal> {
    let update = AccountUpdate { enabled: Some(false), ..AccountUpdate::default() };
    shared.provisioning.update_account(&visit.operator, (account_in_path(&account)?, update)).await?;
    see_other("/console/operator?done=account-disabled")
}

async fn enable(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    Posted { visit, .. }: Posted<OperatorVisit>,
) -> Result<Response, Refusal> {
    let update = AccountUpdate { enabled: Some(true), ..AccountUpdate::default() };
    shared.provisioning.update_account(&visit.operator, (account_in_path(&account)?, update)).await?;
    see_other("/console/operator?done=account-enabled")
}

async fn realms(State(shared): State<Arc<Shared>>, visit: OperatorVisit) -> Result<Response, Refusal> {
    page(&RealmsPage {
        frame: visit.frame("Realms"),
        realms: shared.provisioning.realms(&visit.operator).await?,
        policies: ChallengePolicy::ALL.iter().map(|policy| policy.as_str()).collect(),
    })
}

async fn update_realm(
    State(shared): State<Arc<Shared>>,
    Path(realm): Path<String>,
    Posted { visit, fields }: Posted<OperatorVisit>,
) -> Result<Response, Refusal> {
    let realm = RealmName::parse(&realm).map_err(|_| ProvisioningError::RealmNotFound)?;
    let policy = ChallengePolicy::from_name(fields.text("policy"));
    let update = RealmUpdate { challenge_policy: policy, ..RealmUpdate::default() };
    shared.provisioning.update_realm(&visit.operator, realm, update).await?;
    see_other("/console/operator/realms?done=updated")
}

async fn bans(State(shared): State<Arc<Shared>>, visit: OperatorVisit) -> Result<Response, Refusal> {
    let (found, now) = shared.provisioning.all_bans(&visit.operator, Page { limit: ROWS, offset: 0 });
    let row = |ban: &domain::Ban| {
        let account = shared.provisioning.auth_id_of_ban(ban).map(|id| id.to_string()).unwrap_or_default();
        let base = format!("/console/{account}");
        (account, BanRow::new(ban, (&base, now)))
    };
    let bans = found.bans.iter().map(row).collect();
    page(&BansPage { frame: visit.frame("Bans of everybody"), bans, total: found.total })
}

async fn lift(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Posted { visit, .. }: Posted<OperatorVisit>,
) -> Result<Response, Refusal> {
    let id = BanId::parse(&id).ok_or(ProvisioningError::BanNotFound)?;
    shared.provisioning.lift_any_ban(&visit.operator, id).await?;
    see_other("/console/operator/bans?done=ban-lifted")
}

async fn audit_log(
    State(shared): State<Arc<Shared>>,
    visit: OperatorVisit,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let query = ListQuery::new(query);
    let found = shared.provisioning.whole_audit_log(&visit.operator, (None, request(&query))).await?;
    let older = |before: u64| format!("/console/operator/audit-log?{}", query.with("before", &before.to_string()));
    page(&AuditPage {
        frame: visit.frame("Audit log of everything"),
        records: found.records.into_iter().map(AuditRow::new).collect(),
        older: found.next.map(older),
        is_newest: query.text("before").is_empty(),
    })
}
