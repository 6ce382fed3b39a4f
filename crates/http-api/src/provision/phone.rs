//! What a phone is told, from what was spent and from where SIP is served.

use super::Origin;
use crate::SipService;
use crate::problem::Problem;
use domain::PhoneFormat;
use phone_provisioning::{Configuration, Part, PhoneServer, PhoneSettings, PhoneTransport, configuration};
use provisioning::LinkSpent;

/// Which transports a phone is given, unless somebody says: encrypted where that is served, then what passes NAT best.
const PREFERRED: [PhoneTransport; 3] = [PhoneTransport::Tls, PhoneTransport::Tcp, PhoneTransport::Udp];

/// Where a phone reaches us.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    host: String,
    port: u16,
    transport: PhoneTransport,
}

impl Reach {
    /// The way of that transport, or the preferred one of those that are served. Where SIP is served on every address of
    /// the machine, the host is the one that the request named, else `otherwise`.
    pub(super) fn of(
        services: &[SipService],
        wanted: Option<PhoneTransport>,
        (origin, otherwise): (&Origin, &str),
    ) -> Result<Self, Problem> {
        let is_asked = |transport: &PhoneTransport| wanted.is_none_or(|wanted| wanted == *transport);
        let served = |transport: PhoneTransport| services.iter().find(|it| it.transport == transport.as_str());
        let found = PREFERRED.into_iter().filter(is_asked).find_map(|it| Some((it, served(it)?)));
        let (transport, service) = found.ok_or(Problem::TransportNotServed)?;
        let host = service.host.as_deref().or(origin.host()).unwrap_or(otherwise).to_owned();
        Ok(Self { host, port: service.port, transport })
    }

    pub(super) const fn transport(&self) -> PhoneTransport {
        self.transport
    }

    pub(super) fn server(&self) -> PhoneServer<'_> {
        PhoneServer { host: &self.host, port: self.port, transport: self.transport }
    }

    /// Host and port, to be typed.
    pub(super) fn to_text(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// The configuration of a device that was just made.
pub(super) fn configured(spent: &LinkSpent, format: PhoneFormat, reach: &Reach) -> Configuration {
    let part = if format == PhoneFormat::Polycom { Part::Line } else { Part::Main };
    let settings = PhoneSettings {
        username: spent.username.as_str(),
        password: spent.created.password.as_str(),
        domain: spent.domain.as_str(),
        realm: spent.realm.as_str(),
        label: spent.created.view.device.label.as_str(),
        server: reach.server(),
        mac: None,
        changed_at: spent.created.view.device.created_at,
    };
    configuration(format, &settings, part)
}
