//! The bounds of SIP connections, and whose pages may open one.

use crate::configuration::{in_range, parse};
use crate::failure::Failure;
use ipnet::IpNet;
use sip_transport::websocket::Origin;
use sip_transport::{ConnectionConfig, OriginPolicy};
use std::net::IpAddr;

/// What was said about connections, as it was said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionOptions<'o> {
    pub(crate) most: Option<usize>,
    pub(crate) most_per_source: Option<usize>,
    pub(crate) idle_seconds: Option<u64>,
    pub(crate) origins: &'o [String],
    pub(crate) proxies: &'o [String],
}

/// Settles each.
pub(crate) fn settle(options: ConnectionOptions<'_>) -> Result<ConnectionConfig, Failure> {
    let default = ConnectionConfig::default();
    let most = options.most.unwrap_or(default.max_connections);
    let per_source = in_range("--sip-max-connections-per-source", options.most_per_source.unwrap_or(0), 0, 1_000_000)?;
    let idle_seconds = options.idle_seconds.unwrap_or(default.idle_seconds);
    Ok(ConnectionConfig {
        max_connections: in_range("--sip-max-connections", most, 1, 1_000_000)?,
        max_connections_per_source: Some(per_source).filter(|most| *most > 0),
        idle_seconds: in_range("--sip-idle-timeout", idle_seconds, 30, 604_800)?,
        origins: origins(options.origins)?,
        proxies: proxies(options.proxies)?,
        ..default
    })
}

fn origins(given: &[String]) -> Result<OriginPolicy, Failure> {
    if given.is_empty() {
        return Ok(OriginPolicy::SameHost);
    }
    if given.iter().any(|origin| origin == "*") {
        return Ok(OriginPolicy::Any);
    }
    let read = |text: &String| parse("--ws-origin", text, Origin::parse);
    Ok(OriginPolicy::Only(given.iter().map(read).collect::<Result<_, _>>()?))
}

/// A single address is a network of one.
fn proxies(given: &[String]) -> Result<Vec<IpNet>, Failure> {
    let network = |text: &str| text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let read = |text: &String| {
        parse("--proxy-from", text, |text| network(text).map_err(|_| "write a network as 10.0.0.0/24 or 2001:db8::/32"))
    };
    given.iter().map(read).collect()
}
