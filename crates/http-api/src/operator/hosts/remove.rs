//! `DELETE /admin/v1/accounts/{auth_id}/hosts/{host}`

use crate::api::Shared;
use crate::operator::access::{Access, AccountInPath, HostInPath};
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Remove a host name
///
/// The account's SIP domain and its realm's name stay.
#[utoipa::path(
    delete,
    path = "/admin/v1/accounts/{auth_id}/hosts/{host}",
    operation_id = "operator-remove-host",
    responses(
        (status = 204, description = "It leads nowhere any more"),
        (status = 404, description = "The account has no such host name", body = ErrorBody),
        (status = 409, description = "It is the account's SIP domain or its realm's name", body = ErrorBody),
    )
)]
pub(crate) async fn remove(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountInPath(auth_id): AccountInPath,
    HostInPath(host): HostInPath,
) -> Result<StatusCode, Problem> {
    shared.provisioning.remove_host(&operator, (auth_id, host)).await?;
    Ok(StatusCode::NO_CONTENT)
}
