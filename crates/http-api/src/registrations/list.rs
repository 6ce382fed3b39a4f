//! `GET /api/v1/Account/{auth_id}/registrations?limit&cursor`, and `?credential&username&transport&source`

use super::list_query::{FilterParameters, ListQuery, PageParameters};
use super::object::RegistrationObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::Authenticated;
use crate::link;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use provisioning::{AccountScope, RegistrationsRequest};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of registrations, in the order they were made.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistrationList<'v> {
    meta: RegistrationListMeta,
    objects: Vec<RegistrationObject<'v>>,
}

/// Which page this is.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegistrationListMeta {
    /// Most objects on this page.
    #[schema(minimum = 1, maximum = 1000, example = 20)]
    limit: u32,
    /// How many match in all.
    #[schema(minimum = 0, example = 1)]
    total: u64,
    /// Where the next page begins; null where there is none.
    next_cursor: Option<String>,
}

/// List registrations
///
/// Who is online at this moment: every contact that has not expired, of all credentials or of those that match.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/registrations",
    operation_id = "list-registrations",
    params(PageParameters, FilterParameters),
    responses(
        (status = 200, description = "A page of registrations, oldest first", body = RegistrationList),
        (status = 404, description = "The account has no such credential", body = crate::problem::ErrorBody,
         example = json!({"error": "Credential not found", "code": 404})),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    ListQuery(request): ListQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    page(&shared, (&scope, request), &uri).await
}

/// A page as it is answered.
pub(super) async fn page(
    shared: &Shared,
    (scope, request): (&AccountScope, RegistrationsRequest),
    uri: &Uri,
) -> Result<Response, Problem> {
    let limit = request.limit;
    let filters = filters(&request);
    let page = shared.provisioning.registrations(scope, &*shared.config.registrations, request).await?;
    let next = page.next_cursor.as_ref().map(|cursor| format!("limit={limit}&cursor={cursor}{filters}"));
    let meta = RegistrationListMeta { limit, total: page.total, next_cursor: page.next_cursor };
    let objects = page.registrations.iter().map(RegistrationObject::from).collect();
    answer::json(StatusCode::OK, &RegistrationList { meta, objects })
        .map(|response| link::with_next(response, uri, next))
}

/// The filters as a query, for the next page: they hold nothing that would have to be encoded but `+`.
fn filters(request: &RegistrationsRequest) -> String {
    let username = request.username.as_ref().map(|username| username.as_str().replace('+', "%2B"));
    [
        ("credential", request.credential.map(|id| id.to_string())),
        ("username", username),
        ("transport", request.transport.map(|transport| transport.as_str().to_owned())),
        ("source", request.source.map(|source| source.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| format!("&{name}={value}")))
    .collect()
}
