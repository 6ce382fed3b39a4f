//! `POST /api/v1/Account/{auth_id}/trunks`

use super::fields;
use super::object::TrunkObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountWriter;
use crate::body::JsonBody;
use crate::idempotency::{Repeatable, replayed};
use crate::json_object::{JsonObject, Shape};
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Network, Trunk};
use provisioning::{Answered, NewTrunk, Remembering, TrunkName};
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape { accepted: fields::FIELDS, refused: fields::FIXED, hint: fields::HINT };

/// What a trunk is created from. Clients of an older generation send `name`, `trunk_type` and `max_concurrent_calls`.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTrunk, example = json!({"name": "Voice agents", "trunk_direction": "outbound"}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewTrunkBody {
    /// What people call it.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*\\S[^\\u0000-\\u001f\\u007f-\\u009f]*$",
        example = "Voice agents"
    )]
    name: String,
    /// Which calls it carries; `both` where it is not given.
    #[schema(nullable = false, pattern = "^(inbound|outbound|both)$", example = "both")]
    trunk_direction: Option<String>,
    /// Whether it takes calls; `active` where it is not given. Comes back in the same word.
    #[schema(nullable = false, pattern = "^(active|inactive|enabled|disabled)$", example = "active")]
    trunk_status: Option<String>,
    /// Whether signalling must be over TLS.
    #[schema(nullable = false)]
    secure: Option<bool>,
    /// The transport towards next hops that name none; `udp` where it is not given.
    #[schema(nullable = false, pattern = "^(udp|tcp|tls)$", example = "udp")]
    transport: Option<String>,
    /// A username of the account, or the text of one of its origination URIs.
    #[schema(nullable = false, max_length = 255)]
    inbound_destination: Option<String>,
    /// A note.
    #[schema(nullable = false, max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    description: Option<String>,
    /// How many calls it takes at a time.
    #[schema(nullable = false, minimum = 0, maximum = 100_000, default = 10)]
    concurrent_calls_limit: Option<u32>,
    /// How many calls may begin within any second.
    #[schema(nullable = false, minimum = 0, maximum = 10_000, default = 2)]
    cps_limit: Option<u32>,
    /// The credential whose calls it takes.
    #[schema(nullable = false, format = "uuid")]
    credential_uuid: Option<String>,
    /// The entry of the access list whose calls it takes.
    #[schema(nullable = false, format = "uuid")]
    ipacl_uuid: Option<String>,
    /// The next hop that is tried first.
    #[schema(nullable = false, format = "uuid")]
    primary_uri_uuid: Option<String>,
    /// The next hop that is tried after it.
    #[schema(nullable = false, format = "uuid")]
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
    /// Where events of its calls are sent, besides the account's webhook: http or https, and public.
    #[schema(nullable = false, max_length = 2048, example = "https://hooks.example.com/calls")]
    webhook_url: Option<String>,
    /// How call events are sent.
    #[schema(nullable = false, pattern = "^(POST|GET)$", example = "POST")]
    webhook_method: Option<String>,
    /// Stored and returned.
    #[schema(nullable = false)]
    recording_webhook_enabled: Option<bool>,
    /// The older name of `trunk_direction`; goes with `max_concurrent_calls`.
    #[schema(nullable = false, pattern = "^(INBOUND|OUTBOUND|BOTH)$")]
    trunk_type: Option<String>,
    /// The older name of `concurrent_calls_limit`; goes with `trunk_type`.
    #[schema(nullable = false, minimum = 0, maximum = 100_000)]
    max_concurrent_calls: Option<u32>,
    /// Another way to say `trunk_status`.
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

/// Create a trunk
///
/// Every node takes its calls when this has answered. A trunk without a next hop is created too, and refuses outbound
/// calls until it is given one.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/trunks",
    operation_id = "create-trunk",
    request_body = NewTrunkBody,
    responses(
        (status = 201, description = "The new trunk", body = TrunkObject),
        (status = 409, description = "The account has 1000 trunks already", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    Context(context): Context,
    repeatable: Repeatable,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let new = read(&body, &shared.config.webhook_networks)?;
    let render = |created: &Trunk| answer::remembered(&TrunkObject::new(account.auth_id(), created));
    let remembering = repeatable.request(&body).map(|request| Remembering { request, render: &render });
    match shared.provisioning.create_trunk(&account, context, new, remembering.as_ref()).await? {
        Answered::Fresh(created) => answer::json(StatusCode::CREATED, &TrunkObject::new(account.auth_id(), &created)),
        Answered::Replayed(answer) => replayed(&answer),
    }
}

fn read(body: &[u8], webhook_networks: &[Network]) -> Result<NewTrunk, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let older = ["trunk_type", "max_concurrent_calls"];
    if older.into_iter().any(|field| object.has(field)) {
        for missing in older {
            if !object.has(missing) {
                object.note(missing, "is required together with trunk_type and max_concurrent_calls");
            }
        }
    }
    let name = object.required_text("name");
    let name = name.and_then(|text| object.valid("name", TrunkName::parse(&text)));
    let patch = fields::read(&mut object, webhook_networks);
    object.finish(name.map(|name| NewTrunk { name, patch }))
}
