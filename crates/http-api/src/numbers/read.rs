//! `GET /api/v1/Account/{auth_id}/numbers?limit&offset` and `GET /api/v1/Account/{auth_id}/numbers/{e164}`

use super::object::NumberObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountReader, NumberInPath};
use crate::link;
use crate::pagination::{Meta, Window, WindowParameters};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of numbers, in order of allocation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumberList<'v> {
    pub meta: Meta,
    pub objects: Vec<NumberObject<'v>>,
}

/// List numbers
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/numbers",
    operation_id = "list-numbers",
    params(WindowParameters),
    responses((status = 200, description = "A page of numbers, oldest first", body = NumberList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    Window(page): Window,
    uri: Uri,
) -> Result<Response, Problem> {
    let found = shared.provisioning.numbers(&account, page).await?;
    let meta = Meta::new(page, found.total);
    let next = meta.next_query();
    let objects = found.objects.iter().map(|number| NumberObject::new(account.auth_id(), number)).collect();
    let response = answer::json(StatusCode::OK, &NumberList { meta, objects })?;
    Ok(link::with_next(response, &uri, next))
}

/// Show a number
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/numbers/{e164}",
    operation_id = "show-number",
    responses((status = 200, description = "The number", body = NumberObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    NumberInPath(e164): NumberInPath,
) -> Result<Response, Problem> {
    let number = shared.provisioning.number(&account, &e164).await?;
    answer::json(StatusCode::OK, &NumberObject::new(account.auth_id(), &number))
}
