//! `POST /admin/v1/accounts/{auth_id}/hosts`

use super::list::HostList;
use crate::answer;
use crate::api::Shared;
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::operator::access::{Access, AccountInPath};
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::HostName;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape { accepted: &["host"], refused: &[], hint: "only host is accepted" };

/// A host name to be added.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewHost)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewHostBody {
    /// The name, not below the base domain.
    #[schema(example = "pbx.example.net")]
    host: String,
}

/// Add a host name
///
/// Phones that address it belong to the account from then on.
#[utoipa::path(
    post,
    path = "/admin/v1/accounts/{auth_id}/hosts",
    operation_id = "operator-add-host",
    request_body = NewHostBody,
    responses(
        (status = 201, description = "All host names of the account", body = HostList),
        (status = 404, description = "There is no such account", body = ErrorBody),
        (status = 409, description = "The name leads elsewhere or is reserved, or there are 100 already", body = ErrorBody),
    )
)]
pub(crate) async fn add(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountInPath(auth_id): AccountInPath,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    shared.provisioning.add_host(&operator, (auth_id.clone(), read(&body)?)).await?;
    answer::json(StatusCode::CREATED, &HostList::of(&shared, &operator, &auth_id).await?)
}

fn read(body: &[u8]) -> Result<HostName, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let host = object.required_text("host");
    let host = host.and_then(|text| object.valid("host", HostName::parse(&text)));
    object.finish(host)
}
