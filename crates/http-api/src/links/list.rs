//! `GET /api/v1/Account/{auth_id}/credentials/{credential_id}/provisioning-links`

use super::object::LinkObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{Authenticated, CredentialInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The links of a credential that may still be spent, in order of creation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProvisioningLinkList)]
pub(crate) struct LinkList<'v> {
    objects: Vec<LinkObject<'v>>,
}

/// List a credential's provisioning links
///
/// Those that were neither used nor have expired. Their URLs are not shown again.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/provisioning-links",
    operation_id = "list-provisioning-links",
    responses((status = 200, description = "The links", body = LinkList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Problem> {
    let links = shared.provisioning.links(&scope, id).await?;
    answer::json(StatusCode::OK, &LinkList { objects: links.iter().map(LinkObject::from).collect() })
}
