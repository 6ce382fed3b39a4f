//! Fanvil's `<mac>.cfg`: named modules of lines, between a header and an end that must stay as they are.
//!
//! A phone compares the version in the header with that of what it has, and takes what is higher; so it is the moment of
//! the last change. Phones write a header of 64 octets themselves. Transport 3 is TLS on the models of today (X-U, V, X5S,
//! X6, X7, X210); the first X3S and X4 had 2 there, which is nothing on the others.

use crate::escape::Line;
use crate::{PhoneSettings, PhoneTransport};
use std::fmt::{Result, Write};

/// Octets of the header without its line end.
const HEADER: usize = 62;

pub(crate) fn write(out: &mut impl Write, settings: &PhoneSettings<'_>) -> Result {
    let PhoneSettings { username, password, domain, label, server, .. } = settings;
    let transport = match server.transport {
        PhoneTransport::Udp => "0",
        PhoneTransport::Tcp => "1",
        PhoneTransport::Tls => "3",
    };
    let port = server.port.to_string();
    let header = format!("<<VOIP CONFIG FILE>>Version:2.{:010}", settings.changed_at.as_unix_seconds());
    write!(out, "{header:<HEADER$}\r\n\r\n<SIP CONFIG MODULE>\r\n--SIP Line List--  :\r\n")?;
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
