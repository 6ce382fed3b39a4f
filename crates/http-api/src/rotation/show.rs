//! `GET /api/v1/Account/{auth_id}/credentials/{credential_id}/rotation`

use super::object::RotationObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{Authenticated, CredentialInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Show how far a rotation is
///
/// Which passwords work at this moment, and which devices are still registered with the one before.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/rotation",
    operation_id = "show-credential-rotation",
    responses((status = 200, description = "The credential's passwords and devices", body = RotationObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Problem> {
    let rotation = shared.provisioning.rotation(&scope, &*shared.config.registrations, id).await?;
    answer::json(StatusCode::OK, &RotationObject::from(&rotation))
}
