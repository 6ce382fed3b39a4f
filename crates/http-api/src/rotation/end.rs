//! `DELETE /api/v1/Account/{auth_id}/credentials/{credential_id}/rotate`

use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// End a rotation's overlap
///
/// When this has answered, no node accepts the password before the present one, and the registrations made with it have
/// ended. Nothing happens where no overlap runs.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/rotate",
    operation_id = "end-credential-overlap",
    responses((status = 204, description = "Only the present password works"))
)]
pub(crate) async fn end(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.end_overlap(&scope, context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
