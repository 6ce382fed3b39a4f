//! `DELETE /api/v1/Account/{auth_id}/credentials/{credential_id}/provisioning-links/{link_id}`

use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter, LinkInPath};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Take a provisioning link back
///
/// Whoever has it has nothing; a device that it has made stays.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/provisioning-links/{link_id}",
    operation_id = "delete-provisioning-link",
    responses((status = 204, description = "It is good for nothing any more"))
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(credential): CredentialInPath,
    LinkInPath(id): LinkInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.delete_link(&scope, context, (credential, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
