//! `POST /admin/v1/accounts/{auth_id}/tokens`

use super::object::AccountToken;
use crate::answer;
use crate::api::Shared;
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::moment;
use crate::operator::access::{Access, AccountInPath};
use crate::problem::{ErrorBody, Problem};
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::TokenScope;
use provisioning::{NewApiToken, TokenLabel};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["label", "scope", "expires_at"],
    refused: &[],
    hint: "only label, scope and expires_at are accepted",
};

/// What a token is created from.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct NewAccountToken {
    /// What people call it.
    #[schema(min_length = 1, max_length = 64, example = "CI")]
    label: String,
    /// `all` (where left out), `read_only` or `credentials_only`.
    #[schema(nullable = false, pattern = "^(all|read_only|credentials_only)$", example = "all")]
    scope: Option<String>,
    /// A moment in the future from when on it authenticates nobody; left out: it has no end.
    #[schema(format = DateTime, nullable = false, example = "2100-01-01T00:00:00Z")]
    expires_at: Option<String>,
}

/// A new token, this once with what `X-Auth-Token` carries.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatedAccountToken<'v> {
    /// The token as it is listed.
    token: AccountToken,
    /// What `X-Auth-ID` carries.
    #[schema(example = "MA_XXXXXXXX")]
    auth_id: String,
    /// What `X-Auth-Token` carries.
    auth_token: &'v str,
}

/// Create a token for an account
///
/// Its `auth_token` is shown this once.
#[utoipa::path(
    post,
    path = "/admin/v1/accounts/{auth_id}/tokens",
    operation_id = "operator-create-account-token",
    request_body = NewAccountToken,
    responses(
        (status = 201, description = "The new token", body = CreatedAccountToken),
        (status = 404, description = "There is no such account", body = ErrorBody),
        (status = 409, description = "The account has as many tokens as it may", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountInPath(auth_id): AccountInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let new = read(&body)?;
    let account = shared.provisioning.account_for_operator(&operator, &auth_id)?;
    let created = shared.provisioning.create_api_token(&account, context, new).await?;
    let token = AccountToken::from(&created.token);
    let auth_id = auth_id.to_string();
    answer::json(StatusCode::CREATED, &CreatedAccountToken { token, auth_id, auth_token: &created.auth_token })
}

fn read(body: &[u8]) -> Result<NewApiToken, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let label = object.required_text("label");
    let label = label.and_then(|text| object.valid("label", TokenLabel::parse(&text)));
    let scope = object.text("scope").and_then(|text| {
        let known = TokenScope::from_name(&text).ok_or("must be all, read_only or credentials_only");
        object.valid("scope", known)
    });
    let expires_at = object.text("expires_at");
    let expires_at = expires_at.and_then(|text| object.valid("expires_at", moment::parsed(&text)));
    let scope = scope.unwrap_or(TokenScope::All);
    object.finish(label).map(|label| NewApiToken { label, scope, expires_at })
}
