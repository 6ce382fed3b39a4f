//! `GET /api/v1/Account/{auth_id}/auth-events?limit&cursor`, and `?credential_id&username&source&call_id&reason&from&to`

use super::list_query::{EventFilters, EventsPage, EventsQuery, filters};
use super::object::AuthEventObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::Authenticated;
use crate::link;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use provisioning::{AuthEventsPage, AuthEventsRequest};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of events, newest first.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthEventList<'v> {
    meta: AuthEventListMeta,
    objects: Vec<AuthEventObject<'v>>,
}

/// Which page this is. How many match in all is not counted: that would cost as much as reading them.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthEventListMeta {
    /// Most objects on this page.
    #[schema(minimum = 1, maximum = 1000, example = 20)]
    pub limit: u32,
    /// Where the next page begins; null where there is none.
    pub next_cursor: Option<String>,
}

/// List authentication events
///
/// What became of attempts to authenticate as one of the account's credentials, or at one of its hosts, newest first. A
/// challenge is listed only if nobody answered it; what succeeds or fails again and again is added up.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/auth-events",
    operation_id = "list-auth-events",
    params(EventsPage, EventFilters),
    responses((status = 200, description = "A page of events, newest first", body = AuthEventList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    EventsQuery(request): EventsQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let page = shared.provisioning.auth_events(&scope, request.clone()).await?;
    answered(&page, &request, &uri)
}

/// A page as it is answered.
pub(super) fn answered(page: &AuthEventsPage, request: &AuthEventsRequest, uri: &Uri) -> Result<Response, Problem> {
    let limit = request.limit;
    let next = page.next_cursor.as_ref().map(|cursor| format!("limit={limit}&cursor={cursor}{}", filters(request)));
    let meta = AuthEventListMeta { limit, next_cursor: page.next_cursor.clone() };
    let objects = page.events.iter().map(AuthEventObject::from).collect();
    answer::json(StatusCode::OK, &AuthEventList { meta, objects }).map(|response| link::with_next(response, uri, next))
}
