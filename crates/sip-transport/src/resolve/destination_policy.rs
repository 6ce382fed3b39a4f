//! Which addresses may be sent to because somebody's message named them.

use crate::resolve::Network;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Why nothing is sent to an address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum ForbiddenDestination {
    /// This machine itself.
    #[error("it is a loopback address")]
    Loopback,
    /// Only this link, where routers and metadata services live.
    #[error("it is a link-local address")]
    LinkLocal,
    /// Where a cloud tells a machine its secrets.
    #[error("it is the address of a metadata service")]
    Metadata,
    /// More than one host, or none: no network can be allowed that makes one of it.
    #[error("it is no address of a single host")]
    NotOneHost,
}

/// Permits destinations that a message named: in a Contact, a Path, a next hop, or through the domain name system. It
/// says nothing about answers, which go back to where the request came from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DestinationPolicy {
    allowed: Vec<Network>,
}

impl DestinationPolicy {
    /// Permits those networks besides what is permitted anyway.
    #[must_use]
    pub const fn allowing(allowed: Vec<Network>) -> Self {
        Self { allowed }
    }

    /// The same for a server that listens on those addresses: one that listens on loopback is tried out on one machine
    /// and may send to it.
    #[must_use]
    pub fn for_listeners(mut self, listeners: &[SocketAddr]) -> Self {
        if listeners.iter().any(|listener| listener.ip().to_canonical().is_loopback()) {
            let loopback = [(IpAddr::V4(Ipv4Addr::LOCALHOST), 8), (IpAddr::V6(Ipv6Addr::LOCALHOST), 128)];
            self.allowed.extend(loopback.into_iter().filter_map(|(address, bits)| Network::new(address, bits).ok()));
        }
        self
    }

    /// Whether a message may be sent to that address.
    ///
    /// # Errors
    /// Why not.
    pub fn permit(&self, destination: SocketAddr) -> Result<(), ForbiddenDestination> {
        if destination.port() == 0 {
            return Err(ForbiddenDestination::NotOneHost);
        }
        let address = destination.ip();
        // Every address that leads to another one counts as that one as well.
        let named = [Some(address), embedded(address).map(IpAddr::V4)];
        named.into_iter().flatten().try_for_each(|address| self.permit_address(address))
    }

    fn permit_address(&self, address: IpAddr) -> Result<(), ForbiddenDestination> {
        match forbidden(address) {
            Some(reason) if reason == ForbiddenDestination::NotOneHost || !self.allows(address) => Err(reason),
            _ => Ok(()),
        }
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|network| network.contains(&address))
    }
}

fn forbidden(address: IpAddr) -> Option<ForbiddenDestination> {
    match address {
        IpAddr::V4(address) => forbidden_v4(address),
        IpAddr::V6(address) => forbidden_v6(address),
    }
}

fn forbidden_v4(address: Ipv4Addr) -> Option<ForbiddenDestination> {
    match address.octets() {
        // "This network", multicast, reserved for ever, broadcast.
        [0 | 224..=255, ..] => Some(ForbiddenDestination::NotOneHost),
        [127, ..] => Some(ForbiddenDestination::Loopback),
        [169, 254, 169, 254] | [100, 100, 100, 200] | [192, 0, 0, 192] => Some(ForbiddenDestination::Metadata),
        [169, 254, ..] => Some(ForbiddenDestination::LinkLocal),
        _ => None,
    }
}

fn forbidden_v6(address: Ipv6Addr) -> Option<ForbiddenDestination> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] | [0xff00..=0xffff, ..] => Some(ForbiddenDestination::NotOneHost),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(ForbiddenDestination::Loopback),
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254] => Some(ForbiddenDestination::Metadata),
        // Link-local, and site-local, which was given up for reaching differently from every site.
        [0xfe80..=0xfeff, ..] => Some(ForbiddenDestination::LinkLocal),
        _ => None,
    }
}

