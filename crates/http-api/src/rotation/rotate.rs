//! `POST /api/v1/Account/{auth_id}/credentials/{credential_id}/rotate`

use super::object::RotatedObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter};
use crate::body::JsonBody;
use crate::credentials::with_score_of;
use crate::idempotency::{Repeatable, replayed};
use crate::json_object::{JsonObject, Shape};
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Password;
use provisioning::{Answered, NewRotation, Remembering, Rotated, limits};
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["password", "overlap_seconds"],
    refused: &[],
    hint: "only password and overlap_seconds are accepted; {} makes a password and ends the present one at once",
};

/// What a rotation is to be like.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRotation, example = json!({"overlap_seconds": 86400}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewRotationBody {
    /// The new password: 8 to 128 characters without control characters. One is made where none is given.
    #[schema(
        min_length = 8,
        max_length = 128,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
        write_only,
        nullable = false
    )]
    #[schema(example = "correct horse battery staple")]
    password: Option<String>,
    /// For how many seconds the present password works beside the new one; at 0 it ends at once, and with it the
    /// registrations that were made with it.
    #[schema(minimum = 0, maximum = 2_592_000, default = 0, nullable = false)]
    overlap_seconds: Option<u32>,
}

/// Rotate a credential's password
///
/// When this has answered, every node accepts the new password, and the one before for as long as the overlap runs. The
/// answer names the devices that are still registered with the one before.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/rotate",
    operation_id = "rotate-credential",
    request_body = NewRotationBody,
    responses(
        (status = 200, description = "Which passwords work now", body = RotatedObject),
        (status = 409, description = "The overlap of an earlier rotation still runs", body = ErrorBody),
    )
)]
pub(crate) async fn rotate(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    Context(context): Context,
    repeatable: Repeatable,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let new = read(&body)?;
    let request = repeatable.request(&body);
    drop(body);
    let render = |rotated: &Rotated| answer::remembered_as(StatusCode::OK, &RotatedObject::from(rotated));
    let remembering = request.map(|request| Remembering { request, render: &render });
    let asked = (&*shared.config.registrations, id, new);
    match shared.provisioning.rotate_credential(&scope, context, asked, remembering.as_ref()).await? {
        Answered::Fresh(rotated) => answer::json(StatusCode::OK, &RotatedObject::from(&rotated))
            .map(|answer| with_score_of(answer, rotated.password_score)),
        Answered::Replayed(answer) => replayed(&answer),
    }
}

fn read(body: &[u8]) -> Result<NewRotation, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let password = object.text("password");
    let password = password.and_then(|mut text| object.valid("password", Password::parse(std::mem::take(&mut *text))));
    let overlap = object.number("overlap_seconds").unwrap_or(0);
    let overlap = object.at_most("overlap_seconds", overlap, limits::MAX_OVERLAP_SECONDS);
    object.finish(overlap.map(|overlap_seconds| NewRotation { password, overlap_seconds }))
}

#[cfg(test)]
mod tests {
    use crate::test_api::{NOBODY, TestApi};
    use serde_json::json;

