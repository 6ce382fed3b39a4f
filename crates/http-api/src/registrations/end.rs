//! `DELETE /api/v1/Account/{auth_id}/credentials/{credential_id}/registrations/{registration_id}`

use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter, RegistrationInPath};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use provisioning::RegistrationsToEnd;
use std::sync::Arc;

/// End a registration
///
/// That contact is not called any more when this has answered, also after a restart; the connection it was made over is
/// closed, unless other phones use it. The phone may register again: to keep it out, disable the credential.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/registrations/{registration_id}",
    operation_id = "end-registration",
    responses((status = 204, description = "It is ended, on every node"))
)]
pub(crate) async fn end(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(credential): CredentialInPath,
    RegistrationInPath(id): RegistrationInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    let what = (&*shared.config.registrations, credential, RegistrationsToEnd::One(&id));
    shared.provisioning.end_registrations(&scope, context, what).await?;
    Ok(StatusCode::NO_CONTENT)
}
