//! Name resolution against a name server of our own, over real sockets.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod name_server;

use name_server::{NameServer, Zone};
use sip_message::Uri;
use sip_transport::Transport::{self, Tcp, Tls, Udp};
use sip_transport::resolve::{
    DestinationPolicy, ForbiddenDestination, NextHop, ResolveError, Resolver, ResolverConfig, Target,
};
use std::collections::BTreeSet;
use std::net::SocketAddr;

fn resolver_of(servers: &[SocketAddr], spoken: &[Transport]) -> Resolver {
    let config = ResolverConfig {
        name_servers: servers.to_vec(),
        question_ms: 300,
        spoken: spoken.to_vec(),
        ..ResolverConfig::default()
    };
    Resolver::new(&config, DestinationPolicy::default()).unwrap()
}

fn resolver(server: &NameServer) -> Resolver {
    resolver_of(&[server.address()], &[Udp, Tcp, Tls])
}

async fn resolve(resolver: &Resolver, uri: &str) -> Result<Vec<NextHop>, ResolveError> {
    let target = Target::of_uri(&Uri::parse(uri.as_bytes()).unwrap()).unwrap();
    resolver.next_hops(&target, 1).await
}

/// The places that a URI leads to, as `udp 192.0.2.1:5060`.
async fn hops(resolver: &Resolver, uri: &str) -> Vec<String> {
    let hops = resolve(resolver, uri).await.unwrap_or_else(|error| panic!("{uri}: {error}"));
    hops.iter().map(|hop| format!("{} {}", hop.transport.as_str(), hop.address)).collect()
}

#[tokio::test]
async fn rules_lead_to_services_and_those_to_hosts_in_order() {
    let server = NameServer::start(
        Zone::default()
            .rule("example.com", (20, 10), "SIP+D2U", "_sip._udp.example.com")
            .rule("example.com", (10, 20), "SIP+D2T", "_sip._tcp.example.com")
            .rule("example.com", (10, 10), "SIPS+D2T", "_sips._tcp.example.com")
            .rule("example.com", (1, 1), "SIP+D2S", "_sip._sctp.example.com")
            .service("_sips._tcp.example.com", (10, 0), 5061, "tls.example.com")
            .service("_sip._tcp.example.com", (20, 0), 5070, "second.example.com")
            .service("_sip._tcp.example.com", (10, 0), 5060, "first.example.com")
            .service("_sip._udp.example.com", (10, 0), 5060, "first.example.com")
            .address("tls.example.com", "192.0.2.1")
            .address("first.example.com", "192.0.2.2")
            .address("first.example.com", "2001:db8::2")
            .address("second.example.com", "192.0.2.3"),
    )
    .await;
    let resolver = resolver(&server);
    assert_eq!(
        hops(&resolver, "sip:example.com").await,
        [
            "tls 192.0.2.1:5061",
            "tcp 192.0.2.2:5060",
            "tcp [2001:db8::2]:5060",
            "tcp 192.0.2.3:5070",
            "udp 192.0.2.2:5060",
            "udp [2001:db8::2]:5060",
        ]
    );
    assert_eq!(hops(&resolver, "sips:example.com").await, ["tls 192.0.2.1:5061"]);
    assert_eq!(hops(&resolver, "sip:example.com;transport=udp").await[0], "udp 192.0.2.2:5060");
    // A port ends the search for services.
    assert!(matches!(resolve(&resolver, "sip:example.com:5099").await, Err(ResolveError::NoSuchHost)));
    assert_eq!(hops(&resolver, "sip:first.example.com:5099").await[0], "udp 192.0.2.2:5099");
}

#[tokio::test]
async fn without_rules_services_are_asked_for_and_without_those_the_host() {
    let server = NameServer::start(
        Zone::default()
            .service("_sip._tcp.services.example", (0, 0), 5080, "host.example")
            .address("host.example", "192.0.2.9"),
    )
    .await;
    let resolver = resolver(&server);
    assert_eq!(hops(&resolver, "sip:services.example").await, ["tcp 192.0.2.9:5080"]);
    assert_eq!(hops(&resolver, "sip:host.example").await, ["udp 192.0.2.9:5060"]);
    assert_eq!(hops(&resolver, "sips:host.example").await, ["tls 192.0.2.9:5061"]);
    assert_eq!(hops(&resolver, "sip:HOST.example.;transport=tcp").await, ["tcp 192.0.2.9:5060"]);
}

#[tokio::test]
async fn a_rule_that_leads_to_no_service_still_says_the_transport() {
    let server = NameServer::start(
        Zone::default().rule("h.example", (1, 1), "SIP+D2T", "_sip._tcp.h.example").address("h.example", "192.0.2.9"),
    )
    .await;
    assert_eq!(hops(&resolver(&server), "sip:h.example").await, ["tcp 192.0.2.9:5060"]);
}

