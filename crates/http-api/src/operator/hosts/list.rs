//! `GET /admin/v1/accounts/{auth_id}/hosts`

use crate::answer;
use crate::api::Shared;
use crate::operator::access::{Access, AccountInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::AuthId;
use provisioning::InstallationOperator;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Every host name of an account, its SIP domain among them; at most 100.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostList {
    #[schema(example = json!(["ma-xxxxxxxx.sip.example.com"]))]
    hosts: Vec<String>,
}

/// List an account's host names
#[utoipa::path(
    get,
    path = "/admin/v1/accounts/{auth_id}/hosts",
    operation_id = "operator-list-hosts",
    responses((status = 200, description = "All of them", body = HostList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountInPath(auth_id): AccountInPath,
) -> Result<Response, Problem> {
    answer::json(StatusCode::OK, &HostList::of(&shared, &operator, &auth_id).await?)
}

impl HostList {
    pub(super) async fn of(
        shared: &Shared,
        operator: &InstallationOperator,
        auth_id: &AuthId,
    ) -> Result<Self, Problem> {
        let account = shared.provisioning.account_for_operator(operator, auth_id)?;
        let hosts = shared.provisioning.hosts(&account).await?;
        Ok(Self { hosts: hosts.iter().map(ToString::to_string).collect() })
    }
}
