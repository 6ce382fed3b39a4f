//! `GET`, `PUT /api/v1/Account/{auth_id}/trunks/{trunk_id}/rules`: what a trunk's calls may do.

use super::fields::{NOT_AN_ID, choice, each, emptied};
use crate::answer;
use crate::api::Shared;
use crate::authenticated::{AccountReader, AccountWriter, TrunkInPath};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{CallRules, CallerIdentity, Digits, OriginationUriId, PassedHeader, ReferPolicy, Trunk};
use provisioning::RulesPatch;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &[
        "caller_identity",
        "home_country_code",
        "allowed_prefixes",
        "refused_prefixes",
        "international",
        "tech_prefix",
        "minutes_per_day",
        "emergency_numbers",
        "emergency_uri",
        "refer",
        "require_srtp",
        "passed_headers",
    ],
    refused: &[],
    hint: "these are the rules of a trunk: caller_identity, home_country_code, allowed_prefixes, refused_prefixes, international, \
           tech_prefix, minutes_per_day, emergency_numbers, emergency_uri, refer, require_srtp and passed_headers",
};

/// What a trunk's calls may do.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Rules)]
pub(crate) struct RulesObject {
    /// What happens to a caller's number that is not the trunk's: it is shown, replaced by the trunk's, or the call is
    /// refused.
    #[schema(pattern = "^(allow|replace|reject)$", example = "replace")]
    caller_identity: &'static str,
    /// The country whose numbers may be called, and for which national numbers are taken; empty where there is none.
    #[schema(example = "49")]
    home_country_code: String,
    /// Beginnings of further numbers that may be called, with country code.
    #[schema(example = json!(["4420"]))]
    allowed_prefixes: Vec<String>,
    /// Beginnings of numbers that may never be called, with country code.
    #[schema(example = json!(["49900"]))]
    refused_prefixes: Vec<String>,
    /// Whether any country may be called.
    international: bool,
    /// Digits taken off what was dialled; empty where there are none.
    tech_prefix: String,
    /// Most minutes of calls that begin on one day (UTC); 0 where there is no such bound.
    minutes_per_day: u32,
    /// Numbers of emergency services, as they are dialled.
    #[schema(example = json!(["112", "911"]))]
    emergency_numbers: Vec<String>,
    /// The origination URI emergency calls go to, whatever the limits; empty where they are refused.
    emergency_uri: String,
    /// What happens to a transfer (REFER): it is refused or passed on.
    #[schema(pattern = "^(refuse|pass)$", example = "refuse")]
    refer: &'static str,
    /// Whether both sides must ask for SRTP.
    require_srtp: bool,
    /// Header fields that cross besides those every call needs.
    #[schema(example = json!(["Identity", "Privacy"]))]
    passed_headers: Vec<String>,
}

impl From<&Trunk> for RulesObject {
    fn from(trunk: &Trunk) -> Self {
        let rules = &trunk.rules;
        let texts = |all: &[Digits]| all.iter().map(ToString::to_string).collect();
        let one = |digits: &Option<Digits>| digits.as_ref().map(ToString::to_string).unwrap_or_default();
        Self {
            caller_identity: rules.caller_identity.as_str(),
            home_country_code: one(&rules.home_country_code),
            allowed_prefixes: texts(&rules.allowed_prefixes),
            refused_prefixes: texts(&rules.refused_prefixes),
            international: rules.international,
            tech_prefix: one(&rules.tech_prefix),
            minutes_per_day: rules.minutes_per_day.unwrap_or(0),
            emergency_numbers: texts(&rules.emergency_numbers),
            emergency_uri: rules.emergency_uri.as_ref().map(ToString::to_string).unwrap_or_default(),
            refer: rules.refer.as_str(),
            require_srtp: rules.require_srtp,
            passed_headers: rules.passed_headers.iter().map(|header| header.as_str().to_owned()).collect(),
        }
    }
}

