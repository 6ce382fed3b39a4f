//! `PUT /admin/v1/accounts/{auth_id}`

use super::create::read_profile;
use super::object::AccountObject;
use crate::answer;
use crate::api::Shared;
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::operator::access::{Access, AccountInPath};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::CallLimits;
use provisioning::{AccountName, AccountUpdate, CallLimitsPatch};
use std::sync::Arc;
use utoipa::ToSchema;

const FIXED: &str = "is fixed for the account's life";
const SHAPE: Shape = Shape {
    accepted: &["name", "enabled", "email", "phone", "description", "concurrent_calls_limit", "cps_limit"],
    refused: &[("auth_id", FIXED), ("realm", FIXED), ("sip_domain", FIXED), ("parent_auth_id", FIXED)],
    hint: "only name, enabled, email, phone, description, concurrent_calls_limit and cps_limit are accepted",
};

/// What to change about an account; what is left out stays, and an empty text removes what was there.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OperatorAccountChanges)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct AccountChanges {
    /// What people call it.
    #[schema(nullable = false, min_length = 1, max_length = 128, example = "Acme")]
    name: Option<String>,
    /// `false`: it authenticates nobody any more, over HTTP or SIP, and neither do its sub-accounts.
    #[schema(nullable = false)]
    enabled: Option<bool>,
    /// An address for people to write to.
    #[schema(nullable = false, max_length = 254, example = "ops@example.com")]
    email: Option<String>,
    /// A number for people to call.
    #[schema(nullable = false, max_length = 64, example = "+49 30 1234567")]
    phone: Option<String>,
    /// A note.
    #[schema(nullable = false, max_length = 255, example = "pilot customer")]
    description: Option<String>,
    /// How many calls it may have at a time, over all its trunks; 0 allows none.
    #[schema(nullable = false, minimum = 0, maximum = 100_000, example = 100)]
    concurrent_calls_limit: Option<u32>,
    /// How many of its calls may begin within any second; 0 allows none.
    #[schema(nullable = false, minimum = 0, maximum = 10_000, example = 20)]
    cps_limit: Option<u32>,
}

/// Update an account
///
/// Disabling it ends the registrations of its phones and of its sub-accounts' phones before this answers.
#[utoipa::path(
    put,
    path = "/admin/v1/accounts/{auth_id}",
    operation_id = "operator-update-account",
    request_body = AccountChanges,
    responses((status = 200, description = "The whole account", body = AccountObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountInPath(auth_id): AccountInPath,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let view = shared.provisioning.update_account(&operator, (auth_id, read(&body)?)).await?;
    answer::json(StatusCode::OK, &AccountObject::from(&view))
}

fn read(body: &[u8]) -> Result<AccountUpdate, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let name = object.text("name").and_then(|text| object.valid("name", AccountName::parse(&text)));
    let enabled = object.flag("enabled");
    let profile = read_profile(&mut object);
    let concurrent_calls = object.number("concurrent_calls_limit");
    let calls_per_second = object.number("cps_limit");
    let limits = CallLimitsPatch {
        concurrent_calls: concurrent_calls
            .and_then(|number| object.at_most("concurrent_calls_limit", number, CallLimits::MOST_CONCURRENT_CALLS)),
        calls_per_second: calls_per_second
            .and_then(|number| object.at_most("cps_limit", number, CallLimits::MOST_CALLS_PER_SECOND)),
    };
    object.finish(Some(AccountUpdate { name, enabled, profile, limits }))
}
