//! `DELETE /api/v1/Account/{auth_id}/credentials/{id}`

use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// Delete a credential
///
/// Its registrations end with it; its username is free again. A credential with calls up stays: end them first, or
/// disable it with `end_calls=true`.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}",
    operation_id = "delete-credential",
    responses(
        (status = 204, description = "It is gone, on every node"),
        (status = 409, description = "It has calls up", body = crate::problem::ErrorBody,
         example = json!({"error": "The credential has 2 calls up; end them first with DELETE on its calls, or disable \
                                    it and wait", "code": 409})),
    )
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.delete_credential(&scope, context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use crate::test_api::TestApi;

    #[tokio::test]
    async fn a_deleted_credential_is_gone_and_its_name_free() {
        let api = TestApi::new().await;
        let id = api.created("fleeting").await;
        let path = format!("~/credentials/{id}");
        let answer = api.delete(&path).await;
        assert_eq!(answer.shown(), "204 ");
        assert_eq!(answer.header("content-type"), "");
        let not_found = r#"404 {"error":"Credential not found","code":404}"#;
        assert_eq!(api.delete(&path).await.shown(), not_found);
        assert_eq!(api.get(&path).await.shown(), not_found);
        assert_eq!(api.put(&path, r#"{"enabled":true}"#).await.shown(), not_found);
        assert_ne!(api.created("fleeting").await, id);
    }
}
