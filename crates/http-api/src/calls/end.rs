//! `DELETE /api/v1/Account/{auth_id}/calls/{call_id}`

use crate::api::Shared;
use crate::authenticated::{AccountWriter, CallInPath};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use provisioning::ProvisioningError;
use std::sync::Arc;

/// End a call
///
/// Both sides are told that it is over: by BYE, or while it rings by CANCEL and a final answer. Its record says
/// `ended_by_api`.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/calls/{call_id}",
    operation_id = "end-call",
    responses((status = 204, description = "Both sides are being told"))
)]
pub(crate) async fn end(
    State(shared): State<Arc<Shared>>,
    AccountWriter(scope): AccountWriter,
    CallInPath(id): CallInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    let id = id.ok_or(ProvisioningError::CallNotFound)?;
    shared.provisioning.end_call(&scope, context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
