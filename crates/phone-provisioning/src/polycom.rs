//! Polycom's `<mac>.cfg`, which names the file that has the line, and that file.

use crate::escape::Xml;
use crate::{Part, PhoneSettings, PhoneTransport};
use std::fmt::{Result, Write};

pub(crate) fn write(out: &mut impl Write, settings: &PhoneSettings<'_>, part: Part) -> Result {
    out.write_str("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n")?;
    match part {
        Part::Main => out.write_str(
            "<APPLICATION APP_FILE_PATH=\"sip.ld\" CONFIG_FILES=\"[PHONE_MAC_ADDRESS]-reg.cfg\" MISC_FILES=\"\" \
             LOG_FILE_DIRECTORY=\"\" OVERRIDES_DIRECTORY=\"\" CONTACTS_DIRECTORY=\"\"/>\n",
        ),
        Part::Line => line(out, settings),
    }
}

fn line(out: &mut impl Write, settings: &PhoneSettings<'_>) -> Result {
    let PhoneSettings { username, password, domain, label, server, .. } = settings;
    let (address, port) = (format!("{username}@{domain}"), server.port.to_string());
    let transport = match server.transport {
        PhoneTransport::Udp => "UDPOnly",
        PhoneTransport::Tcp => "TCPOnly",
        PhoneTransport::Tls => "TLS",
    };
    out.write_str("<polycomConfig>\n  <reg")?;
    for (name, value) in [
        ("reg.1.displayName", *label),
        ("reg.1.label", label),
        ("reg.1.address", &address),
        ("reg.1.auth.userId", username),
        ("reg.1.auth.password", password),
        ("reg.1.server.1.address", domain),
        ("reg.1.server.1.port", &port),
        ("reg.1.server.1.transport", transport),
        ("reg.1.server.1.expires", "3600"),
        ("reg.1.outboundProxy.address", server.host),
        ("reg.1.outboundProxy.port", &port),
        ("reg.1.outboundProxy.transport", transport),
    ] {
        write!(out, "\n    {name}=\"{}\"", Xml(value))?;
    }
    out.write_str("/>\n</polycomConfig>\n")
}
