//! `PUT /api/v1/Account/{auth_id}/trunks/{trunk_id}`: partial, what is absent stays.

use super::fields;
use super::object::TrunkObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountWriter, TrunkInPath};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Network;
use provisioning::{TrunkName, TrunkPatch};
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape { accepted: fields::FIELDS, refused: fields::FIXED, hint: fields::HINT };

/// What to change about a trunk; what is absent stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TrunkChanges, example = json!({"description": "night shift"}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct TrunkChanges {
    /// What people call it.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 128,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*\\S[^\\u0000-\\u001f\\u007f-\\u009f]*$",
        example = "Voice agents"
    )]
    name: Option<String>,
    /// Which calls it carries.
    #[schema(nullable = false, pattern = "^(inbound|outbound|both)$", example = "both")]
    trunk_direction: Option<String>,
    /// Whether it takes calls. Comes back in the same word.
    #[schema(nullable = false, pattern = "^(active|inactive|enabled|disabled)$", example = "active")]
    trunk_status: Option<String>,
    /// Whether signalling must be over TLS.
    #[schema(nullable = false)]
    secure: Option<bool>,
    /// The transport towards next hops that name none.
    #[schema(nullable = false, pattern = "^(udp|tcp|tls)$", example = "udp")]
    transport: Option<String>,
    /// A username of the account, or the text of one of its origination URIs; empty for none.
    #[schema(nullable = false, max_length = 255)]
    inbound_destination: Option<String>,
    /// A note.
    #[schema(nullable = false, max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    description: Option<String>,
    /// How many calls it takes at a time.
    #[schema(nullable = false, minimum = 0, maximum = 100_000)]
    concurrent_calls_limit: Option<u32>,
    /// How many calls may begin within any second.
    #[schema(nullable = false, minimum = 0, maximum = 10_000)]
    cps_limit: Option<u32>,
    /// Its only credential from now on; empty for none.
    #[schema(nullable = false, pattern = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$")]
    credential_uuid: Option<String>,
    /// Its only entry of the access list from now on; empty for none.
    #[schema(nullable = false, pattern = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$")]
    ipacl_uuid: Option<String>,
    /// The next hop that is tried first; empty for none.
    #[schema(nullable = false, pattern = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$")]
    primary_uri_uuid: Option<String>,
    /// The next hop that is tried after it; empty for none.
    #[schema(nullable = false, pattern = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$")]
    fallback_uri_uuid: Option<String>,
    /// Stored and returned.
    #[schema(nullable = false)]
    recording: Option<bool>,
    /// Stored and returned.
    #[schema(nullable = false)]
    enable_transcription: Option<bool>,
    /// Stored and returned.
    #[schema(nullable = false)]
    pii_redaction: Option<bool>,
    /// Stored and returned in lists.
    #[schema(nullable = false, max_length = 1024)]
    pii_entity_types: Option<String>,
    /// Where events of its calls are sent, besides the account's webhook: http or https, and public; empty for nowhere.
    #[schema(nullable = false, max_length = 2048, example = "https://hooks.example.com/calls")]
    webhook_url: Option<String>,
    /// How call events are sent.
    #[schema(nullable = false, pattern = "^(POST|GET)$", example = "POST")]
    webhook_method: Option<String>,
    /// Stored and returned.
    #[schema(nullable = false)]
    recording_webhook_enabled: Option<bool>,
    /// The older name of `trunk_direction`.
    #[schema(nullable = false, pattern = "^(INBOUND|OUTBOUND|BOTH)$")]
    trunk_type: Option<String>,
    /// The older name of `concurrent_calls_limit`.
    #[schema(nullable = false, minimum = 0, maximum = 100_000)]
    max_concurrent_calls: Option<u32>,
    /// Another way to say `trunk_status`.
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

/// Change a trunk
///
/// When this has answered, no node takes a call by what was replaced.
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/trunks/{trunk_id}",
    operation_id = "update-trunk",
    request_body = TrunkChanges,
    responses((status = 200, description = "The trunk as it is now", body = TrunkObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    TrunkInPath(id): TrunkInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let patch = read(&body, &shared.config.webhook_networks)?;
    let trunk = shared.provisioning.update_trunk(&account, context, (id, patch)).await?;
    answer::json(StatusCode::OK, &TrunkObject::new(account.auth_id(), &trunk))
}

fn read(body: &[u8], webhook_networks: &[Network]) -> Result<TrunkPatch, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let name = fields::parsed(&mut object, "name", TrunkName::parse);
    let patch = fields::read(&mut object, webhook_networks);
    object.finish(Some(TrunkPatch { name, ..patch }))
}