#[tokio::test]
async fn weights_spread_requests() {
    let mut zone = Zone::default();
    for (number, weight) in [(1, 10), (2, 10), (3, 0)] {
        let host = format!("host{number}.example");
        zone = zone.service("_sip._udp.example", (1, weight), 5060, &host).address(&host, &format!("192.0.2.{number}"));
    }
    let server = NameServer::start(zone).await;
    let resolver = resolver(&server);
    let target = Target::of_uri(&Uri::parse(b"sip:example;transport=udp").unwrap()).unwrap();
    let mut first = BTreeSet::new();
    for random in 0..64 {
        let hops = resolver.next_hops(&target, random).await.unwrap();
        assert_eq!(hops.len(), 3, "all of them, to fail over to");
        first.insert(hops[0].address);
    }
    assert!(first.len() >= 2, "{first:?}");
    assert_eq!(server.questions().len(), 1 + 3 * 2, "each was asked once, for all 64");
}

#[tokio::test]
async fn what_is_not_there_is_not_asked_for_again() {
    let server = NameServer::start(Zone::default().address("host.example", "192.0.2.9")).await;
    let resolver = resolver(&server);
    for _ in 0..3 {
        assert!(matches!(resolve(&resolver, "sip:nobody.example").await, Err(ResolveError::NoSuchHost)));
    }
    let asked: Vec<_> = server.questions().into_iter().map(|question| question.text).collect();
    let once: BTreeSet<_> = asked.iter().collect();
    assert_eq!(asked.len(), once.len(), "{asked:?}");
    // NAPTR, three SRV, A and AAAA.
    assert_eq!(asked.len(), 6, "{asked:?}");
}

#[tokio::test]
async fn an_answer_too_large_for_a_datagram_is_fetched_over_tcp() {
    let mut zone = Zone::default().truncated("_sip._udp.large.example");
    for number in 0..30 {
        zone = zone.service("_sip._udp.large.example", (number, 0), 5060, &format!("host{number}.large.example"));
        zone = zone.address(&format!("host{number}.large.example"), &format!("192.0.2.{number}"));
    }
    let server = NameServer::start(zone).await;
    let found = hops(&resolver(&server), "sip:large.example;transport=udp").await;
    assert_eq!(found.len(), 16, "as many as are worth trying");
    assert_eq!(found[0], "udp 192.0.2.0:5060");
    assert!(server.questions().iter().any(|question| question.over_tcp), "{:?}", server.questions());
}

#[tokio::test]
async fn aliases_are_followed() {
    let server =
        NameServer::start(Zone::default().alias("sip.example", "real.example").address("real.example", "2001:db8::7"))
            .await;
    assert_eq!(hops(&resolver(&server), "sip:sip.example:5060").await, ["udp [2001:db8::7]:5060"]);
}

#[tokio::test]
async fn a_dead_server_is_passed_over_or_reported() {
    let server = NameServer::start(Zone::default().address("host.example", "192.0.2.9")).await;
    let dead = NameServer::silent().await;
    let both = resolver_of(&[dead.address(), server.address()], &[Udp]);
    assert_eq!(hops(&both, "sip:host.example:5060").await, ["udp 192.0.2.9:5060"]);
    let alone = resolver_of(&[dead.address()], &[Udp]);
    assert!(matches!(resolve(&alone, "sip:host.example:5060").await, Err(ResolveError::Unanswered(_))));
}

#[tokio::test]
async fn names_that_lead_to_forbidden_places_lead_nowhere() {
    let server = NameServer::start(
        Zone::default()
            .address("rebinding.example", "127.0.0.1")
            .address("metadata.example", "169.254.169.254")
            .address("both.example", "::ffff:127.0.0.1")
            .address("both.example", "192.0.2.9"),
    )
    .await;
    let resolver = resolver(&server);
    for (uri, reason) in [
        ("sip:rebinding.example:5060", ForbiddenDestination::Loopback),
        ("sip:metadata.example:5060", ForbiddenDestination::Metadata),
        ("sip:127.0.0.1", ForbiddenDestination::Loopback),
        ("sip:[::ffff:169.254.169.254]:80", ForbiddenDestination::Metadata),
        ("sip:255.255.255.255", ForbiddenDestination::NotOneHost),
    ] {
        let refused = resolve(&resolver, uri).await;
        assert!(matches!(refused, Err(ResolveError::Forbidden(found)) if found == reason), "{uri}: {refused:?}");
    }
    assert_eq!(hops(&resolver, "sip:both.example:5060").await, ["udp 192.0.2.9:5060"]);
}

#[tokio::test]
async fn a_domain_that_wants_other_transports_is_told_apart_from_one_that_is_not_there() {
    let server = NameServer::start(
        Zone::default()
            .rule("example.com", (1, 1), "SIP+D2T", "_sip._tcp.example.com")
            .address("example.com", "192.0.2.1"),
    )
    .await;
    let udp_only = resolver_of(&[server.address()], &[Udp]);
    assert!(matches!(resolve(&udp_only, "sip:example.com").await, Err(ResolveError::NoCommonTransport)));
    assert!(matches!(resolve(&udp_only, "sip:example.com;transport=tcp").await, Err(ResolveError::NoCommonTransport)));
}
