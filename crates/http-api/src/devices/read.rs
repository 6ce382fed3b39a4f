//! `GET /api/v1/Account/{auth_id}/credentials/{credential_id}/devices` and `GET …/devices/{device_id}`

use super::object::DeviceObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{Authenticated, CredentialInPath, DeviceInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The devices of a credential, at most 10, in order of creation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceList<'v> {
    #[schema(max_items = 10)]
    objects: Vec<DeviceObject<'v>>,
}

/// List a credential's devices
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/devices",
    operation_id = "list-devices",
    responses((status = 200, description = "The devices that were not revoked", body = DeviceList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Problem> {
    let devices = shared.provisioning.devices(&scope, id).await?;
    answer::json(StatusCode::OK, &DeviceList { objects: devices.iter().map(DeviceObject::from).collect() })
}

/// Show a device
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/devices/{device_id}",
    operation_id = "show-device",
    responses((status = 200, description = "The device", body = DeviceObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    CredentialInPath(credential): CredentialInPath,
    DeviceInPath(id): DeviceInPath,
) -> Result<Response, Problem> {
    let device = shared.provisioning.device(&scope, (credential, id)).await?;
    answer::json(StatusCode::OK, &DeviceObject::from(&device))
}
