//! `DELETE /admin/v1/operator-tokens/{token_id}`

use crate::api::Shared;
use crate::operator::access::{Access, TokenInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Revoke an operator token
///
/// It may be the very token that asks.
#[utoipa::path(
    delete,
    path = "/admin/v1/operator-tokens/{token_id}",
    operation_id = "operator-revoke-operator-token",
    responses((status = 204, description = "No request is admitted with it any more"))
)]
pub(crate) async fn revoke(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    TokenInPath(id): TokenInPath,
) -> Result<StatusCode, Problem> {
    shared.provisioning.revoke_operator_token(&operator, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