    #[tokio::test]
    async fn a_password_is_made_and_shown_once_unless_one_is_given() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let path = format!("~/credentials/{id}/rotate");
        let made = api.post(&path, r#"{"overlap_seconds":3600}"#).await;
        assert_eq!(made.status(), 200, "{}", made.body);
        let object = made.json();
        let keys: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
        let all = ["credential_id", "devices", "generation", "overlap_until", "password", "password_changed_at"];
        assert_eq!(keys, all);
        let password = object["password"].as_str().unwrap();
        assert!(password.len() == 20 && password.bytes().all(|octet| octet.is_ascii_alphanumeric()));
        assert_eq!(object["credential_id"], id);
        assert_eq!(object["generation"], 2);
        assert_eq!(object["overlap_until"], "2026-05-12T06:11:51.635106Z");
        assert_eq!(object["devices"], json!({"on_current": 0, "on_previous": 0, "previous": []}));
        let shown = api.get(&format!("~/credentials/{id}/rotation")).await;
        assert!(!shown.body.contains(password), "{}", shown.body);
        let mut without = object.clone();
        without.as_object_mut().unwrap().remove("password");
        assert_eq!(shown.json(), without);
        let ended = api.delete(&path).await;
        assert_eq!((ended.status().as_u16(), ended.body.as_str()), (204, ""));
        let given = api.post(&path, r#"{"password":"battery staple"}"#).await;
        assert_eq!(given.status(), 200, "{}", given.body);
        let object = given.json();
        assert!(object.get("password").is_none() && object["overlap_until"].is_null(), "{object}");
        assert_eq!(object["generation"], 3);
        let log = format!("{:?}", api.storage.audit_log());
        assert!(!log.contains(password) && !log.contains("staple"), "{log}");
        assert!(log.contains("credential.rotated") || log.contains("CredentialRotated"), "{log}");
    }

    #[tokio::test]
    async fn one_overlap_at_a_time() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let path = format!("~/credentials/{id}/rotate");
        assert_eq!(api.post(&path, r#"{"overlap_seconds":60}"#).await.status(), 200);
        let again = api.post(&path, r#"{"overlap_seconds":60}"#).await;
        assert_eq!(again.status(), 409);
        let expected = "The overlap of an earlier rotation runs until 2026-05-12T05:12:51.635106Z; \
                        end it with DELETE on the credential's rotate, or wait";
        assert_eq!(again.error(), expected);
        api.clock.advance_seconds(60);
        assert!(api.get(&format!("~/credentials/{id}/rotation")).await.json()["overlap_until"].is_null());
        assert_eq!(api.post(&path, "{}").await.status(), 200);
        // Ending what has ended, and what never was.
        for _ in 0..2 {
            assert_eq!(api.delete(&path).await.status(), 204);
        }
        // A plain change of the password ends both that worked.
        api.post(&path, r#"{"overlap_seconds":60}"#).await;
        assert_eq!(api.put(&format!("~/credentials/{id}"), r#"{"password":"battery staple"}"#).await.status(), 200);
        let shown = api.get(&format!("~/credentials/{id}/rotation")).await.json();
        assert!(shown["overlap_until"].is_null() && shown["generation"] == 5, "{shown}");
    }

    #[tokio::test]
    async fn repeating_with_a_key_rotates_once_and_shows_the_same_password() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let path = format!("~/credentials/{id}/rotate");
        let first = api.post_with_key(&path, "k", r#"{"overlap_seconds":60}"#).await;
        let again = api.post_with_key(&path, "k", r#"{"overlap_seconds":60}"#).await;
        assert_eq!((first.status().as_u16(), first.header("idempotency-replayed")), (200, ""));
        assert_eq!((again.shown(), again.header("idempotency-replayed")), (first.shown(), "true"));
        assert_eq!(api.post_with_key(&path, "k", "{}").await.status(), 422);
        assert_eq!(api.post_with_key(&path, "other", "{}").await.status(), 409);
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let hint =
            "only password and overlap_seconds are accepted; {} makes a password and ends the present one at once";
        for (body, expected) in [
            ("", "The body is empty; send a JSON object".to_owned()),
            (r#"{"password":"short"}"#, "password must have at least 8 characters".to_owned()),
            (r#"{"password":null}"#, "password must be a string, not null".to_owned()),
            (r#"{"overlap_seconds":2592001}"#, "overlap_seconds must be at most 2592000".to_owned()),
            (r#"{"overlap_seconds":-1}"#, "overlap_seconds must be a whole number, not another number".to_owned()),
            (r#"{"overlap_seconds":"1h"}"#, "overlap_seconds must be a whole number, not a string".to_owned()),
            (r#"{"overlap":1}"#, format!("overlap is not accepted; {hint}")),
        ] {
            let answer = api.post(&format!("~/credentials/{id}/rotate"), body).await;
            assert_eq!((answer.status().as_u16(), answer.error()), (400, expected), "{body}");
        }
        let rotate = format!("~/credentials/{NOBODY}/rotate");
        for answer in [
            api.post(&rotate, "{}").await,
            api.delete(&rotate).await,
            api.get(&format!("~/credentials/{NOBODY}/rotation")).await,
        ] {
            assert_eq!(answer.shown(), r#"404 {"error":"Credential not found","code":404}"#);
        }
        let theirs = api.other_credential("theirs").await;
        assert_eq!(api.post(&format!("~/credentials/{theirs}/rotate"), "{}").await.status(), 404);
    }
}
