//! `POST /api/v1/Account/{auth_id}/credentials`

use super::object::CredentialObject;
use super::score::with_score;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::CredentialsWriter;
use crate::body::JsonBody;
use crate::idempotency::{Repeatable, replayed};
use crate::json_object::{JsonObject, Shape};
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Password, Username, UsernameRule};
use provisioning::{Answered, CredentialView, NewCredential, Remembering};
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["username", "password"],
    refused: &[],
    hint: "only username and password are accepted at creation, enabled and description are set afterwards with PUT \
           on the credential",
};

/// What a credential is created from.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCredential)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewCredentialBody {
    /// The digest username, unique in the account's realm, fixed for life.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_]+$", example = "office_phone_01")]
    username: String,
    /// The digest password: 8 to 128 characters without control characters.
    #[schema(min_length = 8, max_length = 128, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", write_only)]
    #[schema(example = "correct horse battery staple")]
    password: String,
}

/// Create a credential
///
/// A phone can register with it when this has answered.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/credentials",
    operation_id = "create-credential",
    request_body = NewCredentialBody,
    responses(
        (status = 201, description = "The new credential, enabled", body = CredentialObject,
         headers(("X-Password-Score" = u8, description = "How hard the password is to guess, 0 to 4; not in a replay"))),
        (status = 409, description = "The realm already has a credential of that username", body = ErrorBody,
         example = json!({"error": "Username already exists", "code": 409})),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(account): CredentialsWriter,
    Context(context): Context,
    repeatable: Repeatable,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let new = read(&body, shared.provisioning.username_rule())?;
    let request = repeatable.request(&body);
    drop(body);
    let answered = |view: &CredentialView| {
        answer::json(StatusCode::CREATED, &CredentialObject::from(view)).map(|answer| with_score(answer, view))
    };
    let Some(request) = request else {
        return answered(&shared.provisioning.create_credential(&account, context, new).await?);
    };
    let render = |view: &CredentialView| answer::remembered(&CredentialObject::from(view));
    let remembering = Remembering { request, render: &render };
    match shared.provisioning.create_credential_once(&account, context, new, &remembering).await? {
        Answered::Fresh(view) => answered(&view),
        Answered::Replayed(answer) => replayed(&answer),
    }
}

fn read(body: &[u8], rule: UsernameRule) -> Result<NewCredential, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let username = object.required_text("username");
    let username = username.and_then(|text| object.valid("username", Username::parse(&text, rule)));
    let password = object.required_text("password");
    let password = password.and_then(|mut text| object.valid("password", Password::parse(std::mem::take(&mut *text))));
    object.finish(username.zip(password)).map(|(username, password)| NewCredential { username, password })
}

#[cfg(test)]
mod tests {
    use crate::test_api::{ACCOUNT, OTHER, TestApi};
    use axum::body::Body;
    use axum::http::Method;

