//! A section of MicroSIP's `microsip.ini`. It strips one pair of quotes around a value, so values stand without.

use crate::PhoneSettings;
use crate::escape::Line;
use std::fmt::{Result, Write};

pub(crate) fn write(out: &mut impl Write, settings: &PhoneSettings<'_>) -> Result {
    let PhoneSettings { username, password, domain, label, server, .. } = settings;
    let proxy = format!("{}:{}", server.uri_host(), server.port);
    out.write_str("[Settings]\r\naccountId=1\r\n[Account1]\r\n")?;
    for (name, value) in [
        ("label", *label),
        ("server", domain),
        ("proxy", &proxy),
        ("domain", domain),
        ("username", username),
        ("authID", username),
        ("password", password),
        ("transport", server.transport.as_str()),
        ("registerRefresh", "300"),
        ("keepAlive", "15"),
    ] {
        write!(out, "{name}={}\r\n", Line(value))?;
    }
    Ok(())
}
