//! `GET /api/v1/Account/{auth_id}/algorithm-report?days&limit&offset`

use super::{AlgorithmReportObject, ReportParameters, ReportQuery};
use crate::api::Shared;
use crate::authenticated::Authenticated;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use std::sync::Arc;

/// Show which credentials still use MD5
///
/// As of a few seconds ago.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/algorithm-report",
    operation_id = "show-algorithm-report",
    params(ReportParameters),
    responses((status = 200, description = "A page of those that do, and how many use what", body = AlgorithmReportObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    ReportQuery(query): ReportQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let report = shared.provisioning.algorithm_report(&scope, query).await?;
    AlgorithmReportObject::answer(report, query, &uri)
}

#[cfg(test)]
mod tests {
    use crate::test_api::TestApi;
    use domain::{AlgorithmUse, Clock, CredentialId, Day, DigestAlgorithm};
    use storage::AlgorithmUses;

    fn used(id: &str, algorithm: DigestAlgorithm, days: (Day, Day), user_agent: &str) -> AlgorithmUse {
        let credential = CredentialId::parse(id).unwrap();
        AlgorithmUse { credential, algorithm, first_day: days.0, last_day: days.1, user_agent: user_agent.into() }
    }

    #[tokio::test]
    async fn those_that_use_md5_are_listed_and_all_are_counted() {
        let api = TestApi::new().await;
        let (old, both, sha) = (api.created("old").await, api.created("both").await, api.created("sha").await);
        let elsewhere = api.other_credential("elsewhere").await;
        let today = Day::of(api.clock.now());
        let (md5, sha256) = (DigestAlgorithm::Md5, DigestAlgorithm::Sha256);
        let uses = vec![
            used(&old, md5, (today.minus_days(40), today.minus_days(30)), "long ago"),
            used(&both, md5, (today.minus_days(29), today.minus_days(29)), "\"=1+1"),
            used(&both, sha256, (today, today), "new"),
            used(&sha, sha256, (today, today), "new"),
            used(&elsewhere, md5, (today, today), "theirs"),
        ];
        api.storage.save_algorithm_uses(uses).await.unwrap();
        let report = api.get("~/algorithm-report").await;
        let json = report.json();
        assert_eq!(report.status(), 200, "{}", report.body);
        let totals = r#"{"credentials":3,"using_md5":1,"using_sha_only":1,"with_md5_ha1":3}"#;
        assert_eq!(json["totals"], serde_json::from_str::<serde_json::Value>(totals).unwrap());
        assert_eq!((&json["days"], &json["meta"]["total"]), (&30.into(), &1.into()));
        let object = &json["objects"][0];
        assert_eq!((&object["username"], &object["account_id"]), (&"both".into(), &"MA_TEST0001".into()));
        let first = r#"{"algorithm":"MD5","first_day":"2026-04-13","last_day":"2026-04-13","user_agent":"\"=1+1"}"#;
        assert_eq!(object["algorithms"][0], serde_json::from_str::<serde_json::Value>(first).unwrap());
        assert_eq!(object["algorithms"][1]["algorithm"], "SHA-256");
        let longer = api.get("~/algorithm-report?days=31&limit=1").await;
        assert_eq!(
            (&longer.json()["meta"]["total"], longer.json()["objects"].as_array().unwrap().len()),
            (&2.into(), 1)
        );
        let next = "</api/v1/Account/MA_TEST0001/algorithm-report?days=31&limit=1&offset=1>; rel=\"next\"";
        assert_eq!(longer.header("link"), next);
        for days in ["0", "3651", "x", "-1"] {
            let answer = api.get(&format!("~/algorithm-report?days={days}")).await;
            assert_eq!(answer.error(), "days must be a whole number from 1 to 3650");
        }
    }
}
