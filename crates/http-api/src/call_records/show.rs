//! `GET /api/v1/Account/{auth_id}/cdrs/{call_id}`

use super::object::CallRecordObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountReader, CallInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use provisioning::ProvisioningError;
use std::sync::Arc;

/// Show a call record
///
/// Of a call that is over; one that is up is among the `calls`, under the same id.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/cdrs/{call_id}",
    operation_id = "show-call-record",
    responses((status = 200, description = "The record, which never changes", body = CallRecordObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(scope): AccountReader,
    CallInPath(id): CallInPath,
) -> Result<Response, Problem> {
    let id = id.ok_or(ProvisioningError::CallRecordNotFound)?;
    let record = shared.provisioning.call_record(&scope, id).await?;
    answer::json(StatusCode::OK, &CallRecordObject::from(&record))
}
