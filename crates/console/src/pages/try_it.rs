//! A phone in the page itself: it registers over WebSocket with a password that never goes to the HTTP side.

use crate::Shared;
use crate::assets::ASSETS;
use crate::config::PhoneServer;
use crate::frame::{Frame, Layout, Section, page};
use crate::headers::MayConnectTo;
use crate::reached::Reached;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "try_it.html")]
struct TryItPage {
    frame: Frame,
    domain: String,
    servers: Vec<String>,
    bridges_media: bool,
    jssip: &'static str,
    phone: &'static str,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/console/{auth_id}/try-it", get(show))
}

async fn show(State(shared): State<Arc<Shared>>, visit: Visit, reached: Reached) -> Result<Response, Refusal> {
    let own = reached.host();
    let servers: Vec<String> = shared.config.phone_servers.iter().filter_map(|server| url(server, own)).collect();
    let addresses = servers.join(" ");
    let mut response = page(&TryItPage {
        frame: visit.frame("Try it here", Section::TryIt),
        domain: visit.scope.sip_domain().to_string(),
        bridges_media: shared.config.bridges_media,
        jssip: &ASSETS.jssip.path,
        phone: &ASSETS.phone.path,
        servers,
    })?;
    if !addresses.is_empty() {
        response.extensions_mut().insert(MayConnectTo(addresses));
    }
    Ok(response)
}

/// What a page connects to; nothing for what browsers do not speak.
fn url(server: &PhoneServer, own: Option<&str>) -> Option<String> {
    if !matches!(server.transport, "ws" | "wss") {
        return None;
    }
    let host = server.host.as_deref().or(own)?;
    // An IPv6 address stands in brackets within a URL (RFC 3986 section 3.2.2).
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    Some(format!("{}://{host}:{}/", server.transport, server.port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_websockets_are_offered() {
        let server = |transport, host: Option<&str>| PhoneServer { transport, host: host.map(Into::into), port: 7443 };
        assert_eq!(url(&server("udp", Some("a")), None), None);
        assert_eq!(url(&server("wss", None), Some("phones.example")).unwrap(), "wss://phones.example:7443/");
        assert_eq!(url(&server("ws", Some("2001:db8::1")), None).unwrap(), "ws://[2001:db8::1]:7443/");
        assert_eq!(url(&server("ws", None), None), None);
    }
}
