//! `GET /api/v1/accounts/{auth_id}/sub-accounts/?page&size&active_only`

use super::object::SubAccountObject;
use super::page_query::{PageParameters, PageQuery};
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountReader;
use crate::link;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of sub-accounts, in order of creation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubAccountList<'v> {
    sub_accounts: Vec<SubAccountObject<'v>>,
    /// How many match in all.
    #[schema(minimum = 0, example = 1)]
    total: u64,
    /// Which page this is, from 1.
    #[schema(minimum = 1, example = 1)]
    page: u64,
    /// Most sub-accounts on a page.
    #[schema(minimum = 1, maximum = 1000, example = 25)]
    size: u64,
}

/// List sub-accounts
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{auth_id}/sub-accounts",
    operation_id = "list-sub-accounts",
    params(PageParameters),
    responses((status = 200, description = "A page of sub-accounts, oldest first", body = SubAccountList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    AccountReader(parent): AccountReader,
    query: PageQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let (views, total) = shared.provisioning.sub_accounts(&parent, query.filter, query.window()).await?;
    let sub_accounts = views.iter().map(|view| SubAccountObject::new(parent.auth_id(), view)).collect();
    let list = SubAccountList { sub_accounts, total, page: query.page, size: query.size };
    let next = query.next_query(total);
    answer::json(StatusCode::OK, &list).map(|response| link::with_next(response, &uri, next))
}
