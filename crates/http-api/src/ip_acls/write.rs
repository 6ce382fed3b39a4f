//! `POST /api/v1/Account/{auth_id}/ip-acl` and `PUT /api/v1/Account/{auth_id}/ip-acl/{ip_acl_id}`

use super::object::IpAclObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountWriter, IpAclInPath};
use crate::body::JsonBody;
use crate::idempotency::{Repeatable, replayed};
use crate::json_object::{JsonObject, Shape};
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use crate::trunks::parsed;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{IpAcl, Network};
use provisioning::{Answered, Description, IpAclPatch, Remembering};
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["ip_address", "name", "description", "enabled"],
    refused: &[],
    hint: "only ip_address, description (or name) and enabled are accepted",
};

/// What an entry is created from.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewIpAcl, example = json!({"ip_address": "192.0.2.0/28", "description": "office"}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewIpAclBody {
    /// An IPv4 or IPv6 address, or a network in CIDR notation of at least /8 or /16.
    #[schema(example = "192.0.2.0/28")]
    ip_address: String,
    /// Another name of `description`.
    #[schema(nullable = false, max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    name: Option<String>,
    /// A note.
    #[schema(nullable = false, max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    description: Option<String>,
    /// Whether it lets anybody in.
    #[schema(nullable = false, default = true)]
    enabled: Option<bool>,
}

/// What to change about an entry; what is absent stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IpAclChanges, example = json!({"enabled": false}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct IpAclChanges {
    /// An IPv4 or IPv6 address, or a network in CIDR notation of at least /8 or /16.
    #[schema(nullable = false, example = "192.0.2.0/28")]
    ip_address: Option<String>,
    /// Another name of `description`.
    #[schema(nullable = false, max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    name: Option<String>,
    /// A note; empty removes it.
    #[schema(nullable = false, max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    description: Option<String>,
    /// Whether it lets anybody in.
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

/// Create an entry of the IP access list
///
/// It lets nobody in before a trunk is attached to it.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/ip-acl",
    operation_id = "create-ip-acl",
    request_body = NewIpAclBody,
    responses(
        (status = 201, description = "The new entry", body = IpAclObject),
        (status = 409, description = "The account has 1000 entries already", body = ErrorBody),
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
    let network = object.required_text("ip_address").and_then(|text| object.valid("ip_address", network(&text)));
    let patch = read(&mut object);
    let new = object.finish(network.map(|network| (network, patch)))?;
    let render = |created: &IpAcl| answer::remembered(&IpAclObject::new(account.auth_id(), created));
    let remembering = repeatable.request(&body).map(|request| Remembering { request, render: &render });
    match shared.provisioning.create_ip_acl(&account, context, new, remembering.as_ref()).await? {
        Answered::Fresh(created) => answer::json(StatusCode::CREATED, &IpAclObject::new(account.auth_id(), &created)),
        Answered::Replayed(answer) => replayed(&answer),
    }
}

/// Change an entry of the IP access list
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/ip-acl/{ip_acl_id}",
    operation_id = "update-ip-acl",
    request_body = IpAclChanges,
    responses((status = 200, description = "The entry as it is now", body = IpAclObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    IpAclInPath(id): IpAclInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let mut object = JsonObject::read(&body, &SHAPE)?;
    let network = parsed(&mut object, "ip_address", network);
    let patch = IpAclPatch { network, ..read(&mut object) };
    let patch = object.finish(Some(patch))?;
    let entry = shared.provisioning.update_ip_acl(&account, context, (id, patch)).await?;
    answer::json(StatusCode::OK, &IpAclObject::new(account.auth_id(), &entry))
}

fn read(object: &mut JsonObject) -> IpAclPatch {
    let description = parsed(object, "description", Description::parse);
    let name = parsed(object, "name", Description::parse);
    if description.is_some() && name.is_some() {
        object.note("name", "cannot be given together with description");
    }
    IpAclPatch { network: None, description: description.or(name), enabled: object.flag("enabled") }
}

fn network(text: &str) -> Result<Network, String> {
    let network: Network = text.parse().map_err(|error: domain::NetworkError| error.to_string())?;
    IpAcl::check(&network).map(|()| network).map_err(|error| error.to_string())
}
