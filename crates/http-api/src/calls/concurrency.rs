//! `GET /api/v1/Account/{auth_id}/concurrency`

use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountReader;
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// How many calls an account has. Known clients take exactly these fields.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConcurrencyObject<'c> {
    /// The account's auth id.
    #[schema(example = "MA_XXXXXXXX")]
    account_id: &'c str,
    /// How many calls are up.
    #[schema(minimum = 0, example = 3)]
    concurrent_calls: u64,
    /// How many may be.
    #[schema(minimum = 0, example = 100)]
    max_concurrent: u32,
    /// The former of the latter in percent, rounded down.
    #[schema(minimum = 0, example = 3)]
    utilization_pct: u64,
    /// This request's id, as in `X-Request-ID`.
    #[schema(example = "5f1c1bd2-0e0e-4b0e-9b39-1a1f4f0f6d3b")]
    request_id: &'c str,
}

/// Show how many calls are up
///
/// Of the account itself; each sub-account has limits of its own.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/concurrency",
    operation_id = "show-concurrency",
    responses((status = 200, description = "As of this moment", body = ConcurrencyObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(scope): AccountReader,
    Context(context): Context,
) -> Result<Response, Problem> {
    let found = shared.provisioning.concurrency(&scope);
    let object = ConcurrencyObject {
        account_id: scope.auth_id().as_str(),
        concurrent_calls: found.calls,
        max_concurrent: found.most,
        utilization_pct: found.percent(),
        request_id: &context.request_id,
    };
    answer::json(StatusCode::OK, &object)
}
