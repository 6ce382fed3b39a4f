//! What to ask the domain name system for, in which order (RFC 3263 section 4).

use crate::Transport;
use crate::resolve::services::Rule;
use crate::resolve::target::{Security, Target, TargetHost};
use std::net::SocketAddr;

/// A place to send a request to, over that transport.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NextHop {
    /// The transport.
    pub transport: Transport,
    /// Address and port.
    pub address: SocketAddr,
}

/// A name under which services of one transport may be listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceQuestion {
    /// As `_sip._udp.example.com`.
    pub name: Box<str>,
    /// What those services speak.
    pub transport: Transport,
}

/// What resolving a target begins with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Plan {
    /// Nothing is to be asked.
    Known(NextHop),
    /// The addresses of a host.
    Host {
        /// Its name.
        name: Box<str>,
        /// The port there.
        port: u16,
        /// The transport there.
        transport: Transport,
    },
    /// Services, and where there are none the addresses of the host itself.
    Services {
        /// Asked one after the other.
        questions: Vec<ServiceQuestion>,
        /// A [`Plan::Host`].
        otherwise: Box<Plan>,
    },
    /// Rules (NAPTR) that lead to services; where there are none, what follows without.
    Rules {
        /// The name to ask for.
        name: Box<str>,
        /// A [`Plan::Services`].
        otherwise: Box<Plan>,
    },
}

impl Plan {
    /// The plan for a target, with the transports that we speak in our own order of preference. `None` if the target
    /// wants one that is not among them.
    #[must_use]
    pub fn new(target: &Target, spoken: &[Transport]) -> Option<Self> {
        let usable = |transport: &Transport| is_usable(*transport, target.security);
        let by_default = match target.security {
            Security::Any => Transport::Udp,
            Security::Required => Transport::Tls,
        };
        let name = match &target.host {
            TargetHost::Address(address) => {
                let transport = one_of(spoken, target.transport.unwrap_or(by_default))?;
                let address = SocketAddr::new(*address, target.port.unwrap_or(default_port(transport)));
                return Some(Self::Known(NextHop { transport, address }));
            }
            TargetHost::Name(name) => name,
        };
        if let Some(port) = target.port {
            let transport = one_of(spoken, target.transport.unwrap_or(by_default))?;
            return Some(Self::Host { name: name.clone(), port, transport });
        }
        let otherwise = |transport: Transport| Box::new(Self::host_by_default(name.clone(), transport));
        if let Some(transport) = target.transport {
            let questions = question(name, one_of(spoken, transport)?).into_iter().collect();
            return Some(Self::Services { questions, otherwise: otherwise(transport) });
        }
        let transports = spoken.iter().copied().filter(usable);
        let questions = transports.filter_map(|transport| question(name, transport)).collect();
        let transport = one_of(spoken, by_default).or_else(|| spoken.iter().copied().find(usable))?;
        let services = Self::Services { questions, otherwise: otherwise(transport) };
        Some(Self::Rules { name: name.clone(), otherwise: Box::new(services) })
    }
}

impl Plan {
    /// The host itself at the transport's own port: what is left where no service is listed (RFC 3263 section 4.2).
    pub(super) const fn host_by_default(name: Box<str>, transport: Transport) -> Self {
        Self::Host { name, port: default_port(transport), transport }
    }
}

/// The services that rules lead to, first choice first; `None` if there is no rule about SIP. An empty list says that
/// all of them want a transport we do not speak, or one that is not secure where that is required.
#[must_use]
pub fn by_rules(mut rules: Vec<Rule>, target: &Target, spoken: &[Transport]) -> Option<Vec<ServiceQuestion>> {
    rules.retain(|rule| rule.flags.eq_ignore_ascii_case(b"s") && transport_of(&rule.services).is_some());
    if rules.is_empty() {
        return None;
    }
    rules.sort_by_key(|rule| (rule.order, rule.preference));
    let question = |rule: Rule| {
        let transport = one_of(spoken, transport_of(&rule.services)?)?;
        is_usable(transport, target.security).then_some(ServiceQuestion { name: rule.replacement, transport })
    };
    Some(rules.into_iter().filter_map(question).collect())
}

fn one_of(spoken: &[Transport], wanted: Transport) -> Option<Transport> {
    spoken.contains(&wanted).then_some(wanted)
}

const fn is_usable(transport: Transport, security: Security) -> bool {
    matches!((security, transport), (Security::Any, _) | (Security::Required, Transport::Tls | Transport::Wss))
}

/// RFC 3261 section 19.1.2, RFC 7118 section 8.
const fn default_port(transport: Transport) -> u16 {
    match transport {
        Transport::Udp | Transport::Tcp => 5060,
        Transport::Tls => 5061,
        Transport::Ws => 80,
        Transport::Wss => 443,
    }
}

/// The name of a transport's services (RFC 3263 section 4.1); RFC 7118 registers none for WebSocket.
fn question(name: &str, transport: Transport) -> Option<ServiceQuestion> {
    let prefix = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
        Transport::Ws | Transport::Wss => return None,
    };
    Some(ServiceQuestion { name: format!("{prefix}.{name}").into_boxed_str(), transport })
}

