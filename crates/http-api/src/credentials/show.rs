//! `GET /api/v1/Account/{auth_id}/credentials/{id}`

use super::object::CredentialObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{Authenticated, CredentialInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Show a credential
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}",
    operation_id = "show-credential",
    responses((status = 200, description = "The credential", body = CredentialObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Problem> {
    let view = shared.provisioning.credential(&scope, id).await?;
    answer::json(StatusCode::OK, &CredentialObject::from(&view))
}

#[cfg(test)]
mod tests {
    use crate::test_api::{ACCOUNT, NOBODY, OTHER, TestApi};
    use axum::body::Body;
    use axum::http::{Method, Request};

    #[tokio::test]
    async fn only_the_owner_finds_it() {
        let api = TestApi::new().await;
        let id = api.created("shown").await;
        let answer = api.get(&format!("~/credentials/{id}")).await;
        assert_eq!((answer.status().as_u16(), answer.json()["username"].as_str()), (200, Some("shown")));
        assert_eq!(api.get(&format!("~/credentials/{}/", id.to_uppercase())).await.body, answer.body);
        let not_found = r#"404 {"error":"Credential not found","code":404}"#;
        assert_eq!(api.get(&format!("~/credentials/{NOBODY}")).await.shown(), not_found);
        let others = Request::get(format!("/api/v1/Account/{OTHER}/credentials/{id}"))
            .header("x-auth-id", OTHER)
            .header("x-auth-token", &api.other_token);
        assert_eq!(api.send(others.body(Body::empty()).unwrap()).await.shown(), not_found);
    }

    #[tokio::test]
    async fn an_id_that_is_no_uuid_is_404() {
        let api = TestApi::new().await;
        let simple = NOBODY.replace('-', "");
        for id in ["x", "1", &simple, &format!("%7B{NOBODY}%7D"), "..", "%2e%2e%2f", "%00", "%C3%A4"] {
            let answer = api.get(&format!("~/credentials/{id}")).await;
            assert_eq!(
                answer.shown(),
                r#"404 {"error":"The credential id in the path is not a UUID; use the id from create or list","code":404}"#,
                "{id}"
            );
        }
        let encoded = format!("/api/v1/account/{}/credentials/{NOBODY}", ACCOUNT.replace('_', "%5F"));
        assert_eq!(api.get(&encoded).await.error(), "Credential not found", "an encoded segment is the same segment");
        for broken in ["%zz", "%", "%FF"] {
            assert_eq!(api.get(&format!("~/credentials/{broken}")).await.status(), 400, "{broken}");
        }
    }

    #[tokio::test]
    async fn a_content_type_without_a_body_does_not_matter() {
        let api = TestApi::new().await;
        let id = api.created("typed").await;
        for (method, code) in [(Method::GET, 200), (Method::HEAD, 200), (Method::DELETE, 204)] {
            let request =
                api.request(method, &format!("~/credentials/{id}")).header("content-type", "application/json");
            let answer = api.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status(), code);
        }
    }
}
