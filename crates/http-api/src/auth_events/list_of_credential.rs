//! `GET /api/v1/Account/{auth_id}/credentials/{credential_id}/events?limit&cursor`, and the filters of the account's list

use super::list::{AuthEventList, answered};
use super::list_query::{EventFilters, EventsPage, EventsQuery};
use crate::api::Shared;
use crate::authenticated::{Authenticated, CredentialInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use provisioning::AuthEventsRequest;
use std::sync::Arc;

/// List a credential's authentication events
///
/// What became of attempts to authenticate as this credential, newest first. `credential_id` is none of its filters.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/events",
    operation_id = "list-auth-events-of-credential",
    params(EventsPage, EventFilters),
    responses((status = 200, description = "A page of events, newest first", body = AuthEventList))
)]
pub(crate) async fn list_of_credential(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    CredentialInPath(credential): CredentialInPath,
    EventsQuery(request): EventsQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let request = AuthEventsRequest { credential: None, ..request };
    let page = shared.provisioning.auth_events_of_credential(&scope, credential, request.clone()).await?;
    answered(&page, &request, &uri)
}
