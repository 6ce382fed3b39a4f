//! `GET`, `PUT`, `DELETE /api/v1/Account/{auth_id}/credentials/{id}/requirements`: what a credential demands beyond the
//! right password. Never part of the credential object, whose fields known clients rely on.

use crate::answer;
use crate::api::Shared;
use crate::authenticated::{Authenticated, CredentialInPath, CredentialsWriter};
use crate::body::JsonBody;
use crate::json_object::{JsonObject, Shape};
use crate::networks_field::networks;
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Network, Requirements};
use provisioning::RequirementsUpdate;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

const SHAPE: Shape = Shape {
    accepted: &["algorithm", "secure_transport", "networks"],
    refused: &[],
    hint: "only algorithm, secure_transport and networks can be required",
};

/// What the credential demands of whoever answers with it.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Requirements)]
pub(crate) struct RequirementsObject {
    /// `sha256`: MD5 is refused; a phone that answers right with it is challenged again, with SHA-256.
    #[schema(pattern = "^(any|sha256)$", example = "any")]
    algorithm: &'static str,
    /// Whether only TLS and secure WebSockets are accepted.
    secure_transport: bool,
    /// The networks whose sources are accepted, in CIDR notation; none means all.
    #[schema(max_items = 32, example = json!(["192.0.2.0/24", "2001:db8::/32"]))]
    networks: Vec<String>,
}

impl From<Requirements> for RequirementsObject {
    fn from(requirements: Requirements) -> Self {
        Self {
            algorithm: if requirements.sha256 { "sha256" } else { "any" },
            secure_transport: requirements.secure_transport,
            networks: requirements.networks.as_slice().iter().map(Network::to_string).collect(),
        }
    }
}

/// What to demand; what is absent stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RequirementsChanges)]
#[expect(dead_code, reason = "describes what `read` takes")]
pub(crate) struct RequirementsChanges {
    /// `sha256` refuses MD5, `any` accepts what the realm does.
    #[schema(pattern = "^(any|sha256)$", nullable = false, example = "sha256")]
    algorithm: Option<String>,
    /// Whether to accept only TLS and secure WebSockets.
    #[schema(nullable = false)]
    secure_transport: Option<bool>,
    /// The networks whose sources to accept, in CIDR notation, or single addresses; an empty list accepts all.
    #[schema(max_items = 32, nullable = false, example = json!(["192.0.2.0/24"]))]
    networks: Option<Vec<String>>,
}

/// Show what a credential demands
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/requirements",
    operation_id = "show-credential-requirements",
    responses((status = 200, description = "Its demands", body = RequirementsObject))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Problem> {
    let requirements = shared.provisioning.requirements(&scope, id).await?;
    answer::json(StatusCode::OK, &RequirementsObject::from(requirements))
}

/// Change what a credential demands
///
/// When this has answered, no node accepts what does not meet the demands, and registrations from elsewhere have ended.
#[utoipa::path(
    put,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/requirements",
    operation_id = "update-credential-requirements",
    request_body = RequirementsChanges,
    responses((status = 200, description = "Its demands as they are now", body = RequirementsObject))
)]
pub(crate) async fn update(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    Context(context): Context,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let update = read(&body)?;
    let requirements = shared.provisioning.update_requirements(&scope, context, (id, update)).await?;
    answer::json(StatusCode::OK, &RequirementsObject::from(requirements))
}

