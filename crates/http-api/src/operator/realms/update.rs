//! `PUT /admin/v1/realms/{realm}`: partial, what is absent stays.

use crate::api::Shared;
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::operator::access::{Access, RealmInPath};
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use domain::ChallengePolicy;
use provisioning::RealmUpdate;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["challenge_policy", "auth_int", "without_qop"],
    refused: &[("md5_retired", "cannot be set: ask for retire-md5, and take it back with another challenge_policy")],
    hint: "only challenge_policy, auth_int and without_qop are accepted",
};

/// What to change about a realm; what is absent stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct RealmChanges {
    /// `compatible`: SHA-256 where the phone is known to do it, else MD5. `sha256`: SHA-256 only. `rfc8760`: all.
    #[schema(pattern = "^(compatible|sha256|rfc8760)$", nullable = false, example = "sha256")]
    challenge_policy: Option<String>,
    /// Whether challenges offer `qop=auth-int` beside `auth`, and answers with it are accepted.
    #[schema(nullable = false)]
    auth_int: Option<bool>,
    /// Whether answers without `qop` (RFC 2069) are accepted.
    #[schema(nullable = false)]
    without_qop: Option<bool>,
}

/// Change what a realm offers and accepts
#[utoipa::path(
    put,
    path = "/admin/v1/realms/{realm}",
    operation_id = "operator-update-realm",
    request_body = RealmChanges,
    responses(
        (status = 204, description = "The next challenge offers it"),
        (status = 404, description = "There is no such realm", body = ErrorBody),
    )
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    RealmInPath(realm): RealmInPath,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Problem> {
    shared.provisioning.update_realm(&operator, realm, read(&body)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read(body: &[u8]) -> Result<RealmUpdate, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let challenge_policy = object.text("challenge_policy").and_then(|text| {
        let known = ChallengePolicy::from_name(&text).ok_or("must be compatible, sha256 or rfc8760");
        object.valid("challenge_policy", known)
    });
    let (auth_int, without_qop) = (object.flag("auth_int"), object.flag("without_qop"));
    object.finish(Some(RealmUpdate { challenge_policy, auth_int, without_qop }))
}
