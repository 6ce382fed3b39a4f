//! `DELETE /api/v1/Account/{auth_id}/credentials/{credential_id}/registrations`

use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use provisioning::RegistrationsToEnd;
use std::sync::Arc;

/// End a credential's registrations
///
/// None of them is called any more when this has answered, also after a restart; connections they were made over are
/// closed. The phones may register again: to keep them out, disable the credential.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/registrations",
    operation_id = "end-registrations",
    responses((status = 204, description = "None is left, on every node"))
)]
pub(crate) async fn end_all(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    let what = (&*shared.config.registrations, id, RegistrationsToEnd::All);
    shared.provisioning.end_registrations(&scope, context, what).await?;
    Ok(StatusCode::NO_CONTENT)
}
