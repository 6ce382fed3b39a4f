//! `GET /api/v1/Account/{auth_id}/trunks?limit&offset`

use super::object::ListedTrunkObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountReader;
use crate::link;
use crate::pagination::{Meta, Window, WindowParameters};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of trunks, in order of creation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrunkList<'v> {
    meta: Meta,
    objects: Vec<ListedTrunkObject<'v>>,
}

/// List trunks
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/trunks",
    operation_id = "list-trunks",
    params(WindowParameters),
    responses((status = 200, description = "A page of trunks, oldest first", body = TrunkList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    Window(page): Window,
    uri: Uri,
) -> Result<Response, Problem> {
    let found = shared.provisioning.trunks(&account, page).await?;
    let meta = Meta::new(page, found.total);
    let next = meta.next_query();
    let objects = found.objects.iter().map(|trunk| ListedTrunkObject::new(account.auth_id(), trunk)).collect();
    let response = answer::json(StatusCode::OK, &TrunkList { meta, objects })?;
    Ok(link::with_next(response, &uri, next))
}
