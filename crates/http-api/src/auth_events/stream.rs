//! `GET /api/v1/Account/{auth_id}/auth-events/stream?credential_id&username&source&call_id&reason`

use super::list_query::{EventFilters, EventsQuery, StreamStart};
use super::sse::{LastEventId, respond};
use super::why::ExplanationObject;
use crate::api::Shared;
use crate::authenticated::Authenticated;
use crate::problem::Problem;
use axum::extract::State;
use axum::response::Response;
use provisioning::AuthEventsRequest;
use std::sync::Arc;

/// Watch authentication events
///
/// Server-sent events: each `auth-event` carries what `why` lists, within a second of its happening; `missed` says how
/// many came faster than they were read, which the list has. A comment after five seconds of silence keeps the connection
/// alive. `Last-Event-ID`, or `cursor`, takes up after that event. The stream ends when the token is revoked or expires or its account
/// is disabled. An account may have ten at a time.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/auth-events/stream",
    operation_id = "watch-auth-events",
    params(StreamStart, EventFilters),
    responses((status = 200, description = "Events, until the stream ends", body = String, content_type = "text/event-stream"))
)]
pub(crate) async fn stream(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    EventsQuery(request): EventsQuery,
    LastEventId(last): LastEventId,
) -> Result<Response, Problem> {
    // A client that comes again sends the header with the URL it began with.
    let cursor = if last.is_empty() { request.cursor.clone() } else { last };
    let request = AuthEventsRequest { cursor, ..request };
    let stream = shared.provisioning.watch_auth_events(&scope, &*shared.config.auth_events, &request)?;
    Ok(respond(shared, stream, |event| serde_json::to_string(&ExplanationObject::from(event)).ok()))
}
