//! `GET /api/v1/Account/{auth_id}/tokens?limit&offset`

use super::object::TokenObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountReader;
use crate::link;
use crate::pagination::{Meta, Window, WindowParameters};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of tokens, in order of creation, expired ones included.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenList<'v> {
    meta: Meta,
    objects: Vec<TokenObject<'v>>,
}

/// List tokens
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/tokens",
    operation_id = "list-tokens",
    params(WindowParameters),
    responses((status = 200, description = "A page of tokens, oldest first", body = TokenList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    Window(page): Window,
    uri: Uri,
) -> Result<Response, Problem> {
    let tokens = shared.provisioning.api_tokens(&account).await?;
    let skipped = usize::try_from(page.offset).unwrap_or(usize::MAX);
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let objects = tokens.iter().skip(skipped).take(limit).map(|token| TokenObject::new(&account, token)).collect();
    let meta = Meta::new(page, u64::try_from(tokens.len()).unwrap_or(u64::MAX));
    let next = meta.next_query();
    answer::json(StatusCode::OK, &TokenList { meta, objects }).map(|response| link::with_next(response, &uri, next))
}
