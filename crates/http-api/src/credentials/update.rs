//! `PUT /api/v1/Account/{auth_id}/credentials/{id}`: partial, what is absent stays.

use super::object::CredentialObject;
use super::score::with_score;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::pagination::QueryReader;
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::Password;
use provisioning::{CallsAfter, CredentialUpdate, Description};
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["password", "enabled", "description"],
    refused: &[("username", "cannot be changed: create a new credential and delete the old one")],
    hint: "only password, enabled and description can be changed",
};

/// What to change about a credential; what is absent stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CredentialChanges)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct CredentialChanges {
    /// Replaces the password at once: the old one registers nobody any more.
    #[schema(
        min_length = 8,
        max_length = 128,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
        write_only,
        nullable = false
    )]
    #[schema(example = "correct horse battery staple")]
    password: Option<String>,
    /// Disabling ends its registrations at once.
    #[schema(nullable = false)]
    enabled: Option<bool>,
    /// A note of your own; empty removes it.
    #[schema(max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", write_only, nullable = false)]
    #[schema(example = "reception, 2nd floor")]
    description: Option<String>,
}

/// The query.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `with_calls` reads")]
pub(crate) struct EndCallsParameter {
    /// Whether disabling also ends its calls that are answered; without it they go on.
    #[param(default = false)]
    end_calls: Option<bool>,
}

/// Change a credential
///
/// When this has answered, no node accepts what it replaced or disabled.
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}",
    operation_id = "update-credential",
    params(EndCallsParameter),
    request_body = CredentialChanges,
    responses((status = 200, description = "The credential as it is now", body = CredentialObject,
               headers(("X-Password-Score" = u8, description = "How hard a new password is to guess, 0 to 4"))))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    Context(context): Context,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let update = with_calls(read(&body)?, &uri)?;
    drop(body);
    let has_password = update.password.is_some();
    let view = shared.provisioning.update_credential(&scope, context, (id, update)).await?;
    let answer = answer::json(StatusCode::OK, &CredentialObject::from(&view))?;
    Ok(if has_password { with_score(answer, &view) } else { answer })
}

/// Calls end only with what let them in: otherwise they would begin again.
fn with_calls(update: CredentialUpdate, uri: &Uri) -> Result<CredentialUpdate, Problem> {
    let mut query = QueryReader::read(uri)?;
    let end_calls = query.flag("end_calls").unwrap_or(false);
    if end_calls && update.enabled != Some(false) {
        query.note("end_calls", "goes with \"enabled\": false in the body; DELETE on its calls ends them otherwise");
    }
    let calls = if end_calls { CallsAfter::End } else { CallsAfter::Keep };
    query.finish(CredentialUpdate { calls, ..update })
}

fn read(body: &[u8]) -> Result<CredentialUpdate, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let password = object.text("password");
    let password = password.and_then(|mut text| object.valid("password", Password::parse(std::mem::take(&mut *text))));
    let enabled = object.flag("enabled");
    let description = object.text("description");
    let description = description.and_then(|text| object.valid("description", Description::parse(&text)));
    object.finish(Some(CredentialUpdate { password, enabled, description, ..CredentialUpdate::default() }))
}

#[cfg(test)]
mod tests {
    use crate::test_api::{NOBODY, TestApi};

    #[tokio::test]
    async fn only_what_is_given_changes() {
        let api = TestApi::new().await;
        let id = api.created("changing").await;
        let path = format!("~/credentials/{id}");
        let created = api.get(&path).await;
        api.clock.advance_seconds(1);
        let unchanged = api.put(&path, "{}").await;
        assert_eq!(unchanged.shown(), created.shown());
        let disabled = api.put(&path, r#"{"enabled":false}"#).await;
        let expected = created
            .shown()
            .replace(r#""enabled":true"#, r#""enabled":false"#)
            .replace(r#""updated_at":"2026-05-12T05:11:51"#, r#""updated_at":"2026-05-12T05:11:52"#);
        assert_eq!(disabled.shown(), expected);
        let all = r#"{"password":"battery staple","enabled":true,"description":"reception, 2nd floor"}"#;
        let answer = api.put(&path, all).await;
        assert_eq!(answer.shown(), expected.replace(r#""enabled":false"#, r#""enabled":true"#), "no ninth field");
        assert_eq!(api.get(&path).await.body, answer.body);
        let shown = format!("{:?}", api.storage.audit_log());
        assert!(!shown.contains("staple") && shown.contains(r#"\"password\":\"changed\""#), "{shown}");
    }

    #[tokio::test]
    async fn every_fault_is_named_and_nothing_changes() {
        let api = TestApi::new().await;
        let id = api.created("steady").await;
        let path = format!("~/credentials/{id}");
        let before = api.get(&path).await.body;
        let long = format!(r#"{{"description":"{}"}}"#, "x".repeat(256));
        for (body, expected) in [
            (r#"{"username":"other"}"#, "username cannot be changed: create a new credential and delete the old one"),
            (r#"{"enabled":"false"}"#, "enabled must be true or false, not a string"),
            (r#"{"enabled":null}"#, "enabled must be true or false, not null"),
            (r#"{"enabled":false,"enabled":true}"#, "enabled must be given only once"),
            (r#"{"password":"short","enabled":false}"#, "password must have at least 8 characters"),
            (r#"{"description":7}"#, "description must be a string, not a number"),
            (r#"{"description":"a\nb"}"#, "description must not contain control characters"),
            (&long, "description must have at most 255 characters"),
            (r#"{"realm":"x"}"#, "realm is not accepted; only password, enabled and description can be changed"),
            ("", "The body is empty; send a JSON object"),
        ] {
            let answer = api.put(&path, body.to_owned()).await;
            assert_eq!((answer.status().as_u16(), answer.error().as_str()), (400, expected), "{body}");
        }
        assert_eq!(api.get(&path).await.body, before);
    }

    #[tokio::test]
    async fn what_is_not_there_cannot_change() {
        let api = TestApi::new().await;
        for body in ["{}", r#"{"enabled":false}"#] {
            let answer = api.put(&format!("~/credentials/{NOBODY}"), body).await;
            assert_eq!(answer.shown(), r#"404 {"error":"Credential not found","code":404}"#);
        }
    }
}
