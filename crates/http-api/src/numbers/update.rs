//! `PUT /api/v1/Account/{auth_id}/numbers/{e164}`: where calls to a number go.

use super::object::NumberObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountWriter, NumberInPath};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::problem::Problem;
use crate::request_context::Context;
use crate::trunks::{choice, parsed};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{CalledNumberIn, NumberTarget, OriginationUriId, Username, UsernameRule};
use provisioning::NumberPatch;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["target", "target_username", "target_origination_uri", "called_number_in"],
    refused: &[("trunk_id", "is set with POST on the number's assign path")],
    hint: "only target, target_username, target_origination_uri and called_number_in can be changed",
};

/// What to change about a number; what is absent stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NumberChanges, example = json!({"target": "trunk"}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NumberChanges {
    /// `trunk` sends calls where the trunk says; `username` and `origination_uri` need the field of that name.
    #[schema(nullable = false, pattern = "^(trunk|username|origination_uri)$", example = "trunk")]
    target: Option<String>,
    /// A username of the account, with `target` `username`.
    #[schema(nullable = false, max_length = 64)]
    target_username: Option<String>,
    /// The id of an origination URI, with `target` `origination_uri`.
    #[schema(nullable = false, format = "uuid")]
    target_origination_uri: Option<String>,
    /// Where phones find the number that was called.
    #[schema(nullable = false, pattern = "^(request_uri|to)$", example = "to")]
    called_number_in: Option<String>,
}

/// Say where calls to a number go
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/numbers/{e164}",
    operation_id = "update-number",
    request_body = NumberChanges,
    responses((status = 200, description = "The number as it is now", body = NumberObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    NumberInPath(e164): NumberInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let number = shared.provisioning.update_number(&account, context, (e164, read(&body)?)).await?;
    answer::json(StatusCode::OK, &NumberObject::new(account.auth_id(), &number))
}

fn read(body: &[u8]) -> Result<NumberPatch, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let rule = "must be request_uri or to";
    let called_number_in = choice(&mut object, "called_number_in", CalledNumberIn::from_name, rule);
    let target = target(&mut object);
    object.finish(Some(NumberPatch { target, called_number_in }))
}

fn target(object: &mut JsonObject) -> Option<NumberTarget> {
    let wanted = parsed(object, "target", |text| match text {
        "trunk" => Ok("trunk"),
        "username" => Ok("target_username"),
        "origination_uri" => Ok("target_origination_uri"),
        _ => Err("must be trunk, username or origination_uri"),
    });
    for field in ["target_username", "target_origination_uri"] {
        match (object.has(field), wanted == Some(field)) {
            (true, false) => object.note(field, "goes with the target of that name only"),
            (false, true) => object.note(field, "is required with this target"),
            _ => {}
        }
    }
    let username = parsed(object, "target_username", |text| Username::parse(text, UsernameRule::Extended));
    let uri = parsed(object, "target_origination_uri", |text| OriginationUriId::parse(text).ok_or("must be a UUID"));
    match wanted? {
        "target_username" => username.map(NumberTarget::Username),
        "target_origination_uri" => uri.map(NumberTarget::OriginationUri),
        _ => Some(NumberTarget::Trunk),
    }
}
