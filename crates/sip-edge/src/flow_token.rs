//! What a flow token says: which flow, of which boot (RFC 5626 section 5.2). Its proof is `sip-digest`'s.
//!
//! Fifty octets:
//!
//! | octets | meaning |
//! |---|---|
//! | 0 | version, 1 |
//! | 1 | transport |
//! | 2–5 | boot number |
//! | 6–23 | our address as IPv6, IPv4 mapped, and its port |
//! | 24–41 | the phone's |
//! | 42–49 | connection |

use sip_digest::{FLOW_TOKEN_OCTETS, FlowTokenKey, FlowTokenText};
use sip_transport::{ConnectionId, Flow, Transport};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

const VERSION: u8 = 1;

/// A flow as a token names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NamedFlow {
    /// The boot in which the flow was there; connections are numbered anew in each.
    pub(crate) boot: u32,
    /// The flow; IPv4-mapped IPv6 addresses count as IPv4.
    pub(crate) flow: Flow,
}

impl NamedFlow {
    pub(crate) fn new(boot: u32, flow: &Flow) -> Self {
        let [local, remote] = [flow.local, flow.remote].map(|address| {
            // Without the scope of a link-local address: it has no place in a token.
            SocketAddr::new(address.ip().to_canonical(), address.port())
        });
        Self { boot, flow: Flow { local, remote, ..*flow } }
    }

    /// Whether a message that came over `flow` in that boot came over the flow named. A datagram's flow has nothing that
    /// ends with a process.
    pub(crate) fn is(&self, boot: u32, flow: &Flow) -> bool {
        let other = Self::new(boot, flow);
        self.flow == other.flow && (self.boot == boot || flow.transport.is_datagram())
    }

