//! `GET`, `PUT /api/v1/Account/{auth_id}/credentials/{credential_id}/details`: what there is to know of a credential. Never
//! part of the credential object, whose fields known clients rely on.

use crate::answer;
use crate::api::Shared;
use crate::authenticated::{Authenticated, CredentialInPath, CredentialsWriter};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::moment::{Moment, parsed};
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{CredentialUse, Devices, PasswordScore};
use provisioning::{CredentialDetails, CredentialUpdate, Description, ExpiryUpdate};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["description", "expires_at"],
    refused: &[("password", "is changed with PUT on the credential, or with POST on its rotate")],
    hint: "only description and expires_at can be changed here",
};

/// What there is to know of a credential.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CredentialDetails)]
pub(crate) struct DetailsObject<'v> {
    /// The credential.
    #[schema(format = "uuid", example = "aabbccdd-1234-5678-90ab-cdef12345678")]
    credential_id: String,
    /// Your note, possibly empty.
    #[schema(max_length = 255, example = "reception, 2nd floor")]
    description: &'v str,
    /// The present password's number: the first is 1, and each new one counts up.
    #[schema(minimum = 1, example = 2)]
    generation: u32,
    /// When the present password was set.
    password_changed_at: Moment,
    /// How many whole days ago that is.
    #[schema(minimum = 0, example = 30)]
    password_age_days: u64,
    /// How hard the present password is to guess, 0 (at once) to 4; null where it is not known.
    #[schema(minimum = 0, maximum = 4, example = 4)]
    password_score: Option<u8>,
    /// From when on the credential lets nobody in; null for no end.
    expires_at: Option<Moment>,
    /// Until when the password before works too; null where it does not.
    overlap_until: Option<Moment>,
    /// When the credential last let somebody in; null where no use is known.
    last_used: Option<LastUseObject<'v>>,
}

/// The last use of a credential. The method and the User-Agent are the phone's own claim.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LastUse)]
pub(crate) struct LastUseObject<'v> {
    /// When, to a minute.
    at: Moment,
    /// The address and port that the request came from.
    #[schema(example = "192.0.2.7:5062")]
    source: String,
    /// The transport it came over: `udp`, `tcp`, `tls`, `ws` or `wss`.
    #[schema(pattern = "^(udp|tcp|tls|ws|wss)$", example = "udp")]
    transport: &'static str,
    /// The SIP method.
    #[schema(example = "REGISTER")]
    method: &'v str,
    /// The phone's own name for itself, at most 64 octets; null where it gives none.
    #[schema(example = "Yealink SIP-T46U 108.86.0.45")]
    user_agent: Option<&'v str>,
    /// The algorithm it answered with.
    #[schema(pattern = "^(MD5|SHA-256|SHA-512-256)$", example = "SHA-256")]
    algorithm: &'static str,
    /// Which password it was: the present one if it is the credential's generation. Null where it was a device's.
    #[schema(minimum = 1, example = 2)]
    generation: Option<u32>,
}

/// What to change; what is absent stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CredentialDetailsChanges, example = json!({"expires_at": "2027-05-12T00:00:00Z"}))]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct DetailsChanges {
    /// A note of your own; empty removes it.
    #[schema(max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", nullable = false)]
    #[schema(example = "reception, 2nd floor")]
    description: Option<String>,
    /// From when on the credential lets nobody in (RFC 3339); null for no end.
    #[schema(format = DateTime, example = "2027-05-12T00:00:00Z")]
    expires_at: Option<String>,
}

impl<'v> From<&'v CredentialDetails> for DetailsObject<'v> {
    fn from(details: &'v CredentialDetails) -> Self {
        Self {
            credential_id: details.credential.to_string(),
            description: &details.description,
            generation: details.generation,
            password_changed_at: details.password_changed_at.into(),
            password_age_days: details.password_age_days,
            password_score: details.password_score.map(PasswordScore::get),
            expires_at: details.expires_at.map(Moment::from),
            overlap_until: details.overlap_until.map(Moment::from),
            last_used: details.last_used.as_ref().map(LastUseObject::from),
        }
    }
}

impl<'v> From<&'v CredentialUse> for LastUseObject<'v> {
    fn from(last: &'v CredentialUse) -> Self {
        Self {
            at: last.at.into(),
            source: last.source.to_string(),
            transport: last.transport.as_str(),
            method: &last.method,
            user_agent: Some(&*last.user_agent).filter(|text| !text.is_empty()),
            algorithm: last.algorithm.as_str(),
            generation: Some(last.generation).filter(|number| !Devices::is_secret_of_device(*number)),
        }
    }
}

