//! `GET /api/v1/auth/me`: the account that is asking, as the hosted service shows it.
//!
//! Known clients want all 46 fields and refuse any other. What this server knows is told truly; what it has no notion
//! of (billing, postal addresses, ratings) is empty, zero, false or null.

use crate::answer;
use crate::api::Shared;
use crate::authenticated::Caller;
use crate::moment::Moment;
use crate::problem::Problem;
use crate::routes::Routes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use provisioning::AccountView;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The account that is asking.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Me)]
struct Me<'v> {
    /// `main_account` or `sub_account`.
    #[serde(rename = "type")]
    #[schema(pattern = "^(main|sub)_account$", example = "main_account")]
    kind: &'static str,
    /// A number, as text.
    #[schema(pattern = "^[0-9]+$", example = "1")]
    id: String,
    /// A UUID that authenticates nothing.
    #[schema(format = "uuid")]
    api_id: String,
    /// What people call it.
    name: &'v str,
    /// Empty where none is known.
    email: &'v str,
    /// Empty where none is known.
    phone: &'v str,
    /// Empty where there is none.
    description: &'v str,
    /// Names the account in paths and in `X-Auth-ID`.
    #[schema(example = "MA_XXXXXXXX")]
    auth_id: &'v str,
    /// Always `<redacted>`.
    #[schema(pattern = "^<redacted>$", example = "<redacted>")]
    auth_secret: &'static str,
    /// Always null: tokens have ends of their own.
    #[schema(value_type = Null)]
    auth_token_expire_time: (),
    country: &'static str,
    #[schema(example = "UTC")]
    timezone: &'static str,
    city: &'static str,
    state: &'static str,
    address: &'static str,
    zip_code: &'static str,
    company: &'static str,
    account_type: &'static str,
    postpaid: bool,
    auto_recharge: bool,
    #[schema(value_type = Null)]
    auto_recharge_config: (),
    /// Whether it authenticates anyone.
    enabled: bool,
    #[schema(value_type = Null)]
    carrier_type: (),
    #[schema(value_type = Null)]
    customer_type: (),
    credit_limit: u32,
    cps_limit: u32,
    concurrent_calls_limit: u32,
    base_cps_limit: u32,
    base_concurrent_calls_limit: u32,
    purchased_cps: u32,
    purchased_concurrent_calls: u32,
    risk_rating: u32,
    #[schema(value_type = Null)]
    risk_status: (),
    features: Features,
    ip_auth_enabled: bool,
    ip_whitelist_rules: NoRules,
    allow_aws_ips: bool,
    role: &'static str,
    /// The same as `enabled`.
    is_active: bool,
    is_verified: bool,
    is_trial_account: bool,
    /// When it was created.
    created_at: Moment,
    /// When anything about it last changed.
    updated_at: Moment,
    /// When one of its tokens was last used.
    last_login: Moment,
    pricing_tier_id: &'static str,
    pricing_tier: PricingTier,
}

/// What the hosted service would switch on.
#[derive(Serialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
struct Features {
    call_queue: bool,
}

/// Always empty.
#[derive(Serialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
struct NoRules {}

/// All empty: nothing is billed here.
#[derive(Serialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
struct PricingTier {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    currency: &'static str,
    rate_per_minute: f64,
    billing_increment_seconds: u32,
    minimum_duration_seconds: u32,
    is_active: bool,
    is_default: bool,
}

/// Null and nothing else.
struct Null;

impl utoipa::PartialSchema for Null {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
        ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null)).into()
    }
}

impl ToSchema for Null {}

pub(crate) fn routes() -> Routes {
    Routes::tagged("Account").operation(__path_show, show).schema::<Me<'_>>()
}

/// Show the account that is asking
///
/// Tokens of every scope may.
#[utoipa::path(
    get,
    path = "/api/v1/auth/me",
    operation_id = "me",
    responses((status = 200, description = "The account whose token was sent", body = Me))
)]
async fn show(State(shared): State<Arc<Shared>>, Caller(operator): Caller) -> Result<Response, Problem> {
    let view = shared.provisioning.own_account(&operator).await?;
    answer::json(StatusCode::OK, &Me::from(&view))
}

impl<'v> From<&'v AccountView> for Me<'v> {
    fn from(view: &'v AccountView) -> Self {
        let account = &view.account;
        let text = |value: &'v Option<Box<str>>| value.as_deref().unwrap_or_default();
        Self {
            kind: if account.parent.is_some() { "sub_account" } else { "main_account" },
            id: account.id.0.to_string(),
            api_id: account.api_id.to_string(),
            name: &account.name,
            email: text(&account.profile.email),
            phone: text(&account.profile.phone),
            description: text(&account.profile.description),
            auth_id: account.auth_id.as_str(),
            auth_secret: "<redacted>",
            auth_token_expire_time: (),
            country: "",
            timezone: "UTC",
            city: "",
            state: "",
            address: "",
            zip_code: "",
            company: "",
            account_type: "",
            postpaid: false,
            auto_recharge: false,
            auto_recharge_config: (),
            enabled: account.enabled,
            carrier_type: (),
            customer_type: (),
            credit_limit: 0,
            cps_limit: account.limits.calls_per_second,
            concurrent_calls_limit: account.limits.concurrent_calls,
            base_cps_limit: account.limits.calls_per_second,
            base_concurrent_calls_limit: account.limits.concurrent_calls,
            purchased_cps: 0,
            purchased_concurrent_calls: 0,
            risk_rating: 0,
            risk_status: (),
            features: Features::default(),
            ip_auth_enabled: false,
            ip_whitelist_rules: NoRules::default(),
            allow_aws_ips: false,
            role: "",
            is_active: account.enabled,
            is_verified: false,
            is_trial_account: false,
            created_at: account.created_at.into(),
            updated_at: account.updated_at.into(),
            last_login: view.last_used_at.unwrap_or(account.created_at).into(),
            pricing_tier_id: "",
            pricing_tier: PricingTier::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::test_api::{ACCOUNT, TestApi};

    #[tokio::test]
    async fn all_46_fields_are_there_and_null_only_where_clients_take_it() {
        let api = TestApi::new().await;
        let me = api.get("/api/v1/auth/me").await.json();
        let fields = me.as_object().unwrap();
        assert_eq!(fields.len(), 46);
        let null: Vec<_> = fields.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            null,
            ["auth_token_expire_time", "auto_recharge_config", "carrier_type", "customer_type", "risk_status"]
        );
        assert_eq!((me["type"].as_str(), me["auth_id"].as_str()), (Some("main_account"), Some(ACCOUNT)));
        assert_eq!((&me["features"]["call_queue"], &me["ip_whitelist_rules"]), (&false.into(), &serde_json::json!({})));
        assert!(me["pricing_tier"]["rate_per_minute"].is_f64());
        assert_eq!(me["pricing_tier"].as_object().unwrap().len(), 9);
        assert!(!me.to_string().contains(&api.token));
    }
}
