//! Fanvil's `<mac>.cfg`: named modules of lines, between a header and an end that must stay as they are.

use crate::escape::Line;
use crate::{PhoneSettings, PhoneTransport};
use std::fmt::{Result, Write};

pub(crate) fn write(out: &mut impl Write, settings: &PhoneSettings<'_>) -> Result {
    let PhoneSettings { username, password, domain, label, server, .. } = settings;
    let transport = match server.transport {
        PhoneTransport::Udp => "0",
        PhoneTransport::Tcp => "1",
        PhoneTransport::Tls => "3",
    };
    let port = server.port.to_string();
    out.write_str("<<VOIP CONFIG FILE>>Version:2.0000000000\r\n\r\n<SIP CONFIG MODULE>\r\n--SIP Line List--  :\r\n")?;
    for (name, value) in [
        ("SIP1 Phone Number", *username),
        ("SIP1 Display Name", label),
        ("SIP1 Sip Name", domain),
        ("SIP1 Register Addr", domain),
        ("SIP1 Register Port", &port),
        ("SIP1 Register User", username),
        ("SIP1 Register Pswd", password),
        ("SIP1 Register TTL", "3600"),
        ("SIP1 Proxy Addr", server.host),
        ("SIP1 Proxy Port", &port),
        ("SIP1 Local Domain", domain),
        ("SIP1 Transport", transport),
        ("SIP1 Enable Reg", "1"),
    ] {
        write!(out, "{name:<19}:{}\r\n", Line(value))?;
    }
    out.write_str("<<END OF FILE>>\r\n")
}
