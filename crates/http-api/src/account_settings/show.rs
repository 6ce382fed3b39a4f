//! `GET /api/v1/Account/{auth_id}/settings`

use super::object::SettingsObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountReader;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Show the account's settings
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/settings",
    operation_id = "show-settings",
    responses((status = 200, description = "The settings", body = SettingsObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
) -> Result<Response, Problem> {
    let settings = shared.provisioning.settings(&account).await?;
    answer::json(StatusCode::OK, &SettingsObject::from(settings))
}
