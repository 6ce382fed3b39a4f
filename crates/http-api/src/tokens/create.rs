//! `POST /api/v1/Account/{auth_id}/tokens`

use super::object::CreatedTokenObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountWriter;
use crate::body::JsonBody;
use crate::idempotency::{Repeatable, replayed};
use crate::json_object::{JsonObject, Shape};
use crate::moment;
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::TokenScope;
use provisioning::{Answered, ApiTokenCreated, NewApiToken, Remembering, TokenLabel};
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["label", "scope", "expires_at"],
    refused: &[],
    hint: "only label, scope and expires_at are accepted",
};

/// The rule, to continue a sentence that starts with the field.
const LABEL_RULE: &str = "must have 1 to 64 characters and no control characters";

/// What a token is created from.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewTokenBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 64, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    #[schema(example = "CI")]
    label: String,
    /// `all`: whatever the account may. `read_only`: read everything. `credentials_only`: read and change credentials.
    #[schema(pattern = "^(all|read_only|credentials_only)$", example = "read_only")]
    scope: String,
    /// A moment in the future from when on it authenticates nobody; left out: it has no end.
    #[schema(format = DateTime, nullable = false, example = "2100-01-01T00:00:00Z")]
    expires_at: Option<String>,
}

/// Create a token
///
/// Its `auth_token` is shown this once.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/tokens",
    operation_id = "create-token",
    request_body = NewTokenBody,
    responses(
        (status = 201, description = "The new token", body = CreatedTokenObject),
        (status = 409, description = "The account has as many tokens as it may", body = ErrorBody,
         example = json!({"error": "There are 100 tokens already; revoke one that is not used", "code": 409})),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    Context(context): Context,
    repeatable: Repeatable,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let new = read(&body)?;
    let Some(request) = repeatable.request(&body) else {
        let created = shared.provisioning.create_api_token(&account, context, new).await?;
        return answer::json(StatusCode::CREATED, &CreatedTokenObject::new(&account, &created));
    };
    let render = |created: &ApiTokenCreated| answer::remembered(&CreatedTokenObject::new(&account, created));
    let remembering = Remembering { request, render: &render };
    match shared.provisioning.create_api_token_once(&account, context, new, &remembering).await? {
        Answered::Fresh(created) => answer::json(StatusCode::CREATED, &CreatedTokenObject::new(&account, &created)),
        Answered::Replayed(answer) => replayed(&answer),
    }
}

fn read(body: &[u8]) -> Result<NewApiToken, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let label = object.required_text("label");
    let label = label.and_then(|text| object.valid("label", TokenLabel::parse(&text).map_err(|_| LABEL_RULE)));
    let scope = object.required_text("scope");
    let scope = scope.and_then(|text| {
        object.valid("scope", TokenScope::from_name(&text).ok_or("must be all, read_only or credentials_only"))
    });
    let expires_at = object.text("expires_at");
    let expires_at = expires_at.and_then(|text| object.valid("expires_at", moment::parsed(&text)));
    object.finish(label.zip(scope)).map(|(label, scope)| NewApiToken { label, scope, expires_at })
}

#[cfg(test)]
mod tests {
    use crate::test_api::{ACCOUNT, TestApi};

