//! `GET`, `PUT /api/v1/Account/{auth_id}/trunks/{trunk_id}/attachments`: what a trunk is attached to. Never part of the
//! trunk object, whose fields known clients rely on.

use super::fields::{NOT_AN_ID, each, emptied};
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountReader, AccountWriter, TrunkInPath};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{CredentialId, IpAclId, OriginationUriId, Trunk, TrunkAttachments};
use provisioning::AttachmentsPatch;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["credentials", "ip_acls", "primary_uri", "fallback_uri", "origination_uris"],
    refused: &[],
    hint: "only credentials, ip_acls, primary_uri, fallback_uri and origination_uris can be attached",
};
const ONE_ID: &str = "must be a UUID";

/// What a trunk is attached to. Calls are tried over the primary URI, then the fallback URI, then the others by priority
/// and weight.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Attachments)]
pub(crate) struct AttachmentsObject {
    /// Whose calls it takes. Where there are entries of the access list too, a call needs both.
    #[schema(max_items = 100)]
    credentials: Vec<String>,
    /// From where it takes calls.
    #[schema(max_items = 100)]
    ip_acls: Vec<String>,
    /// The next hop that is tried first; empty where there is none.
    primary_uri: String,
    /// The next hop that is tried after it; empty where there is none.
    fallback_uri: String,
    /// The next hops that are tried after these.
    #[schema(max_items = 100)]
    origination_uris: Vec<String>,
    /// Whether there is any next hop: without one, outbound calls are refused.
    has_next_hop: bool,
}

impl From<&Trunk> for AttachmentsObject {
    fn from(trunk: &Trunk) -> Self {
        let attachments = &trunk.attachments;
        let one = |id: Option<OriginationUriId>| id.map(|id| id.to_string()).unwrap_or_default();
        Self {
            credentials: attachments.credentials.iter().map(ToString::to_string).collect(),
            ip_acls: attachments.ip_acls.iter().map(ToString::to_string).collect(),
            primary_uri: one(attachments.primary_uri),
            fallback_uri: one(attachments.fallback_uri),
            origination_uris: attachments.origination_uris.iter().map(ToString::to_string).collect(),
            has_next_hop: attachments.has_next_hop(),
        }
    }
}

/// What to change about a trunk's attachments; what is absent stays, lists are replaced whole.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AttachmentsChanges, example = json!({"origination_uris": []}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct AttachmentsChanges {
    /// Identifiers of credentials of the account.
    #[schema(nullable = false, max_items = 100)]
    credentials: Option<Vec<String>>,
    /// Identifiers of entries of its IP access list.
    #[schema(nullable = false, max_items = 100)]
    ip_acls: Option<Vec<String>>,
    /// The identifier of an origination URI; empty for none.
    #[schema(nullable = false, pattern = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$")]
    primary_uri: Option<String>,
    /// The identifier of an origination URI; empty for none.
    #[schema(nullable = false, pattern = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$")]
    fallback_uri: Option<String>,
    /// Identifiers of origination URIs.
    #[schema(nullable = false, max_items = 100)]
    origination_uris: Option<Vec<String>>,
}

/// Show what a trunk is attached to
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/trunks/{trunk_id}/attachments",
    operation_id = "show-trunk-attachments",
    responses((status = 200, description = "Its attachments", body = AttachmentsObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    TrunkInPath(id): TrunkInPath,
) -> Result<Response, Problem> {
    let trunk = shared.provisioning.trunk(&account, id).await?;
    answer::json(StatusCode::OK, &AttachmentsObject::from(&trunk))
}

/// Change what a trunk is attached to
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/trunks/{trunk_id}/attachments",
    operation_id = "update-trunk-attachments",
    request_body = AttachmentsChanges,
    responses((status = 200, description = "Its attachments as they are now", body = AttachmentsObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    TrunkInPath(id): TrunkInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let trunk = shared.provisioning.update_attachments(&account, context, (id, read(&body)?)).await?;
    answer::json(StatusCode::OK, &AttachmentsObject::from(&trunk))
}

fn read(body: &[u8]) -> Result<AttachmentsPatch, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let most = TrunkAttachments::MOST;
    let patch = AttachmentsPatch {
        credentials: each(&mut object, ("credentials", most), |text| CredentialId::parse(text).ok_or(ONE_ID)),
        ip_acls: each(&mut object, ("ip_acls", most), |text| IpAclId::parse(text).ok_or(ONE_ID)),
        primary_uri: emptied(&mut object, "primary_uri", |text| OriginationUriId::parse(text).ok_or(NOT_AN_ID)),
        fallback_uri: emptied(&mut object, "fallback_uri", |text| OriginationUriId::parse(text).ok_or(NOT_AN_ID)),
        origination_uris: each(&mut object, ("origination_uris", most), |text| {
            OriginationUriId::parse(text).ok_or(ONE_ID)
        }),
    };
    object.finish(Some(patch))
}
