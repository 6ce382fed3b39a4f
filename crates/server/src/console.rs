//! The web console, as this process serves it.

use crate::configuration::Configuration;
use crate::node::Node;
use axum::Router;
use console::{Config, Nodes, PhoneServer};
use http_api::{Exposure, SipService};
use std::sync::Arc;
use storage::{LiveAuthEvents, LiveRegistrations};

/// What the signalling plane shows people.
pub(crate) struct Shown {
    pub registrations: Arc<dyn LiveRegistrations>,
    pub auth_events: Arc<dyn LiveAuthEvents>,
    pub sip_services: Vec<SipService>,
    pub bridges_media: bool,
    pub nodes: Arc<dyn Nodes>,
}

/// Its pages, to be served beside the API.
pub(crate) fn pages(node: &Node, configuration: &Configuration, shown: Shown) -> Router {
    let server = |SipService { transport, host, port }| PhoneServer { transport, host, port };
    let config = Config {
        registrations: shown.registrations,
        auth_events: shown.auth_events,
        phone_servers: shown.sip_services.into_iter().map(server).collect(),
        admits_operators: configuration.admin_api == Exposure::HttpListeners,
        bridges_media: shown.bridges_media,
        nodes: shown.nodes,
    };
    console::pages(Arc::clone(&node.provisioning), Arc::clone(&node.clock), Arc::clone(&node.random), config)
}
