//! `DELETE /api/v1/accounts/{auth_id}/sub-accounts/{sub_auth_id}`: 200 with a message, as the hosted service answers.

use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountWriter, SubAccountInPath};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// That it is gone.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deleted {
    /// For people.
    #[schema(example = "Sub-account deleted successfully")]
    message: &'static str,
}

/// Delete a sub-account
///
/// With its credentials, registrations and tokens; its auth id authenticates nobody again.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{auth_id}/sub-accounts/{sub_auth_id}",
    operation_id = "delete-sub-account",
    responses((status = 200, description = "It is gone, on every node", body = Deleted))
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    AccountWriter(parent): AccountWriter,
    SubAccountInPath(auth_id): SubAccountInPath,
    Context(context): Context,
) -> Result<Response, Problem> {
    shared.provisioning.delete_sub_account(&parent, context, auth_id).await?;
    answer::json(StatusCode::OK, &Deleted { message: "Sub-account deleted successfully" })
}
