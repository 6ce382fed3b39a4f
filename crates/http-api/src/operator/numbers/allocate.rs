//! `POST /admin/v1/accounts/{auth_id}/numbers`

use crate::answer;
use crate::api::Shared;
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::numbers::NumberObject;
use crate::operator::access::{Access, AccountInPath};
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::E164;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape { accepted: &["e164"], refused: &[], hint: "only e164 is accepted" };

/// A number to be allocated.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewNumber)]
#[expect(dead_code, reason = "describes what `allocate` takes")]
pub(crate) struct NewNumberBody {
    /// In E.164 form.
    #[schema(pattern = "^\\+[1-9][0-9]{2,14}$", example = "+4930123456")]
    e164: String,
}

/// Allocate a number to an account
#[utoipa::path(
    post,
    path = "/admin/v1/accounts/{auth_id}/numbers",
    operation_id = "operator-allocate-number",
    request_body = NewNumberBody,
    responses(
        (status = 201, description = "The number", body = NumberObject),
        (status = 404, description = "There is no such account", body = ErrorBody),
        (status = 409, description = "It is allocated already", body = ErrorBody),
    )
)]
pub(crate) async fn allocate(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountInPath(auth_id): AccountInPath,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let mut object = JsonObject::read(&body, &SHAPE)?;
    let e164 = object.required_text("e164").and_then(|text| object.valid("e164", E164::parse(&text)));
    let e164 = object.finish(e164)?;
    let number = shared.provisioning.allocate_number(&operator, (auth_id.clone(), e164)).await?;
    answer::json(StatusCode::CREATED, &NumberObject::new(&auth_id, &number))
}
