//! `GET /api/v1/Account/{auth_id}/calls/{call_id}`

use super::object::CallObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountReader, CallInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use provisioning::ProvisioningError;
use std::sync::Arc;

/// Show a call
///
/// While it is up; afterwards it is among the `cdrs`, under the same id.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/calls/{call_id}",
    operation_id = "show-call",
    responses((status = 200, description = "The call as it is at this moment", body = CallObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(scope): AccountReader,
    CallInPath(id): CallInPath,
) -> Result<Response, Problem> {
    let id = id.ok_or(ProvisioningError::CallNotFound)?;
    let (call, now) = shared.provisioning.live_call(&scope, id)?;
    answer::json(StatusCode::OK, &CallObject::new(&call, now))
}
