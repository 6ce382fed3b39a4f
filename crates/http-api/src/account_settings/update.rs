//! `PUT /api/v1/Account/{auth_id}/settings`: partial, what is absent stays.

use super::object::SettingsObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountWriter;
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{EventRetention, PasswordScore};
use provisioning::SettingsUpdate;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["event_retention_days", "minimum_password_score"],
    refused: &[],
    hint: "only event_retention_days and minimum_password_score can be set",
};

/// What to change about the settings; what is absent stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountSettingsChanges, example = json!({"minimum_password_score": 3}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct SettingsChanges {
    /// How many days to keep authentication events; older ones are deleted.
    #[schema(nullable = false, minimum = 1, maximum = 3650)]
    event_retention_days: Option<u16>,
    /// The lowest score, as zxcvbn counts, of passwords that are set from now on; 0 takes any.
    #[schema(nullable = false, maximum = 4)]
    minimum_password_score: Option<u8>,
}

/// Change the account's settings
///
/// Passwords that were set before stay, whatever they score.
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/settings",
    operation_id = "update-settings",
    request_body = SettingsChanges,
    responses((status = 200, description = "The settings as they are now", body = SettingsObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let update = read(&body)?;
    let settings = shared.provisioning.update_settings(&account, context, update).await?;
    answer::json(StatusCode::OK, &SettingsObject::from(settings))
}

fn read(body: &[u8]) -> Result<SettingsUpdate, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let event_retention = object.number("event_retention_days").and_then(|days| {
        let retention = u16::try_from(days).ok().and_then(EventRetention::of_days);
        object.valid("event_retention_days", retention.ok_or("must be 1 to 3650"))
    });
    let minimum_password_score = object.number("minimum_password_score").and_then(|score| {
        let score = u8::try_from(score).ok().and_then(PasswordScore::new);
        object.valid("minimum_password_score", score.ok_or("must be 0 to 4"))
    });
    object.finish(Some(SettingsUpdate { event_retention, minimum_password_score }))
}

#[cfg(test)]
mod tests {
    use crate::test_api::TestApi;

    #[tokio::test]
    async fn what_is_given_changes_and_the_rest_stays() {
        let api = TestApi::new().await;
        let shown =
            |days: u16, score: u8| format!(r#"200 {{"event_retention_days":{days},"minimum_password_score":{score}}}"#);
        assert_eq!(api.get("~/settings").await.shown(), shown(30, 0));
        for (body, days, score) in [
            ("{}", 30, 0),
            (r#"{"event_retention_days":7}"#, 7, 0),
            (r#"{"minimum_password_score":3}"#, 7, 3),
            (r#"{"event_retention_days":3650,"minimum_password_score":4}"#, 3650, 4),
        ] {
            assert_eq!(api.put("~/settings", body).await.shown(), shown(days, score), "{body}");
            assert_eq!(api.get("~/settings").await.shown(), shown(days, score), "{body}");
        }
        let log = format!("{:?}", api.storage.audit_log());
        assert!(log.contains(r#"{\"event_retention_days\":3650,\"minimum_password_score\":4}"#), "{log}");
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let api = TestApi::new().await;
        for (body, expected) in [
            (r#"{"event_retention_days":0}"#, "event_retention_days must be 1 to 3650"),
            (r#"{"event_retention_days":65537}"#, "event_retention_days must be 1 to 3650"),
            (r#"{"event_retention_days":"30"}"#, "event_retention_days must be a whole number, not a string"),
            (r#"{"minimum_password_score":5}"#, "minimum_password_score must be 0 to 4"),
            (r#"{"minimum_password_score":null}"#, "minimum_password_score must be a whole number, not null"),
            (
                r#"{"realm":"x"}"#,
                "realm is not accepted; only event_retention_days and minimum_password_score can be set",
            ),
        ] {
            let answer = api.put("~/settings", body).await;
            assert_eq!((answer.status().as_u16(), answer.error().as_str()), (400, expected), "{body}");
        }
        assert_eq!(
            api.get("~/settings").await.shown(),
            r#"200 {"event_retention_days":30,"minimum_password_score":0}"#
        );
    }

    #[tokio::test]
    async fn settings_are_the_accounts_own() {
        let api = TestApi::new().await;
        assert_eq!(api.as_other("PUT", "/api/v1/Account/MA_TEST0001/settings", "{}").await.status(), 403);
        let made = api.post("~/tokens", r#"{"label":"phones","scope":"credentials_only"}"#).await.json();
        let token = made["auth_token"].as_str().unwrap();
        for (method, body) in [("GET", ""), ("PUT", "{}")] {
            assert_eq!(api.with_token(token, method, "~/settings", body).await.status(), 403, "{method}");
        }
    }
}
