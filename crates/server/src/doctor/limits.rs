//! What the kernel lets this user have.

use super::finding::Finding;
use crate::configuration::Configuration;
use rustix::process::{Resource, getrlimit};

/// Open files beside connections: the database, listeners, the control socket.
const OTHER_FILES: u64 = 200;
/// Octets that a burst of phones after a power cut needs to wait in; the kernel's usual limit is a fifth of a megabyte.
const ENOUGH_BUFFER: u64 = 4 << 20;
const BUFFER_LIMIT: &str = "/proc/sys/net/core/rmem_max";

pub(super) fn examine(configuration: &Configuration) -> Vec<Finding> {
    vec![open_files(configuration), udp_buffers()]
}

fn open_files(configuration: &Configuration) -> Finding {
    let wanted = configuration.connections.max_connections as u64 + OTHER_FILES;
    match getrlimit(Resource::Nofile).maximum {
        Some(limit) if limit < wanted => Finding::warning(
            "open files",
            format!(
                "the limit is {limit}, and {} connections may want {wanted}; raise LimitNOFILE of the unit (ulimit -Hn), \
                 or lower --sip-max-connections",
                configuration.connections.max_connections
            ),
        ),
        Some(limit) => Finding::ok("open files", format!("the limit is {limit}")),
        None => Finding::ok("open files", "no limit".into()),
    }
}

fn udp_buffers() -> Finding {
    let limit = std::fs::read_to_string(BUFFER_LIMIT).ok().and_then(|text| text.trim().parse::<u64>().ok());
    match limit {
        Some(limit) if limit >= ENOUGH_BUFFER => Finding::ok("UDP buffers", format!("may have {limit} octets")),
        Some(limit) => Finding::warning(
            "UDP buffers",
            format!(
                "may have only {limit} octets, so datagrams are lost when many phones come back at once; run sysctl -w \
                 net.core.rmem_max={ENOUGH_BUFFER}, and write it to /etc/sysctl.d"
            ),
        ),
        None => Finding::warning("UDP buffers", format!("{BUFFER_LIMIT} cannot be read; look at net.core.rmem_max")),
    }
}
