//! `GET /api/v1/accounts/{auth_id}/sub-accounts/{sub_auth_id}`

use super::object::SubAccountObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountReader, SubAccountInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Show a sub-account
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{auth_id}/sub-accounts/{sub_auth_id}",
    operation_id = "show-sub-account",
    responses((status = 200, description = "The sub-account", body = SubAccountObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(parent): AccountReader,
    SubAccountInPath(auth_id): SubAccountInPath,
) -> Result<Response, Problem> {
    let view = shared.provisioning.sub_account(&parent, auth_id).await?;
    answer::json(StatusCode::OK, &SubAccountObject::new(parent.auth_id(), &view))
}
