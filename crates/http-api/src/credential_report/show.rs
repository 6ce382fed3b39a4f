//! `GET /api/v1/Account/{auth_id}/reports/credentials?older_than_days&unused_for_days&limit&offset`

use super::object::CredentialReportObject;
use super::query::{ReportParameters, ReportQuery};
use crate::api::Shared;
use crate::authenticated::Authenticated;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use std::sync::Arc;

/// Report old passwords and unused credentials
///
/// What to rotate and what to delete; up to a minute ago.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/reports/credentials",
    operation_id = "report-credentials",
    params(ReportParameters),
    responses((status = 200, description = "A page of them, and how many are in which state", body = CredentialReportObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    ReportQuery(query): ReportQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let view = shared.provisioning.credential_report(&scope, query).await?;
    CredentialReportObject::answer(&view, query, &uri)
}

#[cfg(test)]
mod tests {
    use crate::test_api::TestApi;
    use serde_json::{Value, json};

    fn names(report: &Value) -> Vec<&str> {
        report["objects"].as_array().unwrap().iter().map(|one| one["username"].as_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn old_passwords_and_unused_credentials_are_listed() {
        let api = TestApi::new().await;
        let (first, second) = (api.created("first").await, api.created("second").await);
        api.other_credential("theirs").await;
        api.clock.advance_seconds(91 * 86_400);
        let third = api.created("third").await;
        api.put(&format!("~/credentials/{second}"), r#"{"password":"battery staple"}"#).await;
        let report = api.get("~/reports/credentials").await;
        assert_eq!(report.status(), 200, "{}", report.body);
        let json = report.json();
        assert_eq!(json["meta"], json!({"limit": 20, "offset": 0, "total": 2}));
        let totals = json!({"credentials": 3, "never_used": 3, "unused": 2, "password_old": 1, "expired": 0});
        assert_eq!((&json["totals"], names(&json)), (&totals, vec!["first", "second"]));
        let expected = json!({
            "credential_id": first, "username": "first", "enabled": true, "password_old": true, "unused": true,
            "password_changed_at": "2026-05-12T05:11:51.635106Z", "password_age_days": 91,
            "last_used_at": null, "created_at": "2026-05-12T05:11:51.635106Z", "expires_at": null,
        });
        assert_eq!(json["objects"][0], expected);
        let old = api.get("~/reports/credentials?older_than_days=90").await.json();
        assert_eq!((names(&old), &old["unused_for_days"]), (vec!["first"], &Value::Null));
        let unused = api.get("~/reports/credentials?unused_for_days=90&limit=1").await;
        assert_eq!(names(&unused.json()), ["first"]);
        let next =
            "</api/v1/Account/MA_TEST0001/reports/credentials?unused_for_days=90&limit=1&offset=1>; rel=\"next\"";
        assert_eq!(unused.header("link"), next);
        assert_eq!(names(&api.get("~/reports/credentials?unused_for_days=92").await.json()), Vec::<&str>::new());
        api.clock.advance_seconds(1);
        let all = api.get("~/reports/credentials?older_than_days=0").await.json();
        assert_eq!(all["objects"][2]["credential_id"], third);
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let api = TestApi::new().await;
        for name in ["older_than_days", "unused_for_days"] {
            for days in ["3651", "x", "-1"] {
                let answer = api.get(&format!("~/reports/credentials?{name}={days}")).await;
                assert_eq!(answer.error(), format!("{name} must be a whole number from 0 to 3650"));
            }
        }
    }
}
