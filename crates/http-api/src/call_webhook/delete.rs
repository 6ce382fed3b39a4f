//! `DELETE /api/v1/Account/{auth_id}/call-webhook`

use crate::api::Shared;
use crate::authenticated::AccountWriter;
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Delete the webhook
///
/// With its secret. Nothing more is told, at the URLs of trunks neither, and what waits is forgotten.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/call-webhook",
    operation_id = "delete-call-webhook",
    responses(
        (status = 204, description = "It is gone, on every node"),
        (status = 404, description = "The account has none", body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.delete_webhook(&account, context).await?;
    Ok(StatusCode::NO_CONTENT)
}
