//! `DELETE /api/v1/Account/{auth_id}/trunks/{trunk_id}`

use crate::api::Shared;
use crate::authenticated::{AccountWriter, TrunkInPath};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Delete a trunk
///
/// Its numbers are unassigned; credentials, access list and origination URIs stay. A trunk with calls up stays.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/trunks/{trunk_id}",
    operation_id = "delete-trunk",
    responses(
        (status = 204, description = "It is gone, on every node"),
        (status = 409, description = "It has calls up", body = crate::problem::ErrorBody,
         example = json!({"error": "The trunk has 2 calls up; set its status to inactive, and end them or wait until \
                                    they are over", "code": 409})),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    TrunkInPath(id): TrunkInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.delete_trunk(&account, context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
