//! `GET /admin/v1/realms?limit&offset`

use crate::api::Shared;
use crate::operator::access::Access;
use crate::operator::page::paged;
use crate::pagination::{Meta, Window, WindowParameters};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use domain::{DigestRules, Realm};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of realms.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RealmList {
    meta: Meta,
    objects: Vec<RealmObject>,
}

/// A digest realm.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Realm)]
pub(crate) struct RealmObject {
    /// Its name, as in challenges.
    #[schema(example = "MA_XXXXXXXX.sip.example.com")]
    name: String,
    /// What its challenges offer: `compatible`, `sha256` or `rfc8760`.
    #[schema(pattern = "^(compatible|sha256|rfc8760)$", example = "compatible")]
    challenge_policy: &'static str,
    /// Whether its challenges offer `qop=auth-int`, and answers with it are accepted.
    auth_int: bool,
    /// Whether answers without `qop` are accepted.
    without_qop: bool,
    /// Whether no credential keeps an HA1 under MD5.
    md5_retired: bool,
}

/// List realms
#[utoipa::path(
    get,
    path = "/admin/v1/realms",
    operation_id = "operator-list-realms",
    params(WindowParameters),
    responses((status = 200, description = "A page of realms", body = RealmList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    Window(window): Window,
    uri: Uri,
) -> Result<Response, Problem> {
    let realms = shared.provisioning.realms(&operator).await?;
    paged(&realms, (window, &uri), |meta, page| RealmList {
        meta,
        objects: page.iter().map(RealmObject::from).collect(),
    })
}

impl From<&Realm> for RealmObject {
    fn from(realm: &Realm) -> Self {
        let DigestRules { auth_int, without_qop, md5_retired } = realm.rules;
        let (name, challenge_policy) = (realm.name.to_string(), realm.challenge_policy.as_str());
        Self { name, challenge_policy, auth_int, without_qop, md5_retired }
    }
}
