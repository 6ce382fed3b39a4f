//! `POST /admin/v1/operator-tokens`

use super::object::OperatorToken;
use crate::answer;
use crate::api::Shared;
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::moment;
use crate::operator::access::Access;
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use provisioning::{NewOperatorToken, TokenLabel};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape =
    Shape { accepted: &["label", "expires_at"], refused: &[], hint: "only label and expires_at are accepted" };

/// What a token for the operator API is created from.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOperatorToken)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewOperatorTokenBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 64, example = "monitoring")]
    label: String,
    /// A moment in the future from when on it authenticates nobody; left out: it has no end.
    #[schema(format = DateTime, nullable = false, example = "2100-01-01T00:00:00Z")]
    expires_at: Option<String>,
}

/// A new token, this once with what `Authorization: Bearer` carries.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatedOperatorToken<'v> {
    /// The token as it is listed.
    token: OperatorToken,
    /// What `Authorization: Bearer` carries.
    bearer_token: &'v str,
}

/// Create an operator token
///
/// Its `bearer_token` is shown this once.
#[utoipa::path(
    post,
    path = "/admin/v1/operator-tokens",
    operation_id = "operator-create-operator-token",
    request_body = NewOperatorTokenBody,
    responses(
        (status = 201, description = "The new token", body = CreatedOperatorToken),
        (status = 409, description = "There are as many tokens as there may be", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let created = shared.provisioning.create_operator_token(&operator, read(&body)?).await?;
    let token = OperatorToken::from(&created.token);
    answer::json(StatusCode::CREATED, &CreatedOperatorToken { token, bearer_token: &created.bearer_token })
}

fn read(body: &[u8]) -> Result<NewOperatorToken, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let label = object.required_text("label");
    let label = label.and_then(|text| object.valid("label", TokenLabel::parse(&text)));
    let expires_at = object.text("expires_at");
    let expires_at = expires_at.and_then(|text| object.valid("expires_at", moment::parsed(&text)));
    object.finish(label).map(|label| NewOperatorToken { label, expires_at })
}
