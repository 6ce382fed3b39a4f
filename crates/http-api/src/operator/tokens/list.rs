//! `GET /admin/v1/accounts/{auth_id}/tokens?limit&offset`

use super::object::AccountToken;
use crate::api::Shared;
use crate::operator::access::{Access, AccountInPath};
use crate::operator::page::paged;
use crate::pagination::{Meta, Window, WindowParameters};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of an account's tokens, expired ones included.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountTokenList {
    meta: Meta,
    objects: Vec<AccountToken>,
}

/// List an account's tokens
#[utoipa::path(
    get,
    path = "/admin/v1/accounts/{auth_id}/tokens",
    operation_id = "operator-list-account-tokens",
    params(WindowParameters),
    responses((status = 200, description = "A page of tokens, oldest first", body = AccountTokenList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountInPath(auth_id): AccountInPath,
    Window(window): Window,
    uri: Uri,
) -> Result<Response, Problem> {
    let account = shared.provisioning.account_for_operator(&operator, &auth_id)?;
    let tokens = shared.provisioning.api_tokens(&account).await?;
    paged(&tokens, (window, &uri), |meta, page| AccountTokenList {
        meta,
        objects: page.iter().map(AccountToken::from).collect(),
    })
}
