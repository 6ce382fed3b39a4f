//! `GET /api/v1/Account/{auth_id}/bans?limit&offset`

use super::object::{BanListObject, BanObject};
use crate::answer;
use crate::api::Shared;
use crate::authenticated::Authenticated;
use crate::link;
use crate::pagination::{Meta, Window, WindowParameters};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use std::sync::Arc;

/// List bans
///
/// Of the account's credentials, as they hold at this moment. A ban ends with a new password, too.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/bans",
    operation_id = "list-bans",
    params(WindowParameters),
    responses((status = 200, description = "A page of bans, oldest first", body = BanListObject))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    Window(page): Window,
    uri: Uri,
) -> Result<Response, Problem> {
    let (found, now) = shared.provisioning.bans(&scope, page);
    let meta = Meta::new(page, found.total);
    let next = meta.next_query();
    let auth_id = || Some(scope.auth_id().clone());
    let objects = found.bans.iter().map(|ban| BanObject::new(ban, auth_id(), now)).collect();
    answer::json(StatusCode::OK, &BanListObject { meta, objects }).map(|response| link::with_next(response, &uri, next))
}
