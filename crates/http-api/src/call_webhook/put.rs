//! `PUT /api/v1/Account/{auth_id}/call-webhook`

use super::object::WebhookObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountWriter;
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Network, WebhookEventKind, WebhookEvents, WebhookUrl};
use provisioning::{WebhookPut, WebhookUpdate};
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["url", "events", "enabled"],
    refused: &[("secret", "is made by the server; POST …/rotate-secret replaces it")],
    hint: "only url, events and enabled are accepted",
};
const NO_EVENT: &str =
    "must hold one to five of call.ringing, call.answered, call.ended, auth.refused and auth.banned, and nothing else";

/// What the webhook is to be.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallWebhookChanges, example = json!({"url": "https://hooks.example.com/calls"}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct WebhookBody {
    /// Where messages go: http or https, and public; null where the URLs of trunks are enough.
    #[schema(required = true, max_length = 2048, example = "https://hooks.example.com/calls")]
    url: Option<String>,
    /// Which events are told; absent, they stay, and are those of calls at first.
    #[schema(nullable = false, min_items = 1, max_items = 5, value_type = Option<Vec<EventName>>)]
    #[schema(example = json!(["call.ended"]))]
    events: Option<Vec<String>>,
    /// Whether anything is told; absent, it stays, and is so at first.
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

/// What can be told.
#[derive(ToSchema)]
#[schema(as = CallEventName)]
#[expect(dead_code, reason = "describes what `read` takes")]
enum EventName {
    #[schema(rename = "call.ringing")]
    Ringing,
    #[schema(rename = "call.answered")]
    Answered,
    #[schema(rename = "call.ended")]
    Ended,
    #[schema(rename = "auth.refused")]
    Refused,
    #[schema(rename = "auth.banned")]
    Banned,
}

/// Create or change the webhook
///
/// The secret that messages are signed with is shown once, when the webhook is created.
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/call-webhook",
    operation_id = "put-call-webhook",
    request_body = WebhookBody,
    responses(
        (status = 200, description = "The webhook as it is now", body = WebhookObject),
        (status = 201, description = "The new webhook, with its secret", body = WebhookObject),
    )
)]
pub(crate) async fn put(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let update = read(&body, &shared.config.webhook_networks)?;
    let (status, view) = match shared.provisioning.put_webhook(&account, context, update).await? {
        WebhookPut::Created(view) => (StatusCode::CREATED, view),
        WebhookPut::Changed(view) => (StatusCode::OK, view),
    };
    answer::json(status, &WebhookObject::new(account.auth_id(), &view))
}

fn read(body: &[u8], allowed: &[Network]) -> Result<WebhookUpdate, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let url = object.required_text_or_null("url").and_then(|text| match text {
        Some(text) => object.valid("url", WebhookUrl::parse_allowing(&text, allowed)).map(Some),
        None => Some(None),
    });
    let events = object.texts("events").and_then(|names| {
        let kinds: Option<Vec<_>> = names.iter().map(|name| WebhookEventKind::from_name(name)).collect();
        let kinds = kinds.filter(|kinds| kinds.len() <= WebhookEventKind::ALL.len());
        object.valid("events", kinds.and_then(|kinds| WebhookEvents::of(&kinds)).ok_or(NO_EVENT))
    });
    let enabled = object.flag("enabled");
    object.finish(url.map(|url| WebhookUpdate { url, events, enabled }))
}
