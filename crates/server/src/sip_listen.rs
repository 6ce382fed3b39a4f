//! Where SIP is served, as the option says it: `TRANSPORT:ADDRESS:PORT`.

use sip_transport::Transport;
use std::net::SocketAddr;

/// Reads one such place.
pub(crate) fn parse(text: &str) -> Result<(Transport, SocketAddr), String> {
    let forms = || {
        let form = |transport: Transport| format!("{}:ADDRESS:PORT", transport.as_str());
        let [rest @ .., last] = Transport::ALL.map(form);
        format!("write {} or {last}", rest.join(", "))
    };
    let (name, address) = text.split_once(':').ok_or_else(forms)?;
    let transport = Transport::ALL.into_iter().find(|transport| transport.as_str() == name).ok_or_else(forms)?;
    let address = address.parse().map_err(|_| "write the address as 127.0.0.1:5060 or [::1]:5060".to_owned())?;
    Ok((transport, address))
}

/// How many of these places speak TLS.
pub(crate) fn encrypted(places: &[(Transport, SocketAddr)]) -> usize {
    places.iter().filter(|(transport, _)| matches!(transport, Transport::Tls | Transport::Wss)).count()
}