/// Demand nothing of a credential any more
#[utoipa::path(
    delete,
    path = "/api/v1/Account/{auth_id}/credentials/{credential_id}/requirements",
    operation_id = "delete-credential-requirements",
    responses((status = 204, description = "Its realm's rules alone hold"))
)]
pub(crate) async fn clear(
    State(shared): State<Arc<Shared>>,
    CredentialsWriter(scope): CredentialsWriter,
    CredentialInPath(id): CredentialInPath,
    Context(context): Context,
) -> Result<StatusCode, Problem> {
    shared.provisioning.update_requirements(&scope, context, (id, RequirementsUpdate::none())).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read(body: &[u8]) -> Result<RequirementsUpdate, Problem> {
    let mut object = JsonObject::read(body, &SHAPE)?;
    let sha256 = object.text("algorithm").and_then(|text| {
        let known = match text.as_str() {
            "any" => Ok(false),
            "sha256" => Ok(true),
            _ => Err("must be any or sha256"),
        };
        object.valid("algorithm", known)
    });
    let secure_transport = object.flag("secure_transport");
    let networks = networks(&mut object, "networks");
    object.finish(Some(RequirementsUpdate { sha256, secure_transport, networks }))
}

#[cfg(test)]
mod tests {
    use crate::test_api::{NOBODY, TestApi};

    const NONE: &str = r#"200 {"algorithm":"any","secure_transport":false,"networks":[]}"#;

    #[tokio::test]
    async fn demands_come_and_go_without_touching_the_object() {
        let api = TestApi::new().await;
        let id = api.created("demanding").await;
        let path = format!("~/credentials/{id}/requirements");
        let before = api.get(&format!("~/credentials/{id}")).await.json();
        assert_eq!(api.get(&path).await.shown(), NONE);
        let networks = r#"{"networks":["2001:db8::/32","192.0.2.7","192.0.2.7/32"]}"#;
        for (body, expected) in [
            ("{}", NONE),
            (r#"{"algorithm":"sha256"}"#, r#"200 {"algorithm":"sha256","secure_transport":false,"networks":[]}"#),
            (
                networks,
                r#"200 {"algorithm":"sha256","secure_transport":false,"networks":["192.0.2.7/32","2001:db8::/32"]}"#,
            ),
            (
                r#"{"algorithm":"any","secure_transport":true,"networks":[]}"#,
                r#"200 {"algorithm":"any","secure_transport":true,"networks":[]}"#,
            ),
        ] {
            assert_eq!(api.put(&path, body).await.shown(), expected, "{body}");
            assert_eq!(api.get(&path).await.shown(), expected, "{body}");
        }
        let object = api.get(&format!("~/credentials/{id}")).await.json();
        assert_eq!(object.as_object().unwrap().len(), 8);
        assert_eq!(object["id"], before["id"]);
        assert_eq!(api.delete(&path).await.shown(), "204 ");
        assert_eq!(api.get(&path).await.shown(), NONE);
        let log = format!("{:?}", api.storage.audit_log());
        assert!(log.contains(r#"\"allowed_networks\":{\"after\":[\"192.0.2.7/32\",\"2001:db8::/32\"]"#), "{log}");
    }

    #[tokio::test]
    async fn every_fault_is_named_and_nothing_changes() {
        let api = TestApi::new().await;
        let id = api.created("steady").await;
        let path = format!("~/credentials/{id}/requirements");
        let many = (0..33).map(|number| format!("\"192.0.2.{number}\"")).collect::<Vec<_>>().join(",");
        let many = format!("{{\"networks\":[{many}]}}");
        let form = "must be an IP address or a network like 192.0.2.0/24 or 2001:db8::/32";
        for (body, expected) in [
            (r#"{"algorithm":"md5"}"#, "algorithm must be any or sha256".to_owned()),
            (r#"{"algorithm":true}"#, "algorithm must be a string, not a boolean".to_owned()),
            (r#"{"secure_transport":"yes"}"#, "secure_transport must be true or false, not a string".to_owned()),
            (r#"{"networks":"192.0.2.0/24"}"#, "networks must be an array of strings, not a string".to_owned()),
            (r#"{"networks":["::/0",7]}"#, "networks must hold strings only".to_owned()),
            (r#"{"networks":[["::/0"]]}"#, "networks must hold strings only".to_owned()),
            (r#"{"networks":["::/0","home"]}"#, format!("networks [1] {form}")),
            (
                r#"{"networks":["192.0.2.7/24"]}"#,
                "networks [0] has bits set beyond its prefix length; write the network's first address".to_owned(),
            ),
            (&many, "networks must hold at most 32 networks".to_owned()),
            (
                r#"{"password":"correct horse"}"#,
                "password is not accepted; only algorithm, secure_transport and networks can be required".to_owned(),
            ),
        ] {
            let answer = api.put(&path, body.to_owned()).await;
            assert_eq!((answer.status().as_u16(), answer.error()), (400, expected), "{body}");
        }
        assert_eq!(api.get(&path).await.shown(), NONE);
    }

    #[tokio::test]
    async fn what_is_not_there_demands_nothing() {
        let api = TestApi::new().await;
        let path = format!("~/credentials/{NOBODY}/requirements");
        for answer in [api.get(&path).await, api.put(&path, "{}").await, api.delete(&path).await] {
            assert_eq!(answer.shown(), r#"404 {"error":"Credential not found","code":404}"#);
        }
    }
}
