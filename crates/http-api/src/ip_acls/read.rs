//! `GET /api/v1/Account/{auth_id}/trunks/ip-acl?limit&offset` and `GET /api/v1/Account/{auth_id}/ip-acl/{ip_acl_id}`

use super::object::IpAclObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountReader, IpAclInPath};
use crate::link;
use crate::pagination::{Meta, Window, WindowParameters};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of an IP access list, in order of creation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IpAclList<'v> {
    meta: Meta,
    objects: Vec<IpAclObject<'v>>,
}

/// List the IP access list
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/trunks/ip-acl",
    operation_id = "list-ip-acl",
    params(WindowParameters),
    responses((status = 200, description = "A page of entries, oldest first", body = IpAclList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    Window(page): Window,
    uri: Uri,
) -> Result<Response, Problem> {
    let found = shared.provisioning.ip_acls(&account, page).await?;
    let meta = Meta::new(page, found.total);
    let next = meta.next_query();
    let objects = found.objects.iter().map(|entry| IpAclObject::new(account.auth_id(), entry)).collect();
    let response = answer::json(StatusCode::OK, &IpAclList { meta, objects })?;
    Ok(link::with_next(response, &uri, next))
}

/// Show an entry of the IP access list
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/ip-acl/{ip_acl_id}",
    operation_id = "show-ip-acl",
    responses((status = 200, description = "The entry", body = IpAclObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    IpAclInPath(id): IpAclInPath,
) -> Result<Response, Problem> {
    let entry = shared.provisioning.ip_acl(&account, id).await?;
    answer::json(StatusCode::OK, &IpAclObject::new(account.auth_id(), &entry))
}
