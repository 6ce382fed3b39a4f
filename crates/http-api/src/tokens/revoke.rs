//! `DELETE /api/v1/Account/{auth_id}/tokens/{token_id}`

use crate::api::Shared;
use crate::authenticated::{AccountWriter, TokenInPath};
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Revoke a token
///
/// When this has answered, no node accepts it.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/tokens/{token_id}",
    operation_id = "revoke-token",
    responses(
        (status = 204, description = "It is revoked, on every node"),
        (status = 409, description = "It is the account's last valid token of scope all", body = ErrorBody,
         example = json!({
            "error": "This is the account's last valid token of scope all; make another before revoking it",
            "code": 409,
         })),
    )
)]
pub(crate) async fn revoke(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    TokenInPath(id): TokenInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.revoke_api_token(&account, context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