    #[tokio::test]
    async fn the_whole_object_and_nothing_else_comes_back() {
        let api = TestApi::new().await;
        let answer = api.post("~/credentials", r#"{"username":"office_phone_01","password":"correct horse"}"#).await;
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        assert!(domain::CredentialId::parse(&id).is_some());
        assert_eq!(
            answer.shown(),
            format!(
                r#"201 {{"id":"{id}","account_id":"{ACCOUNT}","username":"office_phone_01","password":"<redacted>","#
            ) + &format!(
                r#""realm":"{ACCOUNT}.sip.localhost","enabled":true,"created_at":"2026-05-12T05:11:51.635106Z","#
            ) + r#""updated_at":"2026-05-12T05:11:51.635106Z"}"#
        );
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(api.get(&format!("~/credentials/{id}")).await.body, answer.body);
    }

    #[tokio::test]
    async fn a_taken_username_is_409() {
        let api = TestApi::new().await;
        api.created("taken").await;
        let again = api.post("~/credentials", r#"{"username":"taken","password":"another horse"}"#).await;
        assert_eq!(again.shown(), r#"409 {"error":"Username already exists","code":409}"#);
        api.created("Taken").await;
        let elsewhere = api
            .request(Method::POST, &format!("/api/v1/Account/{OTHER}/credentials"))
            .header("content-type", "application/json")
            .body(Body::from(r#"{"username":"taken","password":"another horse"}"#));
        let mut elsewhere = elsewhere.unwrap();
        elsewhere.headers_mut().insert("x-auth-id", OTHER.parse().unwrap());
        elsewhere.headers_mut().insert("x-auth-token", api.other_token.parse().unwrap());
        assert_eq!(api.send(elsewhere).await.status(), 201, "unique within the account only");
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let api = TestApi::new().await;
        let (short, long, too_long) = ("1234567", "x".repeat(128), "x".repeat(129));
        let with_password = |password: &str| format!(r#"{{"username":"user","password":"{password}"}}"#);
        let with_username = |username: &str| format!(r#"{{"username":"{username}","password":"correct horse"}}"#);
        let forbidden = "username may contain only letters A-Z and a-z, digits and underscores";
        let control = "password must not contain control characters";
        for (body, expected) in [
            (String::new(), "The body is empty; send a JSON object"),
            ("{\"username\":".into(), "The body is not valid JSON at line 1, column 12; send one object"),
            ("[1]".into(), "The body is not a JSON object; send one, like {\"name\": \"value\"}"),
            ("{}".into(), "username is required; password is required"),
            (
                r#"{"username":null,"password":12345678}"#.into(),
                "username must be a string, not null; password must be a string, not a number",
            ),
            (with_password(short), "password must have at least 8 characters"),
            (with_password(&too_long), "password must have at most 128 characters"),
            (with_password("correct\\u0000horse"), control),
            (with_password("correct\\u0085horse"), control),
            (with_username(""), "username must not be empty"),
            (with_username(&"x".repeat(65)), "username must have at most 64 characters"),
            (with_username("a-b"), forbidden),
            (with_username("j\u{f6}rg"), forbidden),
            (with_username("a\\u0000b"), forbidden),
            (
                r#"{"username":"a b","password":"short"}"#.into(),
                "username may contain only letters A-Z and a-z, digits and underscores; \
                 password must have at least 8 characters",
            ),
            (
                r#"{"username":"a","username":"a","password":"correct horse"}"#.into(),
                "username must be given only once",
            ),
            (
                r#"{"username":"a","password":"correct horse","enabled":false}"#.into(),
                "enabled is not accepted; only username and password are accepted at creation, \
                 enabled and description are set afterwards with PUT on the credential",
            ),
        ] {
            let answer = api.post("~/credentials", body.clone()).await;
            assert_eq!(answer.status(), 400, "{body}");
            assert_eq!(answer.error(), expected, "{body}");
            let fields = answer.json()["details"].as_array().map(Vec::len);
            assert_eq!(fields.is_some(), !expected.starts_with("The body"), "{body}");
        }
        let both = api.post("~/credentials", r#"{"username":"a b","password":"short"}"#).await;
        assert_eq!(
            both.json()["details"].to_string(),
            r#"[{"field":"username","problem":"may contain only letters A-Z and a-z, digits and underscores"},"#
                .to_owned()
                + r#"{"field":"password","problem":"must have at least 8 characters"}]"#
        );
        for good in [long.as_str(), "12345678", "p\u{e4}ssw\u{f6}rd"] {
            assert_eq!(
                api.post("~/credentials", with_password(good)).await.status(),
                if good == long { 201 } else { 409 }
            );
        }
    }

    #[tokio::test]
    async fn type_and_size_of_the_body_are_checked_first() {
        let api = TestApi::new().await;
        let request = |content_type: Option<&str>, body: String| {
            let mut request = api.request(Method::POST, "~/credentials").body(Body::from(body)).unwrap();
            if let Some(content_type) = content_type {
                request.headers_mut().insert("content-type", content_type.parse().unwrap());
            }
            request
        };
        let valid = r#"{"username":"typed","password":"correct horse"}"#;
        for wrong in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonl")] {
            let answer = api.send(request(wrong, "x".repeat(70_000))).await;
            assert_eq!(
                answer.shown(),
                r#"415 {"error":"Send the body as JSON, with Content-Type: application/json","code":415}"#
            );
        }
        let largest = format!("{valid}{}", " ".repeat(65_536 - valid.len()));
        let answer = api.send(request(Some("application/json"), largest.clone() + " ")).await;
        assert_eq!(answer.shown(), r#"413 {"error":"The body is too large; send at most 65536 octets","code":413}"#);
        let answer = api.send(request(Some("application/json; charset=utf-8"), largest)).await;
        assert_eq!(answer.status(), 201);
    }

    #[tokio::test]
    async fn failures_inside_are_not_shown() {
        let api = TestApi::new().await;
        let body = r#"{"username":"user","password":"correct horse"}"#;
        api.storage.fail_next_commit();
        let answer = api.post("~/credentials", body).await;
        assert_eq!(
            answer.shown(),
            r#"503 {"error":"The storage is unavailable and nothing was changed; try again in a moment","code":503}"#
        );
        assert_eq!(answer.header("retry-after"), "1");
        api.storage.fail_next_coherence();
        let answer = api.post("~/credentials", body).await;
        assert_eq!(answer.status(), 503);
        assert!(answer.error().starts_with("The change is stored, but not every node has confirmed it yet"));
        assert_eq!(api.post("~/credentials", body).await.status(), 409);
    }

    #[tokio::test]
    async fn the_audit_record_tells_who_from_where_and_which_request() {
        let api = TestApi::new().await;
        let request = api
            .request(Method::POST, "~/credentials")
            .header("content-type", "application/json")
            .header("x-request-id", "req-7")
            .body(Body::from(r#"{"username":"audited","password":"correct horse"}"#));
        assert_eq!(api.send(request.unwrap()).await.header("x-request-id"), "req-7");
        let log = api.storage.audit_log();
        let (_, last) = log.last().unwrap();
        assert_eq!((&*last.actor, &*last.source, &*last.request_id), (ACCOUNT, "192.0.2.7", "req-7"));
        assert!(!format!("{log:?}").contains("horse"));
    }

    #[tokio::test]
    async fn repeating_with_a_key_creates_one_and_a_refusal_is_not_remembered() {
        let api = TestApi::new().await;
        let body = r#"{"username":"once","password":"correct horse"}"#;
        let first = api.post_with_key("~/credentials", "k", body).await;
        let again = api.post_with_key("~/credentials", "k", body).await;
        assert_eq!((first.status().as_u16(), first.header("idempotency-replayed")), (201, ""));
        assert_eq!((again.shown(), again.header("idempotency-replayed")), (first.shown(), "true"));
        assert_eq!(api.post_with_key("~/credentials", "other", body).await.status(), 409);
        api.delete(&format!("~/credentials/{}", first.json()["id"].as_str().unwrap())).await;
        assert_eq!(api.post_with_key("~/credentials", "other", body).await.status(), 201);
        let elsewhere = api.post_with_key("~/tokens", "k", r#"{"label":"a","scope":"all"}"#).await;
        assert_eq!(elsewhere.status(), 422, "{}", elsewhere.body);
    }
}
