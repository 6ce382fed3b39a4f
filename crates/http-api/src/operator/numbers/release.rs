//! `DELETE /admin/v1/numbers/{e164}`

use crate::api::Shared;
use crate::authenticated::NumberInPath;
use crate::operator::access::Access;
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Take a number back from its account
#[utoipa::path(
    delete,
    path = "/admin/v1/numbers/{e164}",
    operation_id = "operator-release-number",
    responses(
        (status = 204, description = "It is nobody's"),
        (status = 404, description = "It is allocated to nobody", body = ErrorBody),
    )
)]
pub(crate) async fn release(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    NumberInPath(e164): NumberInPath,
) -> Result<StatusCode, Problem> {
    shared.provisioning.release_number(&operator, e164).await?;
    Ok(StatusCode::NO_CONTENT)
}
