//! `GET /api/v1/Account/{auth_id}/calls?limit&offset`, and `?trunk_id&credential_id`

use super::list_query::{CallFilters, CallsQuery};
use super::object::CallObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountReader;
use crate::link;
use crate::pagination::{Meta, WindowParameters};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use provisioning::LiveCallsRequest;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of calls, oldest first.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallList<'c> {
    meta: Meta,
    objects: Vec<CallObject<'c>>,
}

/// List calls
///
/// Those that are up at this moment, ringing ones included.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/calls",
    operation_id = "list-calls",
    params(WindowParameters, CallFilters),
    responses((status = 200, description = "A page of calls, oldest first", body = CallList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    AccountReader(scope): AccountReader,
    CallsQuery(request): CallsQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let LiveCallsRequest { page, trunk, credential } = request;
    let (found, now) = shared.provisioning.live_calls(&scope, request);
    let meta = Meta::new(page, found.total);
    let filters: String = [
        ("trunk_id", trunk.map(|trunk| trunk.to_string())),
        ("credential_id", credential.map(|credential| credential.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| format!("&{name}={value}")))
    .collect();
    let next = meta.next_query().map(|query| query + &filters);
    let objects = found.calls.iter().map(|call| CallObject::new(call, now)).collect();
    answer::json(StatusCode::OK, &CallList { meta, objects }).map(|response| link::with_next(response, &uri, next))
}
