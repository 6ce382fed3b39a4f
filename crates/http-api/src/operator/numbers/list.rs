//! `GET /admin/v1/numbers?limit&offset`

use crate::answer;
use crate::api::Shared;
use crate::link;
use crate::numbers::NumberObject;
use crate::operator::access::Access;
use crate::pagination::{Meta, Window, WindowParameters};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of all numbers, in order of allocation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperatorNumberList<'v> {
    meta: Meta,
    objects: Vec<NumberObject<'v>>,
}

/// List all numbers
#[utoipa::path(
    get,
    path = "/admin/v1/numbers",
    operation_id = "operator-list-numbers",
    params(WindowParameters),
    responses((status = 200, description = "A page of all numbers, oldest first", body = OperatorNumberList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    Window(page): Window,
    uri: Uri,
) -> Result<Response, Problem> {
    let found = shared.provisioning.all_numbers(&operator, page).await?;
    let meta = Meta::new(page, found.total);
    let objects = found.objects.iter().map(|(account, number)| NumberObject::new(account, number)).collect();
    let next = meta.next_query();
    let response = answer::json(StatusCode::OK, &OperatorNumberList { meta, objects })?;
    Ok(link::with_next(response, &uri, next))
}
