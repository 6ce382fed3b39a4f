//! Grandstream's `cfg<mac>.xml`: P-values of the first account.

use crate::escape::Xml;
use crate::{PhoneSettings, PhoneTransport};
use std::fmt::{Result, Write};

pub(crate) fn write(out: &mut impl Write, settings: &PhoneSettings<'_>) -> Result {
    let PhoneSettings { username, password, domain, label, server, mac, .. } = settings;
    let proxy = format!("{}:{}", server.uri_host(), server.port);
    let transport = match server.transport {
        PhoneTransport::Udp => "0",
        PhoneTransport::Tcp => "1",
        PhoneTransport::Tls => "2",
    };
    out.write_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gs_provision version=\"1\">\n")?;
    if let Some(mac) = mac {
        writeln!(out, "  <mac>{mac}</mac>")?;
    }
    out.write_str("  <config version=\"1\">\n")?;
    for (number, value) in [
        // Account active, its name, SIP server, outbound proxy.
        ("P271", "1"),
        ("P270", label),
        ("P47", domain),
        ("P48", &proxy),
        // User, authenticate id, its password, name.
        ("P35", username),
        ("P36", username),
        ("P34", password),
        ("P3", label),
        // Transport, `sip:` over TLS too (unless said, `sips:`, which no domain here is), and whether it registers.
        ("P130", transport),
        ("P2329", "0"),
        ("P31", "1"),
    ] {
        writeln!(out, "    <{number}>{}</{number}>", Xml(value))?;
    }
    out.write_str("  </config>\n</gs_provision>\n")
}
