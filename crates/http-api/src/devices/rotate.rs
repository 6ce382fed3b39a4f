//! `POST /api/v1/Account/{auth_id}/credentials/{credential_id}/devices/{device_id}/rotate`

use super::object::DeviceCreatedObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter, DeviceInPath};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Give a device a new password
///
/// The device is revoked, and another of the same label, and for the same desk phone, takes its place: in one change, so
/// nobody can come in between. A desk phone fetches its new password at its next boot.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/devices/{device_id}/rotate",
    operation_id = "rotate-device",
    responses((status = 201, description = "The device in its place, and its password this once", body = DeviceCreatedObject))
)]
pub(crate) async fn rotate(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(credential): CredentialInPath,
    DeviceInPath(id): DeviceInPath,
    Context(context): Context,
) -> Result<Response, Problem> {
    let rotated = shared.provisioning.rotate_device(&scope, context, (credential, id)).await?;
    answer::json(StatusCode::CREATED, &DeviceCreatedObject::from(&rotated))
}

#[cfg(test)]
mod tests {
    use crate::test_api::TestApi;

    #[tokio::test]
    async fn another_takes_its_place() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let path = format!("~/credentials/{id}/devices");
        let mobile = api.post(&path, r#"{"label":"mobile"}"#).await.json();
        let phone = r#"{"label":"Reception","mac":"80:5E:C0:12:AB:CD","format":"yealink"}"#;
        let phone = api.post(&path, phone).await.json();
        let rotate = async |device: &serde_json::Value| {
            let answer = api.post(&format!("{path}/{}/rotate", device["id"].as_str().unwrap()), "").await;
            assert_eq!(answer.status(), 201, "{}", answer.body);
            answer.json()
        };
        let (second, other) = (rotate(&mobile).await, rotate(&phone).await);
        assert_ne!((&second["id"], &second["password"]), (&mobile["id"], &mobile["password"]));
        assert_eq!((&second["label"], &other["mac"]), (&mobile["label"], &phone["mac"]));
        assert!(second["password"].is_string() && other.get("password").is_none());
        let listed = api.get(&path).await.json();
        let ids: Vec<_> = listed["objects"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert_eq!(ids, [second["id"].clone(), other["id"].clone()]);
        let gone = api.post(&format!("{path}/{}/rotate", mobile["id"].as_str().unwrap()), "").await;
        assert_eq!(gone.shown(), r#"404 {"error":"Device not found","code":404}"#);
        assert!(format!("{:?}", api.storage.audit_log()).contains("DeviceRotated"));
    }

    #[tokio::test]
    async fn the_last_of_ten_can_be_rotated_for_ever() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let path = format!("~/credentials/{id}/devices");
        for number in 0..10 {
            assert_eq!(api.post(&path, format!(r#"{{"label":"phone {number}"}}"#)).await.status(), 201);
        }
        for _ in 0..12 {
            let listed = api.get(&path).await.json();
            let first = listed["objects"][0]["id"].as_str().unwrap().to_owned();
            assert_eq!(api.post(&format!("{path}/{first}/rotate"), "").await.status(), 201);
        }
        assert_eq!(api.get(&path).await.json()["objects"].as_array().unwrap().len(), 10);
    }
}
