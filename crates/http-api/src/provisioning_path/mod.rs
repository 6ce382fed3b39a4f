//! `GET`, `DELETE /api/v1/Account/{auth_id}/provisioning-path`: where the account's desk phones fetch their configuration.

use crate::answer;
use crate::api::Shared;
use crate::authenticated::CredentialsWriter;
use crate::problem::Problem;
use crate::provision::Origin;
use crate::request_context::Context;
use crate::routes::Routes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use phone_provisioning::folder_of_desk_phones;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Where the account's desk phones fetch their configuration.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProvisioningPath {
    /// The folder to enter in the phones, or to tell them by DHCP option 66. Whoever knows it and a phone's hardware
    /// address has that phone's password.
    #[schema(example = "https://sip.example.com/provision/mac/MA_XXXXXXXX/q7Zb0-2fXk9sTnYcVhLpRw3u/")]
    url: String,
}

pub(crate) fn routes() -> Routes {
    Routes::tagged("Devices")
        .operation(__path_show, show)
        .operation(__path_replace, replace)
        .schema::<ProvisioningPath>()
}

/// Show where desk phones fetch their configuration
///
/// With the host that this request named.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/provisioning-path",
    operation_id = "show-provisioning-path",
    responses((status = 200, description = "The address", body = ProvisioningPath))
)]
async fn show(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    origin: Origin,
) -> Result<Response, Problem> {
    let secret = shared.provisioning.provisioning_path(&scope).await?;
    let url = format!("{}{}", origin.to_text(), folder_of_desk_phones(scope.auth_id(), &secret));
    answer::json(StatusCode::OK, &ProvisioningPath { url })
}

/// Replace where desk phones fetch their configuration
///
/// At the address before nothing is served any more; phones need the new one. Their passwords stay.
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/provisioning-path",
    operation_id = "replace-provisioning-path",
    responses((status = 204, description = "There is another address"))
)]
async fn replace(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.replace_provisioning_path(&scope, context).await?;
    Ok(StatusCode::NO_CONTENT)
}
