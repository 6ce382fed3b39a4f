//! Yealink's `<mac>.cfg`: one parameter a line below a header that must stay as it is.

use crate::escape::Line;
use crate::{PhoneSettings, PhoneTransport};
use std::fmt::{Result, Write};

pub(crate) fn write(out: &mut impl Write, settings: &PhoneSettings<'_>) -> Result {
    let PhoneSettings { username, password, domain, label, server, .. } = settings;
    let transport = match server.transport {
        PhoneTransport::Udp => "0",
        PhoneTransport::Tcp => "1",
        PhoneTransport::Tls => "2",
    };
    let port = server.port.to_string();
    out.write_str("#!version:1.0.0.1\n")?;
    for (name, value) in [
        ("account.1.enable", "1"),
        ("account.1.label", label),
        ("account.1.display_name", label),
        ("account.1.auth_name", username),
        ("account.1.user_name", username),
        ("account.1.password", password),
        ("account.1.sip_server.1.address", domain),
        ("account.1.sip_server.1.port", &port),
        ("account.1.sip_server.1.transport_type", transport),
        ("account.1.sip_server.1.expires", "3600"),
        ("account.1.outbound_proxy_enable", "1"),
        ("account.1.outbound_proxy.1.address", server.host),
        ("account.1.outbound_proxy.1.port", &port),
    ] {
        writeln!(out, "{name} = {}", Line(value))?;
    }
    Ok(())
}
