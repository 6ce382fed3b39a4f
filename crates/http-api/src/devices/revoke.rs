//! `DELETE /api/v1/Account/{auth_id}/credentials/{credential_id}/devices/{device_id}`

use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter, DeviceInPath};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Revoke a device
///
/// When this has answered, no node accepts its password, what its phone registered has ended, and its connections are
/// being closed. Other devices, and phones with the credential's own password, notice nothing.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/devices/{device_id}",
    operation_id = "revoke-device",
    responses((status = 204, description = "It lets nobody in any more, on every node"))
)]
pub(crate) async fn revoke(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(credential): CredentialInPath,
    DeviceInPath(id): DeviceInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.revoke_device(&scope, context, (credential, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