/// The service fields of RFC 3263 section 4.1 and RFC 7118 section 10.3.
fn transport_of(services: &[u8]) -> Option<Transport> {
    let known = [
        ("SIP+D2U", Transport::Udp),
        ("SIP+D2T", Transport::Tcp),
        ("SIPS+D2T", Transport::Tls),
        ("SIP+D2W", Transport::Ws),
        ("SIPS+D2W", Transport::Wss),
    ];
    known.into_iter().find_map(|(name, transport)| services.eq_ignore_ascii_case(name.as_bytes()).then_some(transport))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Transport::{Tcp, Tls, Udp};
    use sip_message::Uri;

    const SPOKEN: [Transport; 3] = [Udp, Tcp, Tls];

    fn target(uri: &str) -> Target {
        Target::of_uri(&Uri::parse(uri.as_bytes()).unwrap()).unwrap()
    }

    /// A plan in one line.
    fn shown(plan: &Plan) -> String {
        match plan {
            Plan::Known(hop) => format!("{} {}", hop.transport.as_str(), hop.address),
            Plan::Host { name, port, transport } => format!("{} {name}:{port}", transport.as_str()),
            Plan::Services { questions, otherwise } => {
                let names: Vec<_> = questions.iter().map(|question| &*question.name).collect();
                format!("SRV {} else {}", names.join(","), shown(otherwise))
            }
            Plan::Rules { name, otherwise } => format!("NAPTR {name} else {}", shown(otherwise)),
        }
    }

    /// RFC 3263 section 4, case by case.
    #[test]
    fn plans() {
        for (uri, expected) in [
            ("sip:192.0.2.1", "udp 192.0.2.1:5060"),
            ("sip:192.0.2.1:5070;transport=tcp", "tcp 192.0.2.1:5070"),
            ("sips:192.0.2.1", "tls 192.0.2.1:5061"),
            ("sip:[2001:db8::1];transport=tls", "tls [2001:db8::1]:5061"),
            ("sip:h.example:5070", "udp h.example:5070"),
            ("sips:h.example:5070", "tls h.example:5070"),
            ("sip:h.example:5070;transport=tcp", "tcp h.example:5070"),
            ("sip:h.example;transport=tcp", "SRV _sip._tcp.h.example else tcp h.example:5060"),
            ("sips:h.example;transport=tcp", "SRV _sips._tcp.h.example else tls h.example:5061"),
            (
                "sip:h.example",
                "NAPTR h.example else SRV _sip._udp.h.example,_sip._tcp.h.example,_sips._tcp.h.example else udp h.example:5060",
            ),
            ("sips:h.example", "NAPTR h.example else SRV _sips._tcp.h.example else tls h.example:5061"),
        ] {
            assert_eq!(shown(&Plan::new(&target(uri), &SPOKEN).unwrap()), expected, "{uri}");
        }
    }

    #[test]
    fn a_transport_we_do_not_speak_has_no_plan() {
        assert_eq!(Plan::new(&target("sip:h.example;transport=ws"), &SPOKEN), None);
        assert_eq!(Plan::new(&target("sips:192.0.2.1"), &[Udp, Tcp]), None);
        assert_eq!(Plan::new(&target("sips:h.example"), &[Udp, Tcp]), None);
        let only_tcp = Plan::new(&target("sip:h.example"), &[Tcp]).unwrap();
        assert_eq!(shown(&only_tcp), "NAPTR h.example else SRV _sip._tcp.h.example else tcp h.example:5060");
    }

    #[test]
    fn rules_are_taken_in_their_order_as_far_as_we_speak_them() {
        let rule = |order, preference, flags: &str, services: &str| Rule {
            order,
            preference,
            flags: flags.as_bytes().into(),
            services: services.as_bytes().into(),
            replacement: format!("{services}.example").to_lowercase().into(),
        };
        let rules = vec![
            rule(20, 10, "s", "SIP+D2U"),
            rule(10, 20, "S", "sip+d2t"),
            rule(10, 10, "s", "SIPS+D2T"),
            rule(5, 5, "s", "SIP+D2S"),
            rule(1, 1, "u", "E2U+sip"),
            rule(1, 2, "u", "SIP+D2U"),
        ];
        let names = |uri: &str, spoken: &[Transport]| {
            let found = by_rules(rules.clone(), &target(uri), spoken);
            found.map(|questions| questions.into_iter().map(|question| question.transport).collect::<Vec<_>>())
        };
        assert_eq!(names("sip:h.example", &SPOKEN), Some(vec![Tls, Tcp, Udp]));
        assert_eq!(names("sips:h.example", &SPOKEN), Some(vec![Tls]));
        assert_eq!(names("sip:h.example", &[Udp]), Some(vec![Udp]));
        assert_eq!(names("sips:h.example", &[Udp]), Some(vec![]), "there are rules, and none for us");
        assert_eq!(by_rules(rules[4..5].to_vec(), &target("sip:h.example"), &SPOKEN), None, "nothing about SIP");
    }
}
