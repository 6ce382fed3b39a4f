//! `POST /api/v1/Account/{auth_id}/credentials/{credential_id}/provisioning-links`

use super::object::LinkCreatedObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{CredentialInPath, CredentialsWriter};
use crate::body::JsonBody;
use crate::idempotency::{Repeatable, replayed};
use crate::json_object::{JsonObject, Shape};
use crate::problem::{ErrorBody, Problem};
use crate::provision::Origin;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{DeviceLabel, LinkStage, PhoneFormat};
use provisioning::{Answered, LinkCreated, NewLink, Remembering, limits};
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["label", "format", "expires_in_seconds", "spent_by"],
    refused: &[],
    hint: "only label, format, expires_in_seconds and spent_by are accepted",
};

/// What a link is made from.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewProvisioningLink, example = json!({"label": "Ann's mobile", "format": "linphone"}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewLinkBody {
    /// What the device is going to be called: 1 to 64 octets of UTF-8 without control characters.
    #[schema(min_length = 1, max_length = 64, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$")]
    #[schema(example = "Ann's mobile")]
    label: String,
    /// What its configuration is written in: `linphone`, `zoiper`, `acrobits`, `microsip`, `yealink`, `grandstream`,
    /// `polycom`, `snom` or `fanvil`. Without it whoever spends the link chooses.
    #[schema(nullable = false, pattern = "^[a-z]+$", example = "linphone")]
    format: Option<String>,
    /// For how long the link is good: 15 minutes unless said, at most 7 days, and at most 15 minutes where a GET spends it.
    #[schema(nullable = false, minimum = 1, maximum = 604_800, default = 900)]
    expires_in_seconds: Option<u32>,
    /// `post`: the form on the link's page spends it, and a preview does not. `get`: whoever fetches it first has it, for
    /// apps that can do nothing else; it needs a `format`.
    #[schema(nullable = false, pattern = "^(post|get)$", default = "post")]
    spent_by: Option<String>,
}

/// Make a provisioning link
///
/// Whoever has the link makes one device with it, once, and gets that device's configuration. Nothing is made before.
#[utoipa::path(
    post,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/provisioning-links",
    operation_id = "create-provisioning-link",
    request_body = NewLinkBody,
    responses(
        (status = 201, description = "The link, this once", body = LinkCreatedObject),
        (status = 409, description = "The account has 1000 links that were not used", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    Context(context): Context,
    origin: Origin,
    repeatable: Repeatable,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let new = read(&body)?;
    let origin = origin.to_text();
    let render = |created: &LinkCreated| answer::remembered(&LinkCreatedObject::new(created, &origin));
    let remembering = repeatable.request(&body).map(|request| Remembering { request, render: &render });
    match shared.provisioning.create_link(&scope, context, (id, new), remembering.as_ref()).await? {
        Answered::Fresh(created) => answer::json(StatusCode::CREATED, &LinkCreatedObject::new(&created, &origin)),
        Answered::Replayed(answer) => replayed(&answer),
    }
}

fn read(body: &[u8]) -> Result<NewLink, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let label = object.required_text("label").and_then(|text| object.valid("label", DeviceLabel::parse(&text)));
    let format = object.text("format").and_then(|text| object.valid("format", format(&text)));
    let stage = object.text("spent_by").map_or(Some(LinkStage::Offered), |text| object.valid("spent_by", stage(&text)));
    let most =
        if stage == Some(LinkStage::Opened) { limits::MAX_OPENED_LINK_SECONDS } else { limits::MAX_LINK_SECONDS };
    let seconds = object.number("expires_in_seconds").unwrap_or(u64::from(limits::LINK_SECONDS));
    let seconds = object.at_most("expires_in_seconds", seconds, most);
    if seconds == Some(0) {
        object.note("expires_in_seconds", "must be at least 1");
    }
    if stage == Some(LinkStage::Opened) && format.is_none() {
        object.note("format", "is required where a GET spends the link: an app that fetches it cannot choose");
    }
    let all = label.zip(stage).zip(seconds);
    object.finish(all.map(|((label, stage), seconds)| NewLink { label, format, stage, seconds }))
}

fn format(text: &str) -> Result<PhoneFormat, String> {
    PhoneFormat::from_name(text).ok_or_else(|| {
        let names = PhoneFormat::ALL.map(PhoneFormat::as_str).join(", ");
        format!("must be one of {names}")
    })
}

fn stage(text: &str) -> Result<LinkStage, &'static str> {
    match text {
        "post" => Ok(LinkStage::Offered),
        "get" => Ok(LinkStage::Opened),
        _ => Err("must be post or get"),
    }
}
