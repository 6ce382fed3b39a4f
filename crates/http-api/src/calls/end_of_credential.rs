//! `DELETE /api/v1/Account/{auth_id}/credentials/{credential_id}/calls`

use crate::answer;
use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// How many calls are being ended.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallsEnded {
    /// How many were up.
    #[schema(minimum = 0, example = 2)]
    ended: u64,
}

/// End a credential's calls
///
/// All that it authenticated, and those to its phones. New ones may begin: to keep them out, disable the credential with
/// `end_calls=true`.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/calls",
    operation_id = "end-calls-of-credential",
    responses((status = 200, description = "Both sides of each are being told", body = CallsEnded))
)]
pub(crate) async fn end_of_credential(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    Context(context): Context,
) -> Result<Response, Problem> {
    let ended = shared.provisioning.end_calls_of_credential(&scope, context, id).await?;
    answer::json(StatusCode::OK, &CallsEnded { ended })
}
