//! `GET /api/v1/Account/{auth_id}/credentials/{credential_id}/registrations?limit&cursor`

use super::list::{RegistrationList, page};
use super::list_query::{ListQuery, PageParameters};
use crate::api::Shared;
use crate::authenticated::{Authenticated, CredentialInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use provisioning::RegistrationsRequest;
use std::sync::Arc;

/// List a credential's registrations
///
/// Which phones are online with it at this moment.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/registrations",
    operation_id = "list-registrations-of-credential",
    params(PageParameters),
    responses((status = 200, description = "A page of registrations, oldest first", body = RegistrationList))
)]
pub(crate) async fn list_of_credential(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    CredentialInPath(credential): CredentialInPath,
    ListQuery(request): ListQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    // The filters are those of the account's list.
    let RegistrationsRequest { cursor, limit, .. } = request;
    let (username, transport, source) = (None, None, None);
    let request = RegistrationsRequest { cursor, limit, credential: Some(credential), username, transport, source };
    page(&shared, (&scope, request), &uri).await
}
