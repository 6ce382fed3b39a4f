//! `DELETE /admin/v1/bans/{ban_id}`

use crate::api::Shared;
use crate::authenticated::BanInPath;
use crate::operator::access::Access;
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Lift a ban
///
/// Its failures are forgotten too.
#[utoipa::path(
    delete,
    path = "/admin/v1/bans/{ban_id}",
    operation_id = "operator-lift-ban",
    responses(
        (status = 204, description = "It holds no more"),
        (status = 404, description = "No such ban holds", body = ErrorBody),
    )
)]
pub(crate) async fn lift(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    BanInPath(id): BanInPath,
) -> Result<StatusCode, Problem> {
    shared.provisioning.lift_any_ban(&operator, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
