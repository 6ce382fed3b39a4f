//! `POST` and `DELETE /api/v1/Account/{auth_id}/numbers/{e164}/assign`

use super::object::NumberObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountWriter, NumberInPath};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::TrunkId;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape { accepted: &["trunk_group_id"], refused: &[], hint: "only trunk_group_id is accepted" };

/// The trunk a number is assigned to.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct Assignment {
    /// The trunk's id.
    #[schema(format = "uuid", example = "aabbccdd-1234-4678-90ab-cdef12345678")]
    trunk_group_id: String,
}

/// Assign a number to a trunk
///
/// Calls to it come over that trunk, and its callers may show it.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/numbers/{e164}/assign",
    operation_id = "assign-number",
    request_body = Assignment,
    responses(
        (status = 200, description = "The number as it is now", body = NumberObject),
        (status = 409, description = "It is assigned to another trunk", body = ErrorBody),
    )
)]
pub(crate) async fn assign(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    NumberInPath(e164): NumberInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let mut object = JsonObject::read(&body, &SHAPE)?;
    let trunk = object.required_text("trunk_group_id");
    let trunk = trunk.and_then(|text| object.valid("trunk_group_id", TrunkId::parse(&text).ok_or("must be a UUID")));
    let trunk = object.finish(trunk)?;
    let number = shared.provisioning.assign_number(&account, context, (e164, trunk)).await?;
    answer::json(StatusCode::OK, &NumberObject::new(account.auth_id(), &number))
}

/// Take a number from its trunk
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/numbers/{e164}/assign",
    operation_id = "unassign-number",
    responses((status = 204, description = "It has no trunk"))
)]
pub(crate) async fn unassign(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    NumberInPath(e164): NumberInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.unassign_number(&account, context, e164).await?;
    Ok(StatusCode::NO_CONTENT)
}
