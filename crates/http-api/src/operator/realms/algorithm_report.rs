//! `GET /admin/v1/realms/{realm}/algorithm-report?days&limit&offset`

use crate::algorithm_report::{AlgorithmReportObject, ReportParameters, ReportQuery};
use crate::api::Shared;
use crate::operator::access::{Access, RealmInPath};
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use std::sync::Arc;

/// Show which of a realm's credentials still use MD5
///
/// As of a few seconds ago, whichever accounts own them.
#[utoipa::path(
    get,
    path = "/admin/v1/realms/{realm}/algorithm-report",
    operation_id = "operator-show-algorithm-report",
    params(ReportParameters),
    responses(
        (status = 200, description = "A page of those that do, and how many use what", body = AlgorithmReportObject),
        (status = 404, description = "There is no such realm", body = ErrorBody),
    )
)]
pub(crate) async fn algorithm_report(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    RealmInPath(realm): RealmInPath,
    ReportQuery(query): ReportQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let report = shared.provisioning.realm_algorithm_report(&operator, realm, query).await?;
    AlgorithmReportObject::answer(report, query, &uri)
}
