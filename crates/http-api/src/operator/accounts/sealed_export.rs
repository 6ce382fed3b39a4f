//! `GET /admin/v1/accounts/{auth_id}/sealed-credentials?limit&after`

use crate::answer;
use crate::api::Shared;
use crate::operator::access::{Access, AccountInPath};
use crate::pagination::QueryReader;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{AuthId, DigestAlgorithm, Sealed};
use provisioning::{SealedCredential, SealedExportPage};
use serde::Serialize;
use std::sync::Arc;
use storage::CredentialNumber;
use utoipa::ToSchema;

/// Which part to export.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `export` reads")]
pub(crate) struct SealedExportParameters {
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: Option<u32>,
    /// What `next` said, for those that follow.
    after: Option<u64>,
}

/// A page of credentials, in order of creation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealedCredentialPage<'p> {
    objects: Vec<SealedCredentialObject<'p>>,
    /// What to give as `after` for those that follow; null at the end.
    next: Option<u64>,
}

/// A credential with its secrets as they are stored: sealed with the master key to auth id, credential, algorithm,
/// realm and username.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SealedCredential)]
pub(crate) struct SealedCredentialObject<'p> {
    #[schema(value_type = String)]
    auth_id: &'p str,
    #[schema(format = "uuid")]
    id: String,
    username: &'p str,
    realm: &'p str,
    enabled: bool,
    description: &'p str,
    /// Base64; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed_ha1_md5: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed_ha1_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed_ha1_sha512_256: Option<String>,
}

/// Export an account's credentials with their sealed secrets
///
/// The secrets open with the installation's master key alone. That an export begins stands in the audit log.
#[utoipa::path(
    get,
    path = "/admin/v1/accounts/{auth_id}/sealed-credentials",
    operation_id = "operator-export-sealed-credentials",
    params(SealedExportParameters),
    responses((status = 200, description = "A page of credentials", body = SealedCredentialPage<'_>))
)]
pub(crate) async fn export(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountInPath(auth_id): AccountInPath,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut query = QueryReader::read(&uri)?;
    let limit = query.limit();
    let after = query.number("after", 0..=i64::MAX.unsigned_abs()).map(CredentialNumber);
    let part = query.finish((after, limit))?;
    let page = shared.provisioning.export_sealed_credentials(&operator, &auth_id, part).await?;
    let objects = page.credentials.iter().map(|credential| object(&auth_id, &page, credential)).collect();
    answer::json(StatusCode::OK, &SealedCredentialPage { objects, next: page.next.map(|number| number.0) })
}

fn object<'p>(
    auth_id: &'p AuthId,
    page: &'p SealedExportPage,
    credential: &'p SealedCredential,
) -> SealedCredentialObject<'p> {
    let sealed = |algorithm: DigestAlgorithm| {
        let found = credential.ha1s.iter().find(|(known, _)| *known == algorithm);
        found.map(|(_, sealed): &(_, Sealed)| STANDARD.encode(sealed.as_bytes()))
    };
    SealedCredentialObject {
        auth_id: auth_id.as_str(),
        id: credential.id.to_string(),
        username: credential.username.as_str(),
        realm: page.realm.as_str(),
        enabled: credential.enabled,
        description: &credential.description,
        sealed_ha1_md5: sealed(DigestAlgorithm::Md5),
        sealed_ha1_sha256: sealed(DigestAlgorithm::Sha256),
        sealed_ha1_sha512_256: sealed(DigestAlgorithm::Sha512_256),
    }
}
