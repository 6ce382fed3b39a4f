//! `GET /admin/v1/auth-events?limit&cursor`, and `?account&credential_id&username&source&call_id&reason&from&to`

use super::account_query::{AccountFilter, AccountQuery};
use crate::answer;
use crate::api::Shared;
use crate::auth_events::{AuthEventListMeta, AuthEventObject, EventFilters, EventsPage, EventsQuery, filters};
use crate::link;
use crate::operator::access::Access;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use provisioning::AuthEventView;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of everybody's events, newest first.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperatorAuthEventList<'v> {
    meta: AuthEventListMeta,
    objects: Vec<OperatorAuthEvent<'v>>,
}

/// An event and whose it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct OperatorAuthEvent<'v> {
    /// The auth id of the account; null where the addressed host led to none, or it is gone.
    #[schema(example = "MA_XXXXXXXX")]
    account: Option<String>,
    #[serde(flatten)]
    event: AuthEventObject<'v>,
}

/// List authentication events
///
/// Of all accounts, newest first, those at hosts that lead to none among them.
#[utoipa::path(
    get,
    path = "/admin/v1/auth-events",
    operation_id = "operator-list-auth-events",
    params(EventsPage, AccountFilter, EventFilters),
    responses((status = 200, description = "A page of events, newest first", body = OperatorAuthEventList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountQuery(account): AccountQuery,
    EventsQuery(request): EventsQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let of = account.as_ref().map(|account| format!("&account={account}")).unwrap_or_default();
    let page = shared.provisioning.auth_events_for_operator(&operator, account, request.clone()).await?;
    let limit = request.limit;
    let next =
        page.next_cursor.as_ref().map(|cursor| format!("limit={limit}&cursor={cursor}{of}{}", filters(&request)));
    let meta = AuthEventListMeta { limit, next_cursor: page.next_cursor.clone() };
    let objects = page.events.iter().map(OperatorAuthEvent::from).collect();
    answer::json(StatusCode::OK, &OperatorAuthEventList { meta, objects })
        .map(|response| link::with_next(response, &uri, next))
}

impl<'v> From<&'v AuthEventView> for OperatorAuthEvent<'v> {
    fn from(view: &'v AuthEventView) -> Self {
        Self { account: view.account.as_ref().map(ToString::to_string), event: AuthEventObject::from(view) }
    }
}
