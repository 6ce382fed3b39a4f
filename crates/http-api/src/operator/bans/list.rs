//! `GET /admin/v1/bans?limit&offset`

use crate::answer;
use crate::api::Shared;
use crate::bans::{BanListObject, BanObject};
use crate::link;
use crate::operator::access::Access;
use crate::pagination::{Meta, Window, WindowParameters};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use std::sync::Arc;

/// List bans
///
/// All that hold at this moment, of sources and of names that nobody has too.
#[utoipa::path(
    get,
    path = "/admin/v1/bans",
    operation_id = "operator-list-bans",
    params(WindowParameters),
    responses((status = 200, description = "A page of bans, oldest first", body = BanListObject))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    Window(page): Window,
    uri: Uri,
) -> Result<Response, Problem> {
    let (found, now) = shared.provisioning.all_bans(&operator, page);
    let meta = Meta::new(page, found.total);
    let next = meta.next_query();
    let object = |ban| BanObject::new(ban, shared.provisioning.auth_id_of_ban(ban), now);
    let objects = found.bans.iter().map(object).collect();
    answer::json(StatusCode::OK, &BanListObject { meta, objects }).map(|response| link::with_next(response, &uri, next))
}
