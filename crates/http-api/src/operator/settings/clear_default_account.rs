//! `DELETE /admin/v1/settings/default_account`

use crate::api::Shared;
use crate::operator::access::Access;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Clear the default account
#[utoipa::path(
    delete,
    path = "/admin/v1/settings/default_account",
    operation_id = "operator-clear-default-account",
    responses((status = 204, description = "There is none, unless there is only one account"))
)]
pub(crate) async fn clear(State(shared): State<Arc<Shared>>, Access(operator): Access) -> Result<StatusCode, Problem> {
    shared.provisioning.clear_default_account(&operator).await?;
    Ok(StatusCode::NO_CONTENT)
}
