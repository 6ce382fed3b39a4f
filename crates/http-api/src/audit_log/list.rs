//! `GET /api/v1/Account/{auth_id}/audit-log?limit&cursor&action&subject&actor&from&to`

use super::list_query::{AuditParameters, AuditQuery};
use super::page::{AuditList, answered};
use crate::api::Shared;
use crate::authenticated::AccountReader;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use std::sync::Arc;

/// List what was changed
///
/// Every change of the account and what belongs to it, newest first, with who made it; never deleted.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/audit-log",
    operation_id = "list-audit-log",
    params(AuditParameters),
    responses((status = 200, description = "A page of the audit log, newest first", body = AuditList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    AccountReader(scope): AccountReader,
    AuditQuery(request): AuditQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let page = shared.provisioning.audit_log(&scope, request.clone()).await?;
    answered(&page, (None, &request), &uri)
}
