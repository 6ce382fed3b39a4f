//! `POST /api/v1/Account/{auth_id}/call-webhook/test`

use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountWriter;
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use storage::WebhookTest;
use utoipa::ToSchema;

/// What came of a test. What the receiver's answer said besides its status is not read.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookTest)]
pub(crate) struct TestObject {
    /// Whether it was answered with 2xx.
    delivered: bool,
    /// The status that came back; null where none did.
    #[schema(minimum = 100, maximum = 999, example = 200)]
    status: Option<u16>,
    /// What went wrong; null where nothing did.
    #[schema(example = "the name does not resolve")]
    problem: Option<Box<str>>,
    /// How long it took, in milliseconds.
    #[schema(minimum = 0, example = 87)]
    duration_ms: u64,
}

/// Try the webhook
///
/// Sends `webhook.test` to its URL at once, signed like every message, and says what came back. It is sent once, and
/// whether the webhook is enabled or not.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/call-webhook/test",
    operation_id = "test-call-webhook",
    responses(
        (status = 200, description = "What came of it", body = TestObject),
        (status = 404, description = "The account has none", body = ErrorBody),
        (status = 409, description = "The webhook has no URL", body = ErrorBody),
    )
)]
pub(crate) async fn test(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
) -> Result<Response, Problem> {
    let WebhookTest { status, problem, took_ms } = shared.provisioning.test_webhook(&account).await?;
    let delivered = problem.is_none();
    answer::json(StatusCode::OK, &TestObject { delivered, status, problem, duration_ms: took_ms })
}
