//! Ports, and the address that phones are told.

use super::finding::Finding;
use super::installation::State;
use crate::configuration::Configuration;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

pub(super) fn examine(configuration: &Configuration, state: &State) -> Vec<Finding> {
    let ports = if state.running.is_some() {
        vec![Finding::ok("ports", "held by the running server".into())]
    } else {
        ports(configuration)
    };
    ports.into_iter().chain([public_address(configuration)]).collect()
}

fn ports(configuration: &Configuration) -> Vec<Finding> {
    let http = configuration.http_listen.iter().map(|address| ("http", *address, false));
    let https = configuration.https_listen.iter().map(|address| ("https", *address, false));
    let metrics = configuration.metrics_listen.iter().map(|address| ("metrics", *address, false));
    let sip = configuration
        .sip_listen
        .iter()
        .map(|(transport, address)| (transport.as_str(), *address, transport.is_datagram()));
    let wanted: Vec<_> = sip.chain(http).chain(https).chain(metrics).collect();
    let taken: Vec<_> = wanted
        .iter()
        .filter_map(|(name, address, is_datagram)| {
            let error = bound(*address, *is_datagram).err()?;
            Some(Finding::failed("ports", format!("{name}:{address} cannot be had ({error}); {}", mend(&error))))
        })
        .collect();
    if taken.is_empty() {
        let shown: Vec<_> = wanted.iter().map(|(name, address, _)| format!("{name}:{address}")).collect();
        return vec![Finding::ok("ports", format!("free: {}", shown.join(", ")))];
    }
    taken
}

fn bound(address: SocketAddr, is_datagram: bool) -> io::Result<()> {
    if is_datagram { UdpSocket::bind(address).map(drop) } else { TcpListener::bind(address).map(drop) }
}

fn mend(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "end the program that has it (ss -lnp names it), or choose another port",
        io::ErrorKind::PermissionDenied => "choose a port above 1023, or give the unit CAP_NET_BIND_SERVICE",
        io::ErrorKind::AddrNotAvailable => "choose an address that this machine has",
        _ => "choose another address",
    }
}

/// Phones elsewhere can only be told an address that reaches us from there.
fn public_address(configuration: &Configuration) -> Finding {
    let addresses = || configuration.sip_listen.iter().map(|(_, address)| address.ip());
    let Some(public) = &configuration.public_address else {
        if addresses().all(|address| address.is_loopback()) {
            let text = "SIP listens on this machine only; for phones elsewhere give --sip-listen an address of the \
                        network, and --public-address";
            return Finding::ok("public address", text.into());
        }
        if addresses().any(|address| address.is_unspecified()) {
            let text = "SIP listens on every address and nothing says which one phones reach; name it with \
                        --public-address";
            return Finding::warning("public address", text.into());
        }
        return Finding::ok("public address", "the addresses SIP listens on".into());
    };
    let is_private = public.parse::<IpAddr>().is_ok_and(|address| match address {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    });
    if is_private {
        let text =
            format!("{public} is not reached from the Internet; leave it only if all phones are in that network");
        Finding::warning("public address", text)
    } else {
        Finding::ok("public address", public.clone())
    }
}
