//! `POST /admin/v1/realms/{realm}/retire-md5`

use crate::answer;
use crate::api::Shared;
use crate::operator::access::{Access, RealmInPath};
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What a retirement of MD5 did.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Md5Retired {
    /// How many credentials had an HA1 under MD5 and have it no more.
    #[schema(minimum = 0, example = 12)]
    credentials: u64,
}

/// Retire MD5 for a realm
///
/// Sets its challenge policy to `sha256` and deletes every HA1 under MD5, which nothing brings back but a new password.
/// Repeating it is harmless, and finishes one that was interrupted.
#[utoipa::path(
    post,
    path = "/admin/v1/realms/{realm}/retire-md5",
    operation_id = "operator-retire-md5",
    responses(
        (status = 200, description = "No credential of the realm can use MD5 any more", body = Md5Retired),
        (status = 404, description = "There is no such realm", body = ErrorBody),
    )
)]
pub(crate) async fn retire_md5(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    RealmInPath(realm): RealmInPath,
) -> Result<Response, Problem> {
    let retired = shared.provisioning.retire_md5(&operator, realm).await?;
    answer::json(StatusCode::OK, &Md5Retired { credentials: retired.credentials })
}
