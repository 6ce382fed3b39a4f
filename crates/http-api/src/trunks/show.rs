//! `GET /api/v1/Account/{auth_id}/trunks/{trunk_id}`

use super::object::TrunkObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountReader, TrunkInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Show a trunk
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/trunks/{trunk_id}",
    operation_id = "show-trunk",
    responses((status = 200, description = "The trunk", body = TrunkObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    TrunkInPath(id): TrunkInPath,
) -> Result<Response, Problem> {
    let trunk = shared.provisioning.trunk(&account, id).await?;
    answer::json(StatusCode::OK, &TrunkObject::new(account.auth_id(), &trunk))
}
