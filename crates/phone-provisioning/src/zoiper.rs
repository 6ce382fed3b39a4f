//! Zoiper's provisioning document: an `account` among the `options` of its Config.xml.

use crate::PhoneSettings;
use crate::escape::Xml;
use std::fmt::{Result, Write};

pub(crate) fn write(out: &mut impl Write, settings: &PhoneSettings<'_>) -> Result {
    let PhoneSettings { username, password, domain, label, server, .. } = settings;
    let proxy = format!("{}:{}", server.uri_host(), server.port);
    let ident = format!("{username}@{domain}");
    out.write_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<options>\n  <accounts>\n    <account>\n")?;
    for (name, value) in [
        ("ident", ident.as_str()),
        ("name", label),
        ("protocol", "sip"),
        ("username", username),
        ("password", password),
        ("save_username", "true"),
        ("save_password", "true"),
        ("register_on_startup", "true"),
        ("SIP_domain", domain),
        ("SIP_use_outbound_proxy", "true"),
        ("SIP_outbound_proxy", &proxy),
        ("SIP_transport_type", server.transport.as_str()),
        ("SIP_use_auth_username", "true"),
        ("SIP_auth_username", username),
        ("SIP_use_rport", "true"),
    ] {
        writeln!(out, "      <{name}>{}</{name}>", Xml(value))?;
    }
    out.write_str("    </account>\n  </accounts>\n</options>\n")
}
