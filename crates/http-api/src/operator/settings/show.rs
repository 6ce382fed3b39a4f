//! `GET /admin/v1/settings`

use crate::answer;
use crate::api::Shared;
use crate::operator::access::Access;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What is set for the whole installation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The account of phones that address this server by a bare IP address or a foreign name, unless
    /// `--default-account` names one; null: the only account, if there is one.
    #[schema(example = "MA_XXXXXXXX")]
    default_account: Option<String>,
}

/// Show the installation's settings
#[utoipa::path(
    get,
    path = "/admin/v1/settings",
    operation_id = "operator-show-settings",
    responses((status = 200, description = "All of them", body = Settings))
)]
pub(crate) async fn show(State(shared): State<Arc<Shared>>, Access(operator): Access) -> Result<Response, Problem> {
    let default_account = shared.provisioning.default_account(&operator).await?;
    answer::json(StatusCode::OK, &Settings { default_account: default_account.map(|auth_id| auth_id.to_string()) })
}
