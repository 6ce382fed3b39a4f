//! `PUT /api/v1/Account/{auth_id}/settings`: partial, what is absent stays.

use super::object::SettingsObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountWriter;
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::networks_field::networks;
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{EventRetention, Network, PasswordScore};
use provisioning::SettingsUpdate;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["event_retention_days", "minimum_password_score", "never_ban"],
    refused: &[],
    hint: "only event_retention_days, minimum_password_score and never_ban can be set",
};

const TOO_WIDE: &str = "is too wide: at least /8, or /20 for IPv6";

/// What to change about the settings; what is absent stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountSettingsChanges, example = json!({"minimum_password_score": 3}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct SettingsChanges {
    /// How many days to keep authentication events; older ones are deleted.
    #[schema(nullable = false, minimum = 1, maximum = 3650)]
    event_retention_days: Option<u16>,
    /// The lowest score, as zxcvbn counts, of passwords that are set from now on; 0 takes any.
    #[schema(nullable = false, maximum = 4)]
    minimum_password_score: Option<u8>,
    /// The networks, in CIDR notation, or single addresses, whose wrong answers for the account's credentials are to
    /// count towards no ban: the office. Replaces the list; an empty one ends all exemptions.
    #[schema(nullable = false, max_items = 32, example = json!(["203.0.113.0/24"]))]
    never_ban: Option<Vec<String>>,
}

/// Change the account's settings
///
/// Passwords that were set before stay, whatever they score.
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/settings",
    operation_id = "update-settings",
    request_body = SettingsChanges,
    responses((status = 200, description = "The settings as they are now", body = SettingsObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    AccountWriter(account): AccountWriter,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let update = read(&body)?;
    let settings = shared.provisioning.update_settings(&account, context, update).await?;
    answer::json(StatusCode::OK, &SettingsObject::from(settings))
}

fn read(body: &[u8]) -> Result<SettingsUpdate, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let event_retention = object.number("event_retention_days").and_then(|days| {
        let retention = u16::try_from(days).ok().and_then(EventRetention::of_days);
        object.valid("event_retention_days", retention.ok_or("must be 1 to 3650"))
    });
    let minimum_password_score = object.number("minimum_password_score").and_then(|score| {
        let score = u8::try_from(score).ok().and_then(PasswordScore::new);
        object.valid("minimum_password_score", score.ok_or("must be 0 to 4"))
    });
    let never_banned = networks(&mut object, "never_ban").and_then(|networks| {
        let widest = networks.as_slice().iter().find(|network| is_too_wide(network));
        object.valid("never_ban", widest.map_or(Ok(networks.clone()), |network| Err(format!("{network} {TOO_WIDE}"))))
    });
    object.finish(Some(SettingsUpdate { event_retention, minimum_password_score, never_banned }))
}

/// Exemptions for half the Internet would leave its passwords to whoever guesses.
fn is_too_wide(network: &Network) -> bool {
    network.prefix_length() < if network.first_address().is_ipv4() { 8 } else { 20 }
}

#[cfg(test)]
mod tests {
    use crate::test_api::TestApi;

    #[tokio::test]
    async fn what_is_given_changes_and_the_rest_stays() {
        let api = TestApi::new().await;
        let shown = |days: u16, score: u8| {
            format!(r#"200 {{"event_retention_days":{days},"minimum_password_score":{score},"never_ban":[]}}"#)
        };
        assert_eq!(api.get("~/settings").await.shown(), shown(30, 0));
        for (body, days, score) in [
            ("{}", 30, 0),
            (r#"{"event_retention_days":7}"#, 7, 0),
            (r#"{"minimum_password_score":3}"#, 7, 3),
            (r#"{"event_retention_days":3650,"minimum_password_score":4}"#, 3650, 4),
        ] {
            assert_eq!(api.put("~/settings", body).await.shown(), shown(days, score), "{body}");
            assert_eq!(api.get("~/settings").await.shown(), shown(days, score), "{body}");
        }
        let log = format!("{:?}", api.storage.audit_log());
        assert!(log.contains(r#"\"event_retention_days\":{\"after\":3650,\"before\":7}"#), "{log}");
        let office = r#"{"never_ban":["2001:db8::/32","203.0.113.7","203.0.113.7/32"]}"#;
        let listed = r#"200 {"event_retention_days":3650,"minimum_password_score":4,"never_ban":["203.0.113.7/32","2001:db8::/32"]}"#;
        assert_eq!(api.put("~/settings", office).await.shown(), listed);
        assert_eq!(api.put("~/settings", "{}").await.shown(), listed);
        assert_eq!(api.put("~/settings", r#"{"never_ban":[]}"#).await.shown(), shown(3650, 4));
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let api = TestApi::new().await;
        for (body, expected) in [
            (r#"{"event_retention_days":0}"#, "event_retention_days must be 1 to 3650"),
            (r#"{"event_retention_days":65537}"#, "event_retention_days must be 1 to 3650"),
            (r#"{"event_retention_days":"30"}"#, "event_retention_days must be a whole number, not a string"),
            (r#"{"minimum_password_score":5}"#, "minimum_password_score must be 0 to 4"),
            (r#"{"minimum_password_score":null}"#, "minimum_password_score must be a whole number, not null"),
            (
                r#"{"realm":"x"}"#,
                "realm is not accepted; only event_retention_days, minimum_password_score and never_ban can be set",
            ),
            (
                r#"{"never_ban":["192.0.2.1","office"]}"#,
                "never_ban [1] must be an IP address or a network like 192.0.2.0/24 or 2001:db8::/32",
            ),
            (
                r#"{"never_ban":["192.0.2.1/24"]}"#,
                "never_ban [0] has bits set beyond its prefix length; write the network's first address",
            ),
            (r#"{"never_ban":["0.0.0.0/0"]}"#, "never_ban 0.0.0.0/0 is too wide: at least /8, or /20 for IPv6"),
            (r#"{"never_ban":["2000::/3"]}"#, "never_ban 2000::/3 is too wide: at least /8, or /20 for IPv6"),
            (r#"{"never_ban":"192.0.2.1"}"#, "never_ban must be an array of strings, not a string"),
        ] {
            let answer = api.put("~/settings", body).await;
            assert_eq!((answer.status().as_u16(), answer.error().as_str()), (400, expected), "{body}");
        }
        assert_eq!(
            api.get("~/settings").await.shown(),
            r#"200 {"event_retention_days":30,"minimum_password_score":0,"never_ban":[]}"#
        );
    }

    #[tokio::test]
    async fn settings_are_the_accounts_own() {
        let api = TestApi::new().await;
        assert_eq!(api.as_other("PUT", "/api/v1/Account/MA_TEST0001/settings", "{}").await.status(), 403);
        let made = api.post("~/tokens", r#"{"label":"phones","scope":"credentials_only"}"#).await.json();
        let token = made["auth_token"].as_str().unwrap();
        for (method, body) in [("GET", ""), ("PUT", "{}")] {
            assert_eq!(api.with_token(token, method, "~/settings", body).await.status(), 403, "{method}");
        }
    }
}
