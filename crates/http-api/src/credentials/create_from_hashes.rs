//! `POST /api/v1/Account/{auth_id}/credentials/from-hashes`: a credential of another system, whose password nobody says.

use super::hashes::{check_realm, required_hashes};
use super::object::CredentialObject;
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
use domain::Username;
use provisioning::{Answered, CredentialView, NewFromHashes, Remembering};
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["username", "ha1_md5", "ha1_sha256", "ha1_sha512_256", "realm"],
    refused: &[("password", "is not accepted here; POST it to credentials")],
    hint: "only username, ha1_md5, ha1_sha256, ha1_sha512_256 and realm are accepted",
};

/// What a credential is created from where its password is not known: at least one hash of it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCredentialFromHashes)]
#[schema(example = json!({"username": "office_phone_02", "ha1_md5": "939e7578ed9e3c518a452acee763bce9"}))]
#[expect(dead_code, reason = "describes what `create` takes")]
pub(crate) struct NewCredentialFromHashes {
    /// The digest username, unique in the account's realm, fixed for life.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_]+$")]
    username: String,
    /// MD5 of `username:realm:password`, hexadecimal.
    #[schema(nullable = false, pattern = "^[0-9A-Fa-f]{32}$", write_only)]
    ha1_md5: Option<String>,
    /// SHA-256 of `username:realm:password`, hexadecimal.
    #[schema(nullable = false, pattern = "^[0-9A-Fa-f]{64}$", write_only)]
    ha1_sha256: Option<String>,
    /// SHA-512-256 of `username:realm:password`, hexadecimal.
    #[schema(nullable = false, pattern = "^[0-9A-Fa-f]{64}$", write_only)]
    ha1_sha512_256: Option<String>,
    /// The realm they were computed over; refused unless it is the account's.
    #[schema(nullable = false, max_length = 128)]
    realm: Option<String>,
}

/// Create a credential from hashes
///
/// A phone that has the password can register with it when this has answered, by the algorithms whose hashes were given.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/credentials/from-hashes",
    operation_id = "create-credential-from-hashes",
    request_body = NewCredentialFromHashes,
    responses(
        (status = 201, description = "The new credential, enabled", body = CredentialObject),
        (status = 409, description = "The realm already has a credential of that username", body = ErrorBody,
         example = json!({"error": "Username already exists", "code": 409})),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    Context(context): Context,
    repeatable: Repeatable,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let mut object = JsonObject::read(&body, &SHAPE)?;
    let username = object.required_text("username");
    let rule = shared.provisioning.username_rule();
    let username = username.and_then(|text| object.valid("username", Username::parse(&text, rule)));
    let ha1s = required_hashes(&mut object);
    check_realm(&mut object, scope.realm_name());
    let new = object.finish(username.zip(ha1s).map(|(username, ha1s)| NewFromHashes { username, ha1s }))?;
    let render = |view: &CredentialView| answer::remembered(&CredentialObject::from(view));
    let remembering = repeatable.request(&body).map(|request| Remembering { request, render: &render });
    drop(body);
    let created = shared.provisioning.create_credential_from_hashes(&scope, context, new, remembering.as_ref()).await?;
    match created {
        Answered::Fresh(view) => answer::json(StatusCode::CREATED, &CredentialObject::from(&view)),
        Answered::Replayed(answer) => replayed(&answer),
    }
}

#[cfg(test)]
mod tests {
    use crate::test_api::TestApi;

    /// Of `moved`, `MA_TEST0001.sip.localhost` and `correct horse`.
    const MD5: &str = "7038113cf274ebf6825cadf1cb42b0e0";

    #[tokio::test]
    async fn the_password_of_the_hash_is_the_credentials() {
        let api = TestApi::new().await;
        let body = format!(r#"{{"username":"moved","ha1_md5":"{MD5}"}}"#);
        let first = api.post_with_key("~/credentials/from-hashes", "k", &body).await;
        assert_eq!((first.status().as_u16(), first.json().as_object().unwrap().len()), (201, 8), "{}", first.body);
        assert_eq!(first.header("x-password-score"), "", "nobody knows");
        let again = api.post_with_key("~/credentials/from-hashes", "k", &body).await;
        assert_eq!((again.shown(), again.header("idempotency-replayed")), (first.shown(), "true"));
        let taken = api.post("~/credentials/from-hashes", body).await;
        assert_eq!(taken.shown(), r#"409 {"error":"Username already exists","code":409}"#);
        let path = format!("~/credentials/{}", first.json()["id"].as_str().unwrap());
        for (password, matches) in [("correct horse", true), ("correct hors", false)] {
            let tested = api.post(&format!("{path}/test"), format!(r#"{{"password":"{password}"}}"#)).await;
            assert_eq!(tested.json()["matches"], matches, "{}", tested.body);
        }
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let api = TestApi::new().await;
        for (body, expected) in [
            ("{}".to_owned(), "username is required; ha1_md5 is required, or ha1_sha256 or ha1_sha512_256"),
            (
                format!(r#"{{"username":"a b","ha1_md5":"{MD5}"}}"#),
                "username may contain only letters A-Z and a-z, digits and underscores",
            ),
            (
                format!(r#"{{"username":"a","ha1_md5":"{MD5}","password":"correct horse"}}"#),
                "password is not accepted here; POST it to credentials",
            ),
        ] {
            let answer = api.post("~/credentials/from-hashes", body).await;
            assert_eq!((answer.status().as_u16(), answer.error().as_str()), (400, expected));
        }
    }
}