/// The IPv4 address that packets to an IPv6 address end at: mapped, compatible, by NAT64 (RFC 6052) or 6to4 (RFC 3056).
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let join = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ForbiddenDestination::{LinkLocal, Loopback, Metadata, NotOneHost};

    fn permit(policy: &DestinationPolicy, address: &str) -> Result<(), ForbiddenDestination> {
        policy.permit(SocketAddr::new(address.parse().unwrap(), 5060))
    }

    #[test]
    fn what_nobody_may_be_made_to_send_to() {
        let policy = DestinationPolicy::default();
        for (address, reason) in [
            ("127.0.0.1", Loopback),
            ("127.255.255.254", Loopback),
            ("::1", Loopback),
            ("::ffff:127.0.0.1", Loopback),
            ("::127.0.0.1", Loopback),
            ("64:ff9b::7f00:1", Loopback),
            ("2002:7f00:1::", Loopback),
            ("169.254.1.1", LinkLocal),
            ("::ffff:169.254.1.1", LinkLocal),
            ("fe80::1", LinkLocal),
            ("febf::1", LinkLocal),
            ("fec0::1", LinkLocal),
            ("169.254.169.254", Metadata),
            ("::ffff:169.254.169.254", Metadata),
            ("64:ff9b::a9fe:a9fe", Metadata),
            ("100.100.100.200", Metadata),
            ("192.0.0.192", Metadata),
            ("fd00:ec2::254", Metadata),
            ("0.0.0.0", NotOneHost),
            ("0.1.2.3", NotOneHost),
            ("::", NotOneHost),
            ("::ffff:0.0.0.0", NotOneHost),
            ("224.0.1.75", NotOneHost),
            ("239.255.255.255", NotOneHost),
            ("240.0.0.1", NotOneHost),
            ("255.255.255.255", NotOneHost),
            ("::ffff:255.255.255.255", NotOneHost),
            ("ff02::1", NotOneHost),
        ] {
            assert_eq!(permit(&policy, address), Err(reason), "{address}");
        }
        assert_eq!(policy.permit("192.0.2.1:0".parse().unwrap()), Err(NotOneHost));
    }

    #[test]
    fn phones_live_in_public_and_private_networks() {
        let policy = DestinationPolicy::default();
        for address in [
            "192.0.2.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "198.18.0.1",
            "2001:db8::1",
            "fd00::1",
            "::ffff:192.0.2.1",
            "223.255.255.255",
        ] {
            assert_eq!(permit(&policy, address), Ok(()), "{address}");
        }
    }

    #[test]
    fn the_operator_allows_networks_of_hosts_and_nothing_else() {
        let networks = ["127.0.0.0/8", "169.254.7.0/24", "0.0.0.0/0", "::/0"].map(|text| text.parse().unwrap());
        let some = DestinationPolicy::allowing(networks[..2].to_vec());
        assert_eq!(permit(&some, "127.0.0.1"), Ok(()));
        assert_eq!(permit(&some, "::ffff:127.0.0.1"), Ok(()));
        assert_eq!(permit(&some, "169.254.7.9"), Ok(()));
        assert_eq!(permit(&some, "169.254.8.9"), Err(LinkLocal));
        assert_eq!(permit(&some, "::1"), Err(Loopback));
        let all = DestinationPolicy::allowing(networks.to_vec());
        assert_eq!(permit(&all, "fd00:ec2::254"), Ok(()));
        for address in ["0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "ff02::1"] {
            assert_eq!(permit(&all, address), Err(NotOneHost), "{address}");
        }
    }

    #[test]
    fn a_server_on_loopback_allows_loopback() {
        let listening = |address: &str| DestinationPolicy::default().for_listeners(&[address.parse().unwrap()]);
        for address in ["127.0.0.1:5060", "[::1]:5060"] {
            assert_eq!(permit(&listening(address), "127.0.0.1"), Ok(()));
            assert_eq!(permit(&listening(address), "::1"), Ok(()));
            assert_eq!(permit(&listening(address), "169.254.169.254"), Err(Metadata));
        }
        assert_eq!(permit(&listening("0.0.0.0:5060"), "127.0.0.1"), Err(Loopback));
        assert_eq!(permit(&listening("192.0.2.1:5060"), "127.0.0.1"), Err(Loopback));
    }
}