/// What to change about a trunk's rules; what is absent stays, lists are replaced whole.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RulesChanges, example = json!({"home_country_code": "49", "refused_prefixes": ["49900"]}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct RulesChanges {
    /// `allow`, `replace` or `reject`.
    #[schema(nullable = false, pattern = "^(allow|replace|reject)$", example = "replace")]
    caller_identity: Option<String>,
    /// 1 to 3 digits; empty for none.
    #[schema(nullable = false, pattern = "^([1-9][0-9]{0,2})?$", example = "49")]
    home_country_code: Option<String>,
    /// Digits with country code, without `+`.
    #[schema(nullable = false, max_items = 100, example = json!(["4420"]))]
    allowed_prefixes: Option<Vec<String>>,
    /// Digits with country code, without `+`.
    #[schema(nullable = false, max_items = 100, example = json!(["49900"]))]
    refused_prefixes: Option<Vec<String>>,
    /// Whether any country may be called.
    #[schema(nullable = false)]
    international: Option<bool>,
    /// Digits; empty for none.
    #[schema(nullable = false, pattern = "^[0-9]{0,15}$")]
    tech_prefix: Option<String>,
    /// 0 for no bound.
    #[schema(nullable = false, minimum = 0, maximum = 10_000_000)]
    minutes_per_day: Option<u32>,
    /// Numbers of emergency services, as they are dialled.
    #[schema(nullable = false, max_items = 100, example = json!(["112", "911"]))]
    emergency_numbers: Option<Vec<String>>,
    /// The identifier of an origination URI; empty for none.
    #[schema(nullable = false, pattern = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$")]
    emergency_uri: Option<String>,
    /// `refuse` or `pass`.
    #[schema(nullable = false, pattern = "^(refuse|pass)$", example = "refuse")]
    refer: Option<String>,
    /// Whether both sides must ask for SRTP.
    #[schema(nullable = false)]
    require_srtp: Option<bool>,
    /// `Identity`, `Privacy`, `Diversion`, `History-Info`, names beginning with `X-`, or `X-*`.
    #[schema(nullable = false, max_items = 100, example = json!(["Identity", "X-*"]))]
    passed_headers: Option<Vec<String>>,
}

/// Show what a trunk's calls may do
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/trunks/{trunk_id}/rules",
    operation_id = "show-trunk-rules",
    responses((status = 200, description = "Its rules", body = RulesObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    AccountReader(account): AccountReader,
    TrunkInPath(id): TrunkInPath,
) -> Result<Response, Problem> {
    let trunk = shared.provisioning.trunk(&account, id).await?;
    answer::json(StatusCode::OK, &RulesObject::from(&trunk))
}

/// Change what a trunk's calls may do
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/trunks/{trunk_id}/rules",
    operation_id = "update-trunk-rules",
    request_body = RulesChanges,
    responses((status = 200, description = "Its rules as they are now", body = RulesObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    TrunkInPath(id): TrunkInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let trunk = shared.provisioning.update_rules(&account, context, (id, read(&body)?)).await?;
    answer::json(StatusCode::OK, &RulesObject::from(&trunk))
}

fn read(body: &[u8]) -> Result<RulesPatch, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let patch = patch(&mut object);
    object.finish(Some(patch))
}

fn patch(object: &mut JsonObject) -> RulesPatch {
    let minutes = object.number("minutes_per_day");
    let minutes = minutes.and_then(|minutes| object.at_most("minutes_per_day", minutes, CallRules::MOST_MINUTES));
    RulesPatch {
        caller_identity: choice(
            object,
            "caller_identity",
            CallerIdentity::from_name,
            "must be allow, replace or reject",
        ),
        home_country_code: emptied(object, "home_country_code", country_code),
        allowed_prefixes: each(object, ("allowed_prefixes", CallRules::MOST), prefix),
        refused_prefixes: each(object, ("refused_prefixes", CallRules::MOST), prefix),
        international: object.flag("international"),
        tech_prefix: emptied(object, "tech_prefix", Digits::parse),
        minutes_per_day: minutes.map(|minutes| (minutes > 0).then_some(minutes)),
        emergency_numbers: each(object, ("emergency_numbers", CallRules::MOST), Digits::parse),
        emergency_uri: emptied(object, "emergency_uri", |text| OriginationUriId::parse(text).ok_or(NOT_AN_ID)),
        refer: choice(object, "refer", ReferPolicy::from_name, "must be refuse or pass"),
        require_srtp: object.flag("require_srtp"),
        passed_headers: each(object, ("passed_headers", CallRules::MOST), PassedHeader::parse),
    }
}

fn country_code(text: &str) -> Result<Digits, &'static str> {
    let rule = "must be a country code: 1 to 3 digits, the first of them not 0, without '+'";
    Digits::parse(text).ok().filter(|_| text.len() <= 3 && !text.starts_with('0')).ok_or(rule)
}

fn prefix(text: &str) -> Result<Digits, &'static str> {
    let rule = "must be 1 to 15 digits beginning with a country code, without '+' or a leading 0";
    Digits::parse(text).ok().filter(|_| !text.starts_with('0')).ok_or(rule)
}
