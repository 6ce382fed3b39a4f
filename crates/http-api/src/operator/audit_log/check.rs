//! `GET /admin/v1/audit-log/check`

use crate::answer;
use crate::api::Shared;
use crate::operator::access::Access;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use provisioning::AuditCheck;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What a check of the audit log found.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AuditCheck)]
pub(crate) struct AuditCheckObject {
    /// Whether every record is as it was written and none is missing.
    sound: bool,
    /// How many records, from the first, were found as they were written.
    #[schema(minimum = 0, example = 4711)]
    records: u64,
    /// The hash of the last of them. Noted elsewhere, it tells later whether the log was written anew.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    head: String,
    /// What is wrong first, naming the record; null where nothing is.
    #[schema(example = "record 17 of the audit log is not as it was written")]
    fault: Option<String>,
}

impl From<AuditCheck> for AuditCheckObject {
    fn from(AuditCheck { sound, fault }: AuditCheck) -> Self {
        Self {
            sound: fault.is_none(),
            records: sound.records,
            head: sound.head.to_string(),
            fault: fault.map(|fault| fault.to_string()),
        }
    }
}

/// Check the audit log
///
/// Reads all of it and follows its chain of hashes, up to the last change that was made.
#[utoipa::path(
    get,
    path = "/admin/v1/audit-log/check",
    operation_id = "operator-check-audit-log",
    responses((status = 200, description = "Whether it is as it was written", body = AuditCheckObject))
)]
pub(crate) async fn check(State(shared): State<Arc<Shared>>, Access(operator): Access) -> Result<Response, Problem> {
    let found = shared.provisioning.check_audit_log(&operator).await?;
    answer::json(StatusCode::OK, &AuditCheckObject::from(found))
}