    pub(crate) fn seal(&self, key: &FlowTokenKey) -> FlowTokenText {
        let Flow { transport, local, remote, connection } = self.flow;
        let mut octets = [0; FLOW_TOKEN_OCTETS];
        let head = [VERSION, code_of(transport)];
        let (local, remote) = (address_octets(local), address_octets(remote));
        let (boot, connection) = (self.boot.to_be_bytes(), connection.0.to_be_bytes());
        let fields = [&head[..], &boot, &local, &remote, &connection];
        octets.iter_mut().zip(fields.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        key.seal(&octets)
    }

    /// The flow that a text names; `None` if it is no token of ours.
    pub(crate) fn open(key: &FlowTokenKey, text: &[u8]) -> Option<Self> {
        let octets = key.open(text)?;
        let (&[VERSION, code], rest) = octets.split_first_chunk()? else { return None };
        let (boot, rest) = rest.split_first_chunk()?;
        let (local, rest) = rest.split_first_chunk()?;
        let (remote, rest) = rest.split_first_chunk()?;
        let (connection, _) = rest.split_first_chunk()?;
        let transport = Transport::ALL.into_iter().find(|transport| code_of(*transport) == code)?;
        let (local, remote) = (address(local), address(remote));
        let connection = ConnectionId(u64::from_be_bytes(*connection));
        Some(Self { boot: u32::from_be_bytes(*boot), flow: Flow { transport, local, remote, connection } })
    }
}

const fn code_of(transport: Transport) -> u8 {
    match transport {
        Transport::Udp => 0,
        Transport::Tcp => 1,
        Transport::Tls => 2,
        Transport::Ws => 3,
        Transport::Wss => 4,
    }
}

fn address_octets(address: SocketAddr) -> [u8; 18] {
    let ip = match address.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let mut octets = [0; 18];
    let both = ip.octets().into_iter().chain(address.port().to_be_bytes());
    octets.iter_mut().zip(both).for_each(|(to, from)| *to = from);
    octets
}

fn address(octets: &[u8; 18]) -> SocketAddr {
    let [ip @ .., high, low] = *octets;
    SocketAddr::new(IpAddr::V6(Ipv6Addr::from(ip)).to_canonical(), u16::from_be_bytes([high, low]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sip_digest::{FLOW_TOKEN_LENGTH, NonceIssuer, NonceKey};

    fn key() -> FlowTokenKey {
        NonceIssuer::new(NonceKey::new(&[7; 32]), 1, 3600).flow_token_key()
    }

    fn flow(transport: Transport, local: &str, remote: &str, connection: u64) -> Flow {
        let [local, remote] = [local, remote].map(|text| text.parse().unwrap());
        Flow { transport, local, remote, connection: ConnectionId(connection) }
    }

    #[test]
    fn every_flow_is_known_again() {
        for transport in Transport::ALL {
            for (local, remote) in [
                ("198.51.100.1:5060", "192.0.2.7:65535"),
                ("[2001:db8::1]:5061", "[fe80::7]:1"),
                ("[::]:0", "0.0.0.0:0"),
            ] {
                for (boot, connection) in [(0, 0), (7, 1), (u32::MAX, u64::MAX)] {
                    let named = NamedFlow::new(boot, &flow(transport, local, remote, connection));
                    assert_eq!(NamedFlow::open(&key(), &named.seal(&key())), Some(named));
                }
            }
        }
    }

    #[test]
    fn a_mapped_address_and_a_scope_make_no_other_flow() {
        let named = NamedFlow::new(1, &flow(Transport::Udp, "198.51.100.1:5060", "192.0.2.7:5062", 0));
        assert!(named.is(1, &flow(Transport::Udp, "[::ffff:198.51.100.1]:5060", "[::ffff:192.0.2.7]:5062", 0)));
        let scoped = flow(Transport::Udp, "[fe80::1%3]:5060", "[fe80::7%3]:5062", 0);
        let opened = NamedFlow::open(&key(), &NamedFlow::new(1, &scoped).seal(&key())).unwrap();
        assert!(opened.is(1, &scoped));
    }

    #[test]
    fn another_flow_is_another() {
        let base = flow(Transport::Tcp, "198.51.100.1:5060", "192.0.2.7:5062", 3);
        let named = NamedFlow::new(4, &base);
        assert!(named.is(4, &base));
        assert!(!named.is(5, &base), "connections are numbered anew after a restart");
        for other in [
            Flow { transport: Transport::Tls, ..base },
            Flow { connection: ConnectionId(4), ..base },
            Flow { local: "198.51.100.1:5061".parse().unwrap(), ..base },
            Flow { local: "198.51.100.2:5060".parse().unwrap(), ..base },
            Flow { remote: "192.0.2.7:5063".parse().unwrap(), ..base },
            Flow { remote: "192.0.2.8:5062".parse().unwrap(), ..base },
        ] {
            assert!(!named.is(4, &other), "{other:?}");
        }
        let datagrams = flow(Transport::Udp, "198.51.100.1:5060", "192.0.2.7:5062", 0);
        assert!(NamedFlow::new(4, &datagrams).is(5, &datagrams), "a restart ends no flow of datagrams");
    }

    #[test]
    fn what_was_sealed_must_make_sense() {
        let octets = |head: [u8; 2]| std::array::from_fn(|place| head.get(place).copied().unwrap_or(0));
        let open = |head| NamedFlow::open(&key(), &key().seal(&octets(head)));
        assert!(open([VERSION, 0]).is_some());
        assert!(open([VERSION, 4]).is_some());
        for head in [[VERSION, 5], [VERSION, 255], [0, 0], [2, 0]] {
            assert_eq!(open(head), None, "{head:?}");
        }
    }

    #[test]
    fn every_change_of_a_bit_is_refused() {
        let named = NamedFlow::new(7, &flow(Transport::Tls, "[2001:db8::1]:5061", "192.0.2.7:5062", 9));
        let text = named.seal(&key());
        for place in 0..FLOW_TOKEN_LENGTH {
            for bit in 0..8 {
                let mut changed = text;
                changed[place] ^= 1 << bit;
                assert_eq!(NamedFlow::open(&key(), &changed), None, "{place}, {bit}");
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_else_is_a_token(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(NamedFlow::open(&key(), &text), None);
        }

        /// Whatever was sealed with the key, with or without sense, is read without panic.
        #[test]
        fn what_was_sealed_is_read(octets in proptest::array::uniform32(any::<u8>()), version in 0..3u8, code in 0..7u8) {
            let mut name = [0; FLOW_TOKEN_OCTETS];
            name[18..].copy_from_slice(&octets);
            name[..2].copy_from_slice(&[version, code]);
            let opened = NamedFlow::open(&key(), &key().seal(&name));
            prop_assert_eq!(opened.is_some(), version == VERSION && code < 5);
        }
    }
}
