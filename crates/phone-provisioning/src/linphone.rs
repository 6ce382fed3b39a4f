//! Linphone's remote provisioning document: `linphonerc` as XML, by lpconfig.xsd. `transient_provisioning` has the app
//! keep the values and forget where they came from, which is good once.

use crate::PhoneSettings;
use crate::escape::Xml;
use std::fmt::{Result, Write};

pub(crate) fn write(out: &mut impl Write, settings: &PhoneSettings<'_>) -> Result {
    let PhoneSettings { username, password, domain, realm, server, .. } = settings;
    let (host, port, transport) = (server.uri_host(), server.port, server.transport.as_str());
    let proxy = format!("<sip:{host}:{port};transport={transport}>");
    let (route, identity) =
        (format!("<sip:{host}:{port};transport={transport};lr>"), format!("sip:{username}@{domain}"));
    write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <config xmlns=\"http://www.linphone.org/xsds/lpconfig.xsd\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"http://www.linphone.org/xsds/lpconfig.xsd lpconfig.xsd\">\n"
    )?;
    section(out, "misc", &[("transient_provisioning", "1")])?;
    section(out, "sip", &[("default_proxy", "0")])?;
    let account = [
        ("reg_proxy", proxy.as_str()),
        ("reg_route", &route),
        ("reg_identity", &identity),
        ("realm", realm),
        ("reg_expires", "3600"),
        ("reg_sendregister", "1"),
        ("publish", "0"),
    ];
    section(out, "proxy_0", &account)?;
    let secret =
        [("username", *username), ("userid", username), ("passwd", password), ("realm", realm), ("domain", domain)];
    section(out, "auth_info_0", &secret)?;
    out.write_str("</config>\n")
}

fn section(out: &mut impl Write, name: &str, entries: &[(&str, &str)]) -> Result {
    writeln!(out, "  <section name=\"{name}\">")?;
    for (key, value) in entries {
        writeln!(out, "    <entry name=\"{key}\" overwrite=\"true\">{}</entry>", Xml(value))?;
    }
    out.write_str("  </section>\n")
}
