//! `GET /admin/v1/audit-log?account&limit&cursor&action&subject&actor&from&to`

use crate::api::Shared;
use crate::audit_log::{AccountParameter, AuditList, AuditParameters, WholeAuditQuery, answered};
use crate::operator::access::Access;
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use std::sync::Arc;

/// List what was changed
///
/// Every change of anything, newest first, with who made it and from where; never deleted.
#[utoipa::path(
    get,
    path = "/admin/v1/audit-log",
    operation_id = "operator-list-audit-log",
    params(AuditParameters, AccountParameter),
    responses(
        (status = 200, description = "A page of the audit log, newest first", body = AuditList),
        (status = 404, description = "There is no such account", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    WholeAuditQuery(account, request): WholeAuditQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let page = shared.provisioning.whole_audit_log(&operator, (account.clone(), request.clone())).await?;
    answered(&page, (account.map(|account| account.to_string()), &request), &uri)
}
