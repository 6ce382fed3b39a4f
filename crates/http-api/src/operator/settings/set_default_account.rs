//! `PUT /admin/v1/settings/default_account`

use crate::api::Shared;
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::operator::access::Access;
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use domain::AuthId;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape { accepted: &["auth_id"], refused: &[], hint: "only auth_id is accepted" };

/// The account that is to be the default.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewDefaultAccount {
    #[schema(min_length = 3, max_length = 32, example = "MA_XXXXXXXX")]
    auth_id: String,
}

/// Set the default account
#[utoipa::path(
    put,
    path = "/admin/v1/settings/default_account",
    operation_id = "operator-set-default-account",
    request_body = NewDefaultAccount,
    responses(
        (status = 204, description = "It is the default account"),
        (status = 404, description = "There is no such account", body = ErrorBody),
    )
)]
pub(crate) async fn set(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Problem> {
    shared.provisioning.set_default_account(&operator, read(&body)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read(body: &[u8]) -> Result<AuthId, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let auth_id = object.required_text("auth_id");
    let auth_id = auth_id.and_then(|text| object.valid("auth_id", AuthId::parse(&text)));
    object.finish(auth_id)
}
