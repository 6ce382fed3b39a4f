//! `DELETE /api/v1/Account/{auth_id}/bans/{ban_id}`

use crate::api::Shared;
use crate::authenticated::{BanInPath, CredentialsWriter};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Lift a ban
///
/// Its failures are forgotten too.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/bans/{ban_id}",
    operation_id = "lift-ban",
    responses((status = 204, description = "It holds no more"))
)]
pub(crate) async fn lift(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    BanInPath(id): BanInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.lift_ban(&scope, context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
