//! The account document of Acrobits Softphone and Groundwire. `tls+sip:` is TLS with `sip:` URIs.

use crate::escape::Xml;
use crate::{PhoneSettings, PhoneTransport};
use std::fmt::{Result, Write};

pub(crate) fn write(out: &mut impl Write, settings: &PhoneSettings<'_>) -> Result {
    let PhoneSettings { username, password, domain, label, server, .. } = settings;
    let proxy = format!("{}:{}", server.uri_host(), server.port);
    let transport = match server.transport {
        PhoneTransport::Udp => "udp",
        PhoneTransport::Tcp => "tcp",
        PhoneTransport::Tls => "tls+sip:",
    };
    out.write_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<account>\n")?;
    for (name, value) in [
        ("title", *label),
        ("username", username),
        ("password", password),
        ("authUsername", username),
        ("host", domain),
        ("proxy", &proxy),
        ("transport", transport),
        ("expires", "600"),
    ] {
        writeln!(out, "  <{name}>{}</{name}>", Xml(value))?;
    }
    out.write_str("</account>\n")
}
