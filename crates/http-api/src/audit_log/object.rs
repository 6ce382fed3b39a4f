//! A line of the audit log as it is shown.

use crate::moment::Moment;
use domain::AuthId;
use serde::Serialize;
use serde_json::Value;
use storage::AuditRecord;
use utoipa::ToSchema;

/// What was changed, by whom and from where.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AuditRecord)]
pub(crate) struct AuditObject<'r> {
    /// Its place in the log of the whole installation.
    #[schema(minimum = 1, example = 4711)]
    id: u64,
    /// When it was decided.
    at: Moment,
    /// The account it concerns; null for none, or for one that was deleted.
    #[schema(example = "MA_XXXXXXXX")]
    auth_id: Option<String>,
    /// Who did it: an auth id, `operator`, `operator:` and a token's label, `server`, or, told to a sub-account, `parent`.
    #[schema(example = "MA_XXXXXXXX")]
    actor: &'r str,
    /// The address the request came from; empty for the operator's.
    #[schema(example = "192.0.2.7")]
    source: &'r str,
    /// The request's `X-Request-ID`.
    request_id: &'r str,
    /// What was done.
    #[schema(example = "credential.updated")]
    action: &'r str,
    /// What it was done to: an id, an auth id, a realm, a number or a setting's name.
    #[schema(example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    subject: &'r str,
    /// What changed, without secrets. Where a value was replaced: `{"before": …, "after": …}`.
    #[schema(value_type = Object, example = json!({"enabled": {"before": true, "after": false}}))]
    detail: Value,
    /// SHA-256 over the record before it and this one, in hex; null is damage.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    hash: Option<String>,
}

impl<'r> AuditObject<'r> {
    /// A detail that is no JSON is damage, and shown as null: nothing but JSON was ever written there.
    pub fn new((record, auth_id): &'r (AuditRecord, Option<AuthId>)) -> Self {
        Self {
            id: record.number,
            at: record.at.into(),
            auth_id: auth_id.as_ref().map(ToString::to_string),
            actor: &record.actor,
            source: &record.source,
            request_id: &record.request_id,
            action: &record.action,
            subject: &record.subject,
            detail: serde_json::from_str(&record.detail).unwrap_or(Value::Null),
            hash: record.hash.map(|hash| hash.to_string()),
        }
    }
}
