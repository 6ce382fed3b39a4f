//! `DELETE /admin/v1/accounts/{auth_id}`

use crate::api::Shared;
use crate::operator::access::{Access, AccountInPath};
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Delete an account
///
/// Its credentials, registrations, host names and tokens go with it.
#[utoipa::path(
    delete,
    path = "/admin/v1/accounts/{auth_id}",
    operation_id = "operator-delete-account",
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "It still has sub-accounts", body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountInPath(auth_id): AccountInPath,
) -> Result<StatusCode, Problem> {
    shared.provisioning.delete_account(&operator, auth_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
