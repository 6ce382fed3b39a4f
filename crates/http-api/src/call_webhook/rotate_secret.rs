//! `POST /api/v1/Account/{auth_id}/call-webhook/rotate-secret`

use super::object::WebhookObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountWriter;
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// Replace the webhook's secret
///
/// The new one is shown this once. For 24 hours messages are signed with the one of before too, so that receivers can be
/// told in peace; done twice, the one of before is worth nothing at once.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/call-webhook/rotate-secret",
    operation_id = "rotate-call-webhook-secret",
    responses(
        (status = 200, description = "The webhook, with its new secret", body = WebhookObject),
        (status = 404, description = "The account has none", body = ErrorBody),
    )
)]
pub(crate) async fn rotate_secret(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    Context(context): Context,
) -> Result<Response, Problem> {
    let view = shared.provisioning.rotate_webhook_secret(&account, context).await?;
    answer::json(StatusCode::OK, &WebhookObject::new(account.auth_id(), &view))
}
