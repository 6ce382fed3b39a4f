//! `GET /api/v1/Account/{auth_id}/tokens/{token_id}`

use super::object::TokenObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountReader, TokenInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Show a token
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/tokens/{token_id}",
    operation_id = "show-token",
    responses((status = 200, description = "The token, without what X-Auth-Token carries", body = TokenObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    TokenInPath(id): TokenInPath,
) -> Result<Response, Problem> {
    let token = shared.provisioning.api_token(&account, id).await?;
    answer::json(StatusCode::OK, &TokenObject::new(&account, &token))
}
