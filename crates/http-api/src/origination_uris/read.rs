//! `GET /api/v1/Account/{auth_id}/trunks/origination-uris?limit&offset` and `GET /api/v1/Account/{auth_id}/origination-uris/{origination_uri_id}`

use super::object::OriginationUriObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountReader, OriginationUriInPath};
use crate::link;
use crate::pagination::{Meta, Window, WindowParameters};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of origination URIs, in order of creation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OriginationUriList<'v> {
    meta: Meta,
    objects: Vec<OriginationUriObject<'v>>,
}

/// List origination URIs
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/trunks/origination-uris",
    operation_id = "list-origination-uris",
    params(WindowParameters),
    responses((status = 200, description = "A page of origination URIs, oldest first", body = OriginationUriList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    Window(page): Window,
    request_uri: Uri,
) -> Result<Response, Problem> {
    let found = shared.provisioning.origination_uris(&account, page).await?;
    let meta = Meta::new(page, found.total);
    let next = meta.next_query();
    let objects = found.objects.iter().map(|uri| OriginationUriObject::new(account.auth_id(), uri)).collect();
    let response = answer::json(StatusCode::OK, &OriginationUriList { meta, objects })?;
    Ok(link::with_next(response, &request_uri, next))
}

/// Show an origination URI
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/origination-uris/{origination_uri_id}",
    operation_id = "show-origination-uri",
    responses((status = 200, description = "The origination URI", body = OriginationUriObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    OriginationUriInPath(id): OriginationUriInPath,
) -> Result<Response, Problem> {
    let uri = shared.provisioning.origination_uri(&account, id).await?;
    answer::json(StatusCode::OK, &OriginationUriObject::new(account.auth_id(), &uri))
}
