//! `POST /api/v1/Account/{auth_id}/origination-uris` and `PUT …/origination-uris/{origination_uri_id}`

use super::object::OriginationUriObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountWriter, OriginationUriInPath};
use crate::body::JsonBody;
use crate::idempotency::{Repeatable, replayed};
use crate::json_object::{JsonObject, Shape};
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use crate::trunks::{choice, parsed};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{OriginationUri, SipUri, TrunkTransport};
use provisioning::{Answered, Description, OriginationUriPatch, Remembering};
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["sip_uri", "uri", "name", "description", "priority", "weight", "enabled", "transport"],
    refused: &[],
    hint: "only uri (or sip_uri), description (or name), priority, weight, enabled and transport are accepted; username and \
           password are set at its secret",
};

/// What an origination URI is created from: `sip_uri` or `uri`, and what differs from the defaults.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOriginationUri, example = json!({"uri": "sip:gateway.example.com:5060", "priority": 10}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewOriginationUriBody {
    /// Where requests go; or `uri`.
    #[schema(nullable = false, max_length = 255, example = "sip:gateway.example.com:5060")]
    sip_uri: Option<String>,
    /// Where requests go; or `sip_uri`.
    #[schema(nullable = false, max_length = 255)]
    uri: Option<String>,
    /// Another name of `description`.
    #[schema(nullable = false, max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    name: Option<String>,
    /// A note.
    #[schema(nullable = false, max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    description: Option<String>,
    /// Lower ones are tried first.
    #[schema(nullable = false, maximum = 65535, default = 10)]
    priority: Option<u16>,
    /// Its share among those of the same priority.
    #[schema(nullable = false, maximum = 65535, default = 10)]
    weight: Option<u16>,
    /// Whether it gets any calls.
    #[schema(nullable = false, default = true)]
    enabled: Option<bool>,
    /// The transport, where the URI names none; `udp` where it is not given.
    #[schema(nullable = false, pattern = "^(udp|tcp|tls)$", example = "udp")]
    transport: Option<String>,
}

/// What to change about an origination URI; what is absent stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OriginationUriChanges, example = json!({"weight": 20}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct OriginationUriChanges {
    /// Where requests go; or `uri`.
    #[schema(nullable = false, max_length = 255, example = "sip:gateway.example.com:5060")]
    sip_uri: Option<String>,
    /// Where requests go; or `sip_uri`.
    #[schema(nullable = false, max_length = 255)]
    uri: Option<String>,
    /// Another name of `description`.
    #[schema(nullable = false, max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    name: Option<String>,
    /// A note; empty removes it.
    #[schema(nullable = false, max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    description: Option<String>,
    /// Lower ones are tried first.
    #[schema(nullable = false, maximum = 65535)]
    priority: Option<u16>,
    /// Its share among those of the same priority.
    #[schema(nullable = false, maximum = 65535)]
    weight: Option<u16>,
    /// Whether it gets any calls.
    #[schema(nullable = false)]
    enabled: Option<bool>,
    /// The transport, where the URI names none.
    #[schema(nullable = false, pattern = "^(udp|tcp|tls)$", example = "udp")]
    transport: Option<String>,
}

/// Create an origination URI
///
/// It gets no calls before a trunk is attached to it. One that leads to this server is refused.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/origination-uris",
    operation_id = "create-origination-uri",
    request_body = NewOriginationUriBody,
    responses(
        (status = 201, description = "The new origination URI", body = OriginationUriObject),
        (status = 409, description = "The account has 1000 origination URIs already", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    Context(context): Context,
    repeatable: Repeatable,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let mut object = JsonObject::read(&body, &SHAPE)?;
    if !object.has("uri") && !object.has("sip_uri") {
        object.note("sip_uri", "is required");
    }
    let patch = read(&mut object);
    let new = object.finish(patch.uri.clone().map(|uri| (uri, patch)))?;
    let render = |created: &OriginationUri| answer::remembered(&OriginationUriObject::new(account.auth_id(), created));
    let remembering = repeatable.request(&body).map(|request| Remembering { request, render: &render });
    match shared.provisioning.create_origination_uri(&account, context, new, remembering.as_ref()).await? {
        Answered::Fresh(created) => {
            answer::json(StatusCode::CREATED, &OriginationUriObject::new(account.auth_id(), &created))
        }
        Answered::Replayed(answer) => replayed(&answer),
    }
}

/// Change an origination URI
///
/// When this has answered, no node sends calls to where it led before.
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/origination-uris/{origination_uri_id}",
    operation_id = "update-origination-uri",
    request_body = OriginationUriChanges,
    responses((status = 200, description = "The origination URI as it is now", body = OriginationUriObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    OriginationUriInPath(id): OriginationUriInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let mut object = JsonObject::read(&body, &SHAPE)?;
    let patch = read(&mut object);
    let patch = object.finish(Some(patch))?;
    let uri = shared.provisioning.update_origination_uri(&account, context, (id, patch)).await?;
    answer::json(StatusCode::OK, &OriginationUriObject::new(account.auth_id(), &uri))
}

fn read(object: &mut JsonObject) -> OriginationUriPatch {
    if object.has("uri") && object.has("sip_uri") {
        object.note("uri", "cannot be given together with sip_uri");
    }
    if object.has("name") && object.has("description") {
        object.note("name", "cannot be given together with description");
    }
    let uri = parsed(object, "uri", SipUri::parse);
    let description = parsed(object, "description", Description::parse);
    let transport = choice(object, "transport", TrunkTransport::from_name, "must be udp, tcp or tls");
    OriginationUriPatch {
        uri: uri.or_else(|| parsed(object, "sip_uri", SipUri::parse)),
        description: description.or_else(|| parsed(object, "name", Description::parse)),
        priority: small(object, "priority"),
        weight: small(object, "weight"),
        enabled: object.flag("enabled"),
        transport,
    }
}

fn small(object: &mut JsonObject, field: &'static str) -> Option<u16> {
    let number = object.number(field).and_then(|number| object.at_most(field, number, u16::MAX.into()));
    number.and_then(|number| u16::try_from(number).ok())
}
