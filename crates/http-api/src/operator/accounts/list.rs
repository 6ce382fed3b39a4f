//! `GET /admin/v1/accounts?limit&offset`

use super::object::AccountObject;
use crate::api::Shared;
use crate::operator::access::Access;
use crate::operator::page::paged;
use crate::pagination::{Meta, Window, WindowParameters};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of accounts, in order of creation, sub-accounts among them.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OperatorAccountList)]
pub(crate) struct AccountList<'v> {
    meta: Meta,
    objects: Vec<AccountObject<'v>>,
}

/// List accounts
#[utoipa::path(
    get,
    path = "/admin/v1/accounts",
    operation_id = "operator-list-accounts",
    params(WindowParameters),
    responses((status = 200, description = "A page of accounts, oldest first", body = AccountList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    Window(window): Window,
    uri: Uri,
) -> Result<Response, Problem> {
    let accounts = shared.provisioning.list_accounts(&operator).await?;
    paged(&accounts, (window, &uri), |meta, page| AccountList {
        meta,
        objects: page.iter().map(AccountObject::from).collect(),
    })
}
