//! `PUT /api/v1/Account/{auth_id}/credentials/{credential_id}/devices/{device_id}`

use super::object::DeviceObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter, DeviceInPath};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::DeviceLabel;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["label"],
    refused: &[("password", "never changes; revoke the device and create another")],
    hint: "only label can be changed",
};

/// What to change about a device.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeviceChanges, example = json!({"label": "Ann's mobile"}))]
#[expect(dead_code, reason = "describes what `update` takes")]
pub(crate) struct DeviceChanges {
    /// What you call it: 1 to 64 octets of UTF-8 without control characters.
    #[schema(min_length = 1, max_length = 64, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$")]
    #[schema(example = "Ann's mobile")]
    label: String,
}

/// Rename a device
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/devices/{device_id}",
    operation_id = "update-device",
    request_body = DeviceChanges,
    responses((status = 200, description = "The device as it is now", body = DeviceObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(credential): CredentialInPath,
    DeviceInPath(id): DeviceInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let mut object = JsonObject::read(&body, &SHAPE)?;
    let label = object.required_text("label").and_then(|text| object.valid("label", DeviceLabel::parse(&text)));
    let label = object.finish(label)?;
    let device = shared.provisioning.rename_device(&scope, context, (credential, id, label)).await?;
    answer::json(StatusCode::OK, &DeviceObject::from(&device))
}
