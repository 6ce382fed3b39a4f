//! `DELETE /admin/v1/accounts/{auth_id}/tokens/{token_id}`

use crate::api::Shared;
use crate::operator::access::{Access, AccountInPath, TokenInPath};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Revoke a token of an account
///
/// Even the last one: the operator can make another.
#[utoipa::path(
    delete,
    path = "/admin/v1/accounts/{auth_id}/tokens/{token_id}",
    operation_id = "operator-revoke-account-token",
    responses((status = 204, description = "No request is admitted with it any more"))
)]
pub(crate) async fn revoke(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountInPath(auth_id): AccountInPath,
    TokenInPath(id): TokenInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    let account = shared.provisioning.account_for_operator(&operator, &auth_id)?;
    shared.provisioning.revoke_api_token(&account, context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
