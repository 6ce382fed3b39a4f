//! `DELETE /api/v1/Account/{auth_id}/origination-uris/{origination_uri_id}`

use crate::api::Shared;
use crate::authenticated::{AccountWriter, OriginationUriInPath};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Delete an origination URI
///
/// Its secret goes with it; trunks are detached, and numbers that pointed at it point at their trunk.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/origination-uris/{origination_uri_id}",
    operation_id = "delete-origination-uri",
    responses((status = 204, description = "It is gone, on every node"))
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    OriginationUriInPath(id): OriginationUriInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.delete_origination_uri(&account, context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
