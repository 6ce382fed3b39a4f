//! `GET /api/v1/Account/{auth_id}/phone-settings`: what a person types into a phone besides username and password.

use crate::SipService;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::Authenticated;
use crate::problem::Problem;
use crate::routes::Routes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What a person types into a phone besides username and password.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PhoneSettings<'s> {
    /// The SIP domain, a legal host name.
    #[schema(example = "ma-xxxxxxxx.sip.localhost")]
    domain: &'s str,
    /// The digest realm, for phones that ask for one.
    #[schema(example = "MA_XXXXXXXX.sip.localhost")]
    realm: &'s str,
    /// Where SIP is served.
    servers: Vec<Server<'s>>,
}

/// One way to reach the SIP side.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SipServer)]
struct Server<'s> {
    /// The SIP transport, in lower case.
    #[schema(example = "udp")]
    transport: &'s str,
    /// Left out where SIP is served on every address of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "192.0.2.1")]
    host: Option<&'s str>,
    /// The port.
    #[schema(maximum = 65535, example = 5060)]
    port: u16,
    /// What a phone in a web page connects to; of `ws` and `wss` only, where the host is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "wss://sip.example.com:7443/")]
    url: Option<String>,
}

impl<'s> Server<'s> {
    fn of(service: &'s SipService) -> Self {
        let SipService { transport, host, port } = service;
        let is_web = matches!(*transport, "ws" | "wss");
        let url = host.as_ref().filter(|_| is_web).map(|host| {
            // An IPv6 address stands in brackets within a URL (RFC 3986 section 3.2.2).
            if host.contains(':') {
                format!("{transport}://[{host}]:{port}/")
            } else {
                format!("{transport}://{host}:{port}/")
            }
        });
        Self { transport, host: host.as_deref(), port: *port, url }
    }
}

pub(crate) fn routes() -> Routes {
    Routes::tagged("Account").operation(__path_show, show).schema::<PhoneSettings<'_>>()
}

/// Show what to type into a phone
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/phone-settings",
    operation_id = "phone-settings",
    responses((status = 200, description = "Domain, realm and servers", body = PhoneSettings))
)]
async fn show(State(shared): State<Arc<Shared>>, Authenticated(scope): Authenticated) -> Result<Response, Problem> {
    let servers = shared.config.sip_services.iter().map(Server::of).collect();
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
        let ws = SipService { transport: "ws", host: Some("2001:db8::1".into()), port: 5066 };
        let wss = SipService { transport: "wss", host: Some("sip.example.com".into()), port: 7443 };
        let api = TestApi::with(Config { sip_services: vec![udp, tcp, ws, wss], ..Config::default() }).await;
        assert_eq!(
            api.get("~/phone-settings").await.shown(),
            concat!(
                r#"200 {"domain":"ma-test0001.sip.localhost","realm":"MA_TEST0001.sip.localhost","servers":["#,
                r#"{"transport":"udp","host":"192.0.2.1","port":5060},{"transport":"tcp","port":5070},"#,
                r#"{"transport":"ws","host":"2001:db8::1","port":5066,"url":"ws://[2001:db8::1]:5066/"},"#,
                r#"{"transport":"wss","host":"sip.example.com","port":7443,"url":"wss://sip.example.com:7443/"}]}"#
            )
        );
        assert_eq!(api.get(&format!("/api/v1/Account/{OTHER}/phone-settings")).await.status(), 403);
    }
}
