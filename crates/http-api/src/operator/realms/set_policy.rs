//! `PUT /admin/v1/realms/{realm}`

use crate::api::Shared;
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::operator::access::{Access, RealmInPath};
use crate::problem::{ErrorBody, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use domain::ChallengePolicy;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape { accepted: &["challenge_policy"], refused: &[], hint: "only challenge_policy is accepted" };

/// What to change about a realm.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct RealmChanges {
    /// `compatible`: SHA-256 where the phone is known to do it, else MD5. `sha256`: SHA-256 only. `rfc8760`: all.
    #[schema(pattern = "^(compatible|sha256|rfc8760)$", example = "sha256")]
    challenge_policy: String,
}

/// Set what a realm's challenges offer
#[utoipa::path(
    put,
    path = "/admin/v1/realms/{realm}",
    operation_id = "operator-set-realm-policy",
    request_body = RealmChanges,
    responses(
        (status = 204, description = "The next challenge offers it"),
        (status = 404, description = "There is no such realm", body = ErrorBody),
    )
)]
pub(crate) async fn set_policy(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    RealmInPath(realm): RealmInPath,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Problem> {
    shared.provisioning.set_challenge_policy(&operator, realm, read(&body)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read(body: &[u8]) -> Result<ChallengePolicy, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let policy = object.required_text("challenge_policy").and_then(|text| {
        let known = ChallengePolicy::from_name(&text).ok_or("must be compatible, sha256 or rfc8760");
        object.valid("challenge_policy", known)
    });
    object.finish(policy)
}
