//! `PUT /api/v1/accounts/{auth_id}/sub-accounts/{sub_auth_id}`: partial, what is absent stays.

use super::fields;
use super::object::SubAccountObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountWriter, SubAccountInPath};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use provisioning::AccountUpdate;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["name", "email", "phone", "description", "permissions", "rate_limit", "enabled"],
    refused: &[],
    hint: "only name, email, phone, description, permissions, rate_limit and enabled can be changed",
};

/// What to change about a sub-account; what is absent stays, what is empty is removed.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct SubAccountChanges {
    /// What people call it.
    #[schema(min_length = 1, max_length = 128, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    #[schema(nullable = false, example = "Support Team")]
    name: Option<String>,
    /// An address for people to write to; it is never written to.
    #[schema(
        max_length = 254,
        pattern = "^([^\\s\\u0000-\\u001f\\u007f-\\u009f]+@[^\\s@\\u0000-\\u001f\\u007f-\\u009f]+)?$",
        nullable = false
    )]
    #[schema(example = "support@example.com")]
    email: Option<String>,
    /// A number for people to call; it is never called.
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9 +().#*/,;=-]*$", nullable = false, example = "+49 30 123456")]
    phone: Option<String>,
    /// A note.
    #[schema(
        max_length = 255,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
        nullable = false,
        example = "night shift"
    )]
    description: Option<String>,
    /// Replaces what is kept for you, at most 4096 octets; nothing is decided by it.
    #[schema(value_type = Object, additional_properties, required = false, nullable = false, example = json!({"calls": true}))]
    permissions: Option<()>,
    /// HTTP requests per minute its tokens may make together; 0 for what the server allows everybody.
    #[schema(minimum = 0, maximum = 1_000_000, nullable = false, example = 600)]
    rate_limit: Option<u32>,
    /// Disabling ends its registrations at once, and its tokens authenticate nobody.
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

/// Change a sub-account
///
/// When this has answered, no node lets in whom it disabled.
#[utoipa::path(
    put,
    path = "/api/v1/accounts/{auth_id}/sub-accounts/{sub_auth_id}",
    operation_id = "update-sub-account",
    request_body = SubAccountChanges,
    responses((status = 200, description = "The sub-account as it is now", body = SubAccountObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    AccountWriter(parent): AccountWriter,
    SubAccountInPath(auth_id): SubAccountInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let update = read(&body)?;
    let view = shared.provisioning.update_sub_account(&parent, context, (auth_id, update)).await?;
    answer::json(StatusCode::OK, &SubAccountObject::new(parent.auth_id(), &view))
}

fn read(body: &[u8]) -> Result<AccountUpdate, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let name = object.text("name").and_then(|text| fields::name(&mut object, &text));
    let profile = fields::profile(&mut object);
    let enabled = object.flag("enabled");
    object.finish(Some(AccountUpdate { name, enabled, profile, ..AccountUpdate::default() }))
}
