//! `GET`, `PUT`, `DELETE /api/v1/Account/{auth_id}/origination-uris/{origination_uri_id}/secret`: how we answer when the
//! next hop challenges us. Never part of the origination URI's object, whose fields known clients rely on.

use super::registration::RegistrationObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountReader, AccountWriter, OriginationUriInPath};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{OriginationUri, RegistrationStanding, UpstreamRegistration, UpstreamSecret};
use provisioning::{NewUpstreamSecret, ProvisioningError, UpstreamUsername};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["username", "password", "register", "expires_seconds"],
    refused: &[],
    hint: "only username, password, register and expires_seconds are accepted",
};

/// How we answer the next hop's challenge, without the password.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpstreamSecret)]
pub(crate) struct SecretObject<'v> {
    /// Our username at the next hop.
    #[schema(example = "trunk4711")]
    username: &'v str,
    /// Always `<redacted>`.
    #[schema(pattern = "^<redacted>$", example = "<redacted>")]
    password: &'static str,
    /// Whether we register there.
    register: bool,
    /// The expiry we ask for, in seconds; 0 where we do not register.
    #[schema(example = 3600)]
    expires_seconds: u32,
    /// How the registration stands; null where none is kept, because none is wanted, no active trunk of an enabled account
    /// uses the URI, or it was changed less than about a second ago.
    registration: Option<RegistrationObject>,
}

impl<'v> SecretObject<'v> {
    fn new(secret: &'v UpstreamSecret, standing: Option<RegistrationStanding>) -> Self {
        Self {
            username: &secret.username,
            password: "<redacted>",
            register: secret.registration.is_some(),
            expires_seconds: secret.registration.map_or(0, |registration| registration.expires_seconds),
            registration: standing.map(RegistrationObject::from),
        }
    }
}

/// How to answer the next hop's challenge. It replaces what was there.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUpstreamSecret)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewSecretBody {
    /// Our username at the next hop, without `"` and `\`.
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f\"\\\\]*$",
        example = "trunk4711"
    )]
    username: String,
    /// Our password there, as the carrier chose it.
    #[schema(min_length = 1, max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", write_only)]
    #[schema(example = "correct horse battery staple")]
    password: String,
    /// Whether to register there, where the carrier wants that.
    #[schema(nullable = false, default = false)]
    register: Option<bool>,
    /// The expiry to ask for, in seconds.
    #[schema(nullable = false, minimum = 60, maximum = 86_400, default = 3600)]
    expires_seconds: Option<u32>,
}

/// Show how a next hop's challenge is answered
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/origination-uris/{origination_uri_id}/secret",
    operation_id = "show-upstream-secret",
    responses((status = 200, description = "Username and how the registration stands, never the password", body = SecretObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    OriginationUriInPath(id): OriginationUriInPath,
) -> Result<Response, Problem> {
    shown(&shared, &shared.provisioning.origination_uri(&account, id).await?)
}

/// Set how a next hop's challenge is answered
///
/// The password is sealed; the signalling plane alone can open it.
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/origination-uris/{origination_uri_id}/secret",
    operation_id = "put-upstream-secret",
    request_body = NewSecretBody,
    responses((status = 200, description = "What it is now, without the password", body = SecretObject))
)]
pub(crate) async fn put(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    OriginationUriInPath(id): OriginationUriInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let new = read(&body)?;
    drop(body);
    shown(&shared, &shared.provisioning.put_upstream_secret(&account, context, (id, new)).await?)
}

/// Forget how a next hop's challenge is answered
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/origination-uris/{origination_uri_id}/secret",
    operation_id = "delete-upstream-secret",
    responses((status = 204, description = "Its challenges are not answered any more, and no node registers there"))
)]
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    OriginationUriInPath(id): OriginationUriInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.delete_upstream_secret(&account, context, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(shared: &Shared, uri: &OriginationUri) -> Result<Response, Problem> {
    let secret = uri.secret.as_ref().ok_or(ProvisioningError::UpstreamSecretNotFound)?;
    answer::json(StatusCode::OK, &SecretObject::new(secret, shared.config.upstream.standing(uri)))
}

fn read(body: &[u8]) -> Result<NewUpstreamSecret, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let username = object.required_text("username");
    let username = username.and_then(|text| object.valid("username", UpstreamUsername::parse(&text)));
    let password = object.required_text("password");
    let password =
        password.and_then(|text| object.valid("password", NewUpstreamSecret::check_password(&text)).map(|()| text));
    let register = object.flag("register").unwrap_or(false);
    let expires = object.number("expires_seconds").map(|seconds| {
        let fitting = u32::try_from(seconds).ok().filter(|s| UpstreamRegistration::EXPIRES_SECONDS.contains(s));
        object.valid("expires_seconds", fitting.ok_or("must be from 60 to 86400"))
    });
    let expires_seconds = expires.flatten().unwrap_or(UpstreamRegistration::DEFAULT_EXPIRES_SECONDS);
    let registration = register.then_some(UpstreamRegistration { expires_seconds });
    let both = username.zip(password);
    object.finish(both.map(|(username, password)| NewUpstreamSecret { username, password, registration }))
}
