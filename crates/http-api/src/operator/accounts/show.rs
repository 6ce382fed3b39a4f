//! `GET /admin/v1/accounts/{auth_id}`

use super::object::AccountObject;
use crate::answer;
use crate::api::Shared;
use crate::operator::access::{Access, AccountInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Show an account
#[utoipa::path(
    get,
    path = "/admin/v1/accounts/{auth_id}",
    operation_id = "operator-show-account",
    responses((status = 200, description = "The account", body = AccountObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountInPath(auth_id): AccountInPath,
) -> Result<Response, Problem> {
    let view = shared.provisioning.show_account(&operator, auth_id).await?;
    answer::json(StatusCode::OK, &AccountObject::from(&view))
}
