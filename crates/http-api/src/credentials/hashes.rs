//! `GET`, `PUT /api/v1/Account/{auth_id}/credentials/{id}/hashes`: of which algorithms a credential has an HA1, and HA1s
//! of another system in place of a password. The hashes themselves are never shown.

use super::object::CredentialObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{Authenticated, CredentialInPath, CredentialsWriter};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{DigestAlgorithm, RealmName};
use provisioning::{GivenHa1s, KnownHa1s};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["ha1_md5", "ha1_sha256", "ha1_sha512_256", "realm"],
    refused: &[],
    hint: "only ha1_md5, ha1_sha256, ha1_sha512_256 and realm are accepted",
};

/// The field of each algorithm's hash.
const FIELDS: [(&str, DigestAlgorithm); 3] = [
    ("ha1_md5", DigestAlgorithm::Md5),
    ("ha1_sha256", DigestAlgorithm::Sha256),
    ("ha1_sha512_256", DigestAlgorithm::Sha512_256),
];

/// HA1s of one password: at least one.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GivenHashes, example = json!({"ha1_md5": "939e7578ed9e3c518a452acee763bce9"}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct GivenHashes {
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

/// Of which algorithms there is an HA1: phones can use these and no others.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KnownHashes {
    ha1_md5: bool,
    ha1_sha256: bool,
    ha1_sha512_256: bool,
}

/// Show which hashes a credential has
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/hashes",
    operation_id = "show-credential-hashes",
    responses((status = 200, description = "Which it has, not what they are", body = KnownHashes))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Problem> {
    let KnownHa1s { md5, sha256, sha512_256 } = shared.provisioning.known_hashes(&scope, id).await?;
    answer::json(StatusCode::OK, &KnownHashes { ha1_md5: md5, ha1_sha256: sha256, ha1_sha512_256: sha512_256 })
}

/// Replace a credential's password by hashes
///
/// At once, as a new password does. Phones can use the algorithms whose hashes were given, and no others.
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/hashes",
    operation_id = "replace-credential-hashes",
    request_body = GivenHashes,
    responses((status = 200, description = "The credential as it is now", body = CredentialObject))
)]
pub(crate) async fn replace(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let mut object = JsonObject::read(&body, &SHAPE)?;
    let hashes = required_hashes(&mut object);
    check_realm(&mut object, scope.realm_name());
    let hashes = object.finish(hashes)?;
    drop(body);
    let view = shared.provisioning.replace_hashes(&scope, context, (id, hashes)).await?;
    answer::json(StatusCode::OK, &CredentialObject::from(&view))
}

/// Takes the hashes, of which at least one has to be there.
pub(super) fn required_hashes(object: &mut JsonObject) -> Option<GivenHa1s> {
    if FIELDS.iter().all(|(field, _)| !object.has(field)) {
        object.note("ha1_md5", "is required, or ha1_sha256 or ha1_sha512_256");
    }
    hashes(object)
}

/// Takes those hashes that are there; `None` if one of them is wrong.
pub(super) fn hashes(object: &mut JsonObject) -> Option<GivenHa1s> {
    let mut given = Some(GivenHa1s::default());
    for (field, algorithm) in FIELDS.into_iter().filter(|(field, _)| object.has(field)).collect::<Vec<_>>() {
        let text = object.text(field);
        let added = text.zip(given.as_mut()).and_then(|(text, given)| object.valid(field, given.add(algorithm, &text)));
        if added.is_none() {
            given = None;
        }
    }
    given
}

/// A hash answers challenges of its own realm only.
pub(super) fn check_realm(object: &mut JsonObject, realm: &RealmName) {
    let given = object.text("realm");
    if given.is_some_and(|given| *given != realm.as_str()) {
        object.note("realm", format!("is not the account's, which is {realm}; an account may be created with --realm"));
    }
}

#[cfg(test)]
mod tests {
    use crate::test_api::{NOBODY, TestApi};

    const MD5: &str = "939e7578ed9e3c518a452acee763bce9";

    #[tokio::test]
    async fn hashes_replace_a_password_and_are_never_shown() {
        let api = TestApi::new().await;
        let id = api.created("moved").await;
        let path = format!("~/credentials/{id}/hashes");
        let all = r#"200 {"ha1_md5":true,"ha1_sha256":true,"ha1_sha512_256":true}"#;
        assert_eq!(api.get(&path).await.shown(), all);
        let body = format!(r#"{{"ha1_md5":"{MD5}","realm":"MA_TEST0001.sip.localhost"}}"#);
        let replaced = api.put(&path, body).await;
        assert_eq!((replaced.status().as_u16(), replaced.json().as_object().unwrap().len()), (200, 8));
        let md5 = r#"200 {"ha1_md5":true,"ha1_sha256":false,"ha1_sha512_256":false}"#;
        assert_eq!(api.get(&path).await.shown(), md5);
        let old = api.post(&format!("~/credentials/{id}/test"), r#"{"password":"correct horse"}"#).await;
        assert_eq!(old.json()["matches"], false, "{}", old.body);
        let log = format!("{:?}", api.storage.audit_log());
        assert!(!log.contains(MD5), "{log}");
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let api = TestApi::new().await;
        let path = format!("~/credentials/{}/hashes", api.created("steady").await);
        let sha = "a".repeat(64);
        for (body, expected) in [
            ("{}".to_owned(), "ha1_md5 is required, or ha1_sha256 or ha1_sha512_256".to_owned()),
            (
                format!(r#"{{"ha1_md5":"{sha}"}}"#),
                "ha1_md5 must be 32 hexadecimal digits: the hash of username:realm:password".into(),
            ),
            (
                format!(r#"{{"ha1_sha256":"{MD5}","ha1_sha512_256":"{sha}"}}"#),
                "ha1_sha256 must be 64 hexadecimal digits: the hash of username:realm:password".into(),
            ),
            (format!(r#"{{"ha1_md5":"{MD5}","ha1_sha256":7}}"#), "ha1_sha256 must be a string, not a number".into()),
            (
                format!(r#"{{"ha1_md5":"{MD5}","realm":"asterisk"}}"#),
                "realm is not the account's, which is MA_TEST0001.sip.localhost; an account may be created with --realm"
                    .into(),
            ),
            (
                r#"{"password":"correct horse"}"#.into(),
                "password is not accepted; ha1_md5 is required, or ha1_sha256 or ha1_sha512_256; \
                 only ha1_md5, ha1_sha256, ha1_sha512_256 and realm are accepted"
                    .into(),
            ),
        ] {
            let answer = api.put(&path, body.clone()).await;
            assert_eq!((answer.status().as_u16(), answer.error()), (400, expected), "{body}");
            assert!(!answer.body.contains(MD5) && !answer.body.contains(&sha), "{}", answer.body);
        }
        let nowhere = format!("~/credentials/{NOBODY}/hashes");
        assert_eq!(api.get(&nowhere).await.status(), 404);
        assert_eq!(api.put(&nowhere, format!(r#"{{"ha1_md5":"{MD5}"}}"#)).await.status(), 404);
    }
}
