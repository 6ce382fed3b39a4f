//! `GET /admin/v1/auth-events/stream?account&credential_id&username&source&call_id&reason`

use super::account_query::{AccountFilter, AccountQuery};
use super::why::OperatorExplanation;
use crate::api::Shared;
use crate::auth_events::{EventFilters, EventsQuery, LastEventId, StreamStart, respond};
use crate::operator::access::Access;
use crate::problem::Problem;
use axum::extract::State;
use axum::response::Response;
use provisioning::AuthEventsRequest;
use std::sync::Arc;

/// Watch authentication events
///
/// Server-sent events of all accounts or of one, as an account's own stream; twenty at a time.
#[utoipa::path(
    get,
    path = "/admin/v1/auth-events/stream",
    operation_id = "operator-watch-auth-events",
    params(StreamStart, AccountFilter, EventFilters),
    responses((status = 200, description = "Events, until the stream ends", body = String, content_type = "text/event-stream"))
)]
pub(crate) async fn stream(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountQuery(account): AccountQuery,
    EventsQuery(request): EventsQuery,
    LastEventId(last): LastEventId,
) -> Result<Response, Problem> {
    // A client that comes again sends the header with the URL it began with.
    let cursor = if last.is_empty() { request.cursor.clone() } else { last };
    let request = AuthEventsRequest { cursor, ..request };
    let live = &*shared.config.auth_events;
    let stream = shared.provisioning.watch_auth_events_for_operator(&operator, live, (account, &request))?;
    Ok(respond(shared, stream, |event| serde_json::to_string(&OperatorExplanation::from(event)).ok()))
}
