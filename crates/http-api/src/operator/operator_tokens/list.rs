//! `GET /admin/v1/operator-tokens?limit&offset`

use super::object::OperatorToken;
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

/// A page of tokens for the operator API, expired ones included.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperatorTokenList {
    meta: Meta,
    objects: Vec<OperatorToken>,
}

/// List operator tokens
#[utoipa::path(
    get,
    path = "/admin/v1/operator-tokens",
    operation_id = "operator-list-operator-tokens",
    params(WindowParameters),
    responses((status = 200, description = "A page of tokens, oldest first", body = OperatorTokenList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    Window(window): Window,
    uri: Uri,
) -> Result<Response, Problem> {
    let tokens = shared.provisioning.operator_tokens(&operator).await?;
    paged(&tokens, (window, &uri), |meta, page| OperatorTokenList {
        meta,
        objects: page.iter().map(OperatorToken::from).collect(),
    })
}
