//! Whether names lead phones here: the base domain, and what is below it, since each account has a domain there.

use super::finding::Finding;
use super::installation::State;
use crate::configuration::Configuration;
use provisioning::DEFAULT_BASE_DOMAIN;
use sip_message::Uri;
use sip_transport::resolve::{DestinationPolicy, NextHop, ResolveError, Resolver, ResolverConfig, Target};
use std::net::IpAddr;

/// A label that no account has: what a wildcard record answers for.
const ANY_LABEL: &str = "ma-doctor";

pub(super) async fn examine(configuration: &Configuration, state: &State) -> Vec<Finding> {
    let given = configuration.sip_domain.as_ref().map(|domain| domain.as_str());
    let base = given.or(state.base_domain.as_deref()).unwrap_or(DEFAULT_BASE_DOMAIN);
    if base == "localhost" || base.ends_with(".localhost") {
        let text = format!("{base} is for this machine only; for phones elsewhere serve with --sip-domain YOUR-DOMAIN");
        return vec![Finding::ok("DNS", text)];
    }
    // What names lead to is only looked at here, so nothing is forbidden.
    let everything = ["0.0.0.0/0", "::/0"].into_iter().filter_map(|network| network.parse().ok()).collect();
    let resolver = match Resolver::new(&ResolverConfig::default(), DestinationPolicy::allowing(everything)) {
        Ok(resolver) => resolver,
        Err(error) => return vec![Finding::failed("DNS", format!("{error}; look at /etc/resolv.conf"))],
    };
    let mut findings = Vec::new();
    for name in [base.to_owned(), format!("{ANY_LABEL}.{base}")] {
        findings.push(led(&name, located(&resolver, &name).await, configuration));
    }
    findings
}

/// As a phone looks: NAPTR, SRV, then addresses (RFC 3263).
async fn located(resolver: &Resolver, name: &str) -> Option<Result<Vec<NextHop>, ResolveError>> {
    let text = format!("sip:{name}");
    let uri = Uri::parse(text.as_bytes()).ok()?;
    let target = Target::of_uri(&uri).ok()?;
    Some(resolver.next_hops(&target, 0).await)
}

fn led(name: &str, found: Option<Result<Vec<NextHop>, ResolveError>>, configuration: &Configuration) -> Finding {
    let missing = if name.starts_with(ANY_LABEL) {
        "each account has a domain there; add a wildcard record *.BASE-DOMAIN (A, AAAA, or SRV) that leads to this server"
    } else {
        "add an A or AAAA record, or SRV records _sip._udp, _sip._tcp and _sips._tcp, that lead to this server"
    };
    match found {
        None => {
            Finding::failed("DNS", format!("{name} is no name that phones can look up; choose another --sip-domain"))
        }
        Some(Err(error)) => Finding::warning("DNS", format!("{name}: {error}; {missing}")),
        Some(Ok(hops)) => {
            let shown: Vec<_> = hops.iter().map(|hop| format!("{}:{}", hop.transport.as_str(), hop.address)).collect();
            let shown = shown.join(", ");
            match expected(configuration) {
                Some(ours) if !hops.iter().any(|hop| hop.address.ip() == ours) => Finding::warning(
                    "DNS",
                    format!("{name} leads to {shown}, not to {ours}; correct the record, or --public-address"),
                ),
                _ => Finding::ok("DNS", format!("{name} leads to {shown}")),
            }
        }
    }
}

/// The address it should lead to, where that is known.
fn expected(configuration: &Configuration) -> Option<IpAddr> {
    configuration.public_address.as_ref()?.parse().ok()
}
