//! `DELETE /api/v1/Account/{auth_id}/ip-acl/{ip_acl_id}`

use crate::api::Shared;
use crate::authenticated::{AccountWriter, IpAclInPath};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Delete an entry of the IP access list
///
/// Trunks are detached from it.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/ip-acl/{ip_acl_id}",
    operation_id = "delete-ip-acl",
    responses((status = 204, description = "It is gone, on every node"))
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    IpAclInPath(id): IpAclInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.delete_ip_acl(&account, context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
