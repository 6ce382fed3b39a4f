//! Snom's settings document: those of the first identity.

use crate::PhoneSettings;
use crate::escape::Xml;
use std::fmt::{Result, Write};

pub(crate) fn write(out: &mut impl Write, settings: &PhoneSettings<'_>) -> Result {
    let PhoneSettings { username, password, domain, label, server, .. } = settings;
    let outbound = format!("{}:{};transport={}", server.uri_host(), server.port, server.transport.as_str());
    out.write_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<settings>\n  <phone-settings e=\"2\">\n")?;
    for (name, value) in [
        ("user_active", "on"),
        ("user_realname", label),
        ("user_idle_text", label),
        ("user_name", username),
        ("user_pname", username),
        ("user_pass", password),
        ("user_host", domain),
        ("user_outbound", &outbound),
        ("user_expiry", "3600"),
    ] {
        writeln!(out, "    <{name} idx=\"1\" perm=\"\">{}</{name}>", Xml(value))?;
    }
    out.write_str("  </phone-settings>\n</settings>\n")
}