/// Show a credential's details
///
/// The age of its password, its end, and when, from where and with what it was last used.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/details",
    operation_id = "show-credential-details",
    responses((status = 200, description = "The details", body = DetailsObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Problem> {
    let details = shared.provisioning.credential_details(&scope, id).await?;
    answer::json(StatusCode::OK, &DetailsObject::from(&details))
}

/// Change a credential's details
///
/// When this has answered, no node lets the credential in after its new end, and registrations end with it.
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/details",
    operation_id = "update-credential-details",
    request_body = DetailsChanges,
    responses((status = 200, description = "The details as they are now", body = DetailsObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let update = read(&body)?;
    let details = shared.provisioning.update_credential_details(&scope, context, (id, update)).await?;
    answer::json(StatusCode::OK, &DetailsObject::from(&details))
}

fn read(body: &[u8]) -> Result<CredentialUpdate, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let description = object.text("description");
    let description = description.and_then(|text| object.valid("description", Description::parse(&text)));
    let expiry = if object.has("expires_at") {
        match object.required_text_or_null("expires_at") {
            Some(Some(text)) => object.valid("expires_at", parsed(&text)).map(ExpiryUpdate::At),
            Some(None) => Some(ExpiryUpdate::Never),
            None => None,
        }
    } else {
        Some(ExpiryUpdate::Keep)
    };
    object.finish(expiry.map(|expiry| CredentialUpdate { description, expiry, ..CredentialUpdate::default() }))
}

#[cfg(test)]
mod tests {
    use crate::test_api::{NOBODY, TestApi};
    use domain::{Clock, CredentialId, CredentialUse, DigestAlgorithm, SignallingTransport};
    use serde_json::{Value, json};
    use storage::CredentialUses;

    #[tokio::test]
    async fn what_there_is_to_know_is_shown() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let path = format!("~/credentials/{id}/details");
        let fresh = api.get(&path).await.json();
        let mut expected = json!({
            "credential_id": id, "description": "", "generation": 1,
            "password_changed_at": "2026-05-12T05:11:51.635106Z", "password_age_days": 0,
            "password_score": 3, "expires_at": null, "overlap_until": null, "last_used": null,
        });
        assert_eq!(fresh, expected);
        api.clock.advance_seconds(3 * 86_400 - 1);
        let last = CredentialUse {
            credential: CredentialId::parse(&id).unwrap(),
            at: api.clock.now(),
            source: "[2001:db8::7]:5062".parse().unwrap(),
            transport: SignallingTransport::Tls,
            method: "INVITE".into(),
            user_agent: "".into(),
            algorithm: DigestAlgorithm::Sha256,
            generation: 1,
        };
        api.storage.save_credential_uses(vec![last]).await.unwrap();
        expected["password_age_days"] = json!(2);
        expected["last_used"] = json!({
            "at": "2026-05-15T05:11:50.635106Z", "source": "[2001:db8::7]:5062", "transport": "tls",
            "method": "INVITE", "user_agent": null, "algorithm": "SHA-256", "generation": 1,
        });
        assert_eq!(api.get(&path).await.json(), expected);
        api.post(&format!("~/credentials/{id}/rotate"), r#"{"overlap_seconds":60}"#).await;
        let rotated = api.get(&path).await.json();
        assert_eq!((&rotated["generation"], &rotated["password_age_days"]), (&json!(2), &json!(0)));
        assert_eq!(rotated["overlap_until"], "2026-05-15T05:12:50.635106Z");
        assert_eq!(rotated["last_used"]["generation"], 1);
    }

    #[tokio::test]
    async fn the_end_is_set_moved_and_taken_away() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        let path = format!("~/credentials/{id}/details");
        for (body, expires_at, description) in [
            (r#"{"expires_at":"2026-06-01T02:00:00+02:00"}"#, json!("2026-06-01T00:00:00.000000Z"), ""),
            (r#"{"description":"lobby"}"#, json!("2026-06-01T00:00:00.000000Z"), "lobby"),
            ("{}", json!("2026-06-01T00:00:00.000000Z"), "lobby"),
            (r#"{"expires_at":null}"#, Value::Null, "lobby"),
        ] {
            let answer = api.put(&path, body).await;
            assert_eq!(answer.status(), 200, "{}", answer.body);
            assert_eq!(
                (&answer.json()["expires_at"], answer.json()["description"].as_str()),
                (&expires_at, Some(description))
            );
            assert_eq!(api.get(&path).await.body, answer.body);
        }
        let log = format!("{:?}", api.storage.audit_log());
        for change in [r#"{\"after\":1780272000,\"before\":null}"#, r#"{\"after\":null,\"before\":1780272000}"#] {
            assert!(log.contains(&format!(r#"\"expires_at\":{change}"#)), "{log}");
        }
        assert_eq!(api.get(&format!("~/credentials/{id}")).await.json().as_object().unwrap().len(), 8);
    }

    #[tokio::test]
    async fn every_fault_is_named() {
        let api = TestApi::new().await;
        let id = api.created("desk").await;
        for (body, expected) in [
            ("", "The body is empty; send a JSON object"),
            (r#"{"expires_at":"soon"}"#, "expires_at must be a moment like 2026-05-12T05:11:51Z"),
            (r#"{"expires_at":7}"#, "expires_at must be a string, not a number"),
            (
                r#"{"expires_at":"2026-05-12T05:11:51Z"}"#,
                "The expiry has passed already; give a moment in the future, or none",
            ),
            (r#"{"description":"a\nb"}"#, "description must not contain control characters"),
            (
                r#"{"password":"battery staple"}"#,
                "password is changed with PUT on the credential, or with POST on its rotate",
            ),
            (r#"{"enabled":true}"#, "enabled is not accepted; only description and expires_at can be changed here"),
        ] {
            let answer = api.put(&format!("~/credentials/{id}/details"), body).await;
            assert_eq!((answer.status().as_u16(), answer.error().as_str()), (400, expected), "{body}");
        }
        let path = format!("~/credentials/{NOBODY}/details");
        for answer in [api.get(&path).await, api.put(&path, "{}").await] {
            assert_eq!(answer.shown(), r#"404 {"error":"Credential not found","code":404}"#);
        }
    }
}
