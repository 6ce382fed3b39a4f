//! `GET /api/v1/Account/{auth_id}/call-webhook`

use super::object::WebhookObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountReader;
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Show the webhook
///
/// Without its secret, and with how its messages fare.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/call-webhook",
    operation_id = "show-call-webhook",
    responses(
        (status = 200, description = "The webhook", body = WebhookObject),
        (status = 404, description = "The account has none", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
) -> Result<Response, Problem> {
    let view = shared.provisioning.webhook(&account).await?;
    answer::json(StatusCode::OK, &WebhookObject::new(account.auth_id(), &view))
}