    #[tokio::test]
    async fn a_token_is_shown_once_and_works_as_its_scope_says() {
        let api = TestApi::new().await;
        let answer =
            api.post("~/tokens", r#"{"label":"CI","scope":"read_only","expires_at":"2027-01-01T00:00:00Z"}"#).await;
        assert_eq!(answer.status(), 201, "{}", answer.body);
        let created = answer.json();
        let (id, token) = (created["id"].as_str().unwrap(), created["auth_token"].as_str().unwrap());
        assert_eq!(created["expires_at"], "2027-01-01T00:00:00.000000Z");
        let shown = api.get(&format!("~/tokens/{id}")).await;
        assert!(!shown.body.contains(token) && shown.json().get("auth_token").is_none(), "{}", shown.body);
        let listed = api.get("~/tokens").await.json();
        assert_eq!((listed["meta"]["total"].as_u64(), listed["objects"][1]["label"].as_str()), (Some(2), Some("CI")));
        for (method, path, expected) in [
            ("GET", "~/trunks/credentials", 200),
            ("GET", "~/tokens", 200),
            ("POST", "~/tokens", 403),
            ("POST", "~/credentials", 403),
        ] {
            let answer = api.with_token(token, method, path, "{}").await;
            assert_eq!(answer.status(), expected, "{method} {path}: {}", answer.body);
        }
        let refused = api.with_token(token, "POST", "~/credentials", "{}").await;
        assert_eq!(refused.error(), "This token may only read; use one of scope all or credentials_only");
        assert_eq!(api.delete(&format!("~/tokens/{id}")).await.shown(), "204 ");
        assert_eq!(api.with_token(token, "GET", "~/tokens", "").await.status(), 401);
        assert_eq!(
            api.delete(&format!("~/tokens/{id}")).await.shown(),
            r#"404 {"error":"Token not found","code":404}"#
        );
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let api = TestApi::new().await;
        for (body, expected) in [
            ("{}", "label is required; scope is required"),
            (
                r#"{"label":" ","scope":"ALL"}"#,
                "label must have 1 to 64 characters and no control characters; scope must be all, read_only or credentials_only",
            ),
            (
                r#"{"label":"a","scope":"all","expires_at":"tomorrow"}"#,
                "expires_at must be a moment like 2026-05-12T05:11:51Z",
            ),
            (r#"{"label":"a","scope":"all","expires_at":null}"#, "expires_at must be a string, not null"),
            (
                r#"{"label":"a","scope":"all","expires_at":"2001-01-01T00:00:00Z"}"#,
                "The expiry has passed already; give a moment in the future, or none",
            ),
            (
                r#"{"label":"a","scope":"all","id":1}"#,
                "id is not accepted; only label, scope and expires_at are accepted",
            ),
        ] {
            let answer = api.post("~/tokens", body).await;
            assert_eq!((answer.status().as_u16(), answer.error().as_str()), (400, expected), "{body}");
        }
    }

    #[tokio::test]
    async fn the_last_token_for_everything_stays() {
        let api = TestApi::new().await;
        let id = api.get("~/tokens").await.json()["objects"][0]["id"].as_str().unwrap().to_owned();
        let answer = api.delete(&format!("~/tokens/{id}")).await;
        assert_eq!(answer.status(), 409);
        assert!(answer.error().starts_with("This is the account's last valid token of scope all"), "{}", answer.body);
    }

    #[tokio::test]
    async fn repeating_with_a_key_creates_once_and_shows_the_token_again() {
        let api = TestApi::new().await;
        let body = r#"{"label":"CI","scope":"all"}"#;
        let first = api.post_with_key("~/tokens", "key-1", body).await;
        let again = api.post_with_key(&format!("/api/v1/account/{ACCOUNT}/tokens/"), "key-1", body).await;
        assert_eq!((first.status(), first.header("idempotency-replayed")), (axum::http::StatusCode::CREATED, ""));
        assert_eq!((again.shown(), again.header("idempotency-replayed")), (first.shown(), "true"));
        assert_eq!(again.header("content-type"), "application/json");
        assert_eq!(api.get("~/tokens").await.json()["meta"]["total"], 2);
        let other = api.post_with_key("~/tokens", "key-1", r#"{"label":"other","scope":"all"}"#).await;
        assert_eq!(
            (other.status().as_u16(), other.error().as_str()),
            (422, "That Idempotency-Key was used for another request; use a new one")
        );
        for bad in ["", "a b", &"x".repeat(256)] {
            let answer = api.post_with_key("~/tokens", bad, body).await;
            assert_eq!(
                (answer.status().as_u16(), answer.error().as_str()),
                (400, "Idempotency-Key must have 1 to 255 visible ASCII characters"),
                "{bad}"
            );
        }
    }
}
