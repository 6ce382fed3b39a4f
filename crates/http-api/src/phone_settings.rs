//! `GET /api/v1/Account/{auth_id}/phone-settings`: what a person types into a phone besides username and password.

use crate::answer;
use crate::api::Shared;
use crate::authenticated::Authenticated;
use crate::problem::Problem;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct PhoneSettings<'s> {
    domain: &'s str,
    realm: &'s str,
    servers: Vec<Server<'s>>,
}

#[derive(Serialize)]
struct Server<'s> {
    transport: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'s str>,
    port: u16,
}

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/api/v1/Account/{auth_id}/phone-settings", get(show))
}

async fn show(State(shared): State<Arc<Shared>>, Authenticated(scope): Authenticated) -> Result<Response, Problem> {
    let services = shared.config.sip_services.iter();
    let servers = services
        .map(|service| Server { transport: service.transport, host: service.host.as_deref(), port: service.port })
        .collect();
    let settings = PhoneSettings { domain: scope.sip_domain().as_str(), realm: scope.realm_name().as_str(), servers };
    answer::json(StatusCode::OK, &settings)
}

#[cfg(test)]
mod tests {
    use crate::test_api::{OTHER, TestApi};
    use crate::{Config, SipService};

    #[tokio::test]
    async fn they_are_the_accounts_own() {
        let udp = SipService { transport: "udp", host: Some("192.0.2.1".into()), port: 5060 };
        let tcp = SipService { transport: "tcp", host: None, port: 5070 };
        let api = TestApi::with(Config { sip_services: vec![udp, tcp], ..Config::default() }).await;
        assert_eq!(
            api.get("~/phone-settings").await.shown(),
            concat!(
                r#"200 {"domain":"ma-test0001.sip.localhost","realm":"MA_TEST0001.sip.localhost","servers":["#,
                r#"{"transport":"udp","host":"192.0.2.1","port":5060},{"transport":"tcp","port":5070}]}"#
            )
        );
        assert_eq!(api.get(&format!("/api/v1/Account/{OTHER}/phone-settings")).await.status(), 403);
    }
}
