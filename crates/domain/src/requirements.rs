//! What a credential demands of whoever answers with it, beyond the right password.

use crate::{DigestAlgorithm, Network, SignallingTransport};
use std::net::IpAddr;

/// A credential's own demands; by default none. They narrow what its realm accepts and never widen it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Requirements {
    /// Whether MD5 is refused: only SHA-256 and SHA-512-256 are accepted.
    pub sha256: bool,
    /// Whether only requests over TLS or a secure WebSocket are accepted.
    pub secure_transport: bool,
    /// The networks whose sources are accepted; none means all.
    pub networks: Networks,
}

/// A few networks in ascending order, none of them twice.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Networks(Box<[Network]>);

/// More networks than a requirement may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must hold at most {} networks", Networks::MOST)]
pub struct TooManyNetworks;

impl Networks {
    /// Most networks: they are gone through one by one.
    pub const MOST: usize = 32;

    /// Sorts them and leaves repetitions out.
    ///
    /// # Errors
    /// [`TooManyNetworks`] if that are more than [`Self::MOST`].
    pub fn new(mut networks: Vec<Network>) -> Result<Self, TooManyNetworks> {
        networks.sort_unstable();
        networks.dedup();
        if networks.len() > Self::MOST { Err(TooManyNetworks) } else { Ok(Self(networks.into_boxed_slice())) }
    }

    /// Whether an address is in one of them.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The networks.
    #[must_use]
    pub fn as_slice(&self) -> &[Network] {
        &self.0
    }
}

impl Requirements {
    /// Whether nothing is demanded.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether answers with that algorithm are accepted.
    #[must_use]
    pub fn accepts_algorithm(&self, algorithm: DigestAlgorithm) -> bool {
        !self.sha256 || algorithm != DigestAlgorithm::Md5
    }

    /// Whether requests over that transport are accepted.
    #[must_use]
    pub fn accepts_transport(&self, transport: SignallingTransport) -> bool {
        !self.secure_transport || matches!(transport, SignallingTransport::Tls | SignallingTransport::Wss)
    }

    /// Whether requests from that address are accepted.
    #[must_use]
    pub fn accepts_source(&self, source: IpAddr) -> bool {
        self.networks.0.is_empty() || self.networks.contain(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_demanded_by_default() {
        let none = Requirements::default();
        assert!(none.is_none());
        assert!(DigestAlgorithm::ALL.into_iter().all(|algorithm| none.accepts_algorithm(algorithm)));
        assert!(SignallingTransport::ALL.into_iter().all(|transport| none.accepts_transport(transport)));
        assert!(none.accepts_source("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn demands_narrow() {
        let networks = Networks::new(vec!["192.0.2.0/24".parse().unwrap()]).unwrap();
        let demands = Requirements { sha256: true, secure_transport: true, networks };
        assert!(!demands.is_none());
        let algorithms = DigestAlgorithm::ALL.map(|algorithm| demands.accepts_algorithm(algorithm));
        assert_eq!(algorithms, [false, true, true]);
        let transports = SignallingTransport::ALL.map(|transport| demands.accepts_transport(transport));
        assert_eq!(transports, [false, false, true, false, true]);
        assert!(demands.accepts_source("::ffff:192.0.2.9".parse().unwrap()));
        assert!(!demands.accepts_source("198.51.100.1".parse().unwrap()));
    }

    #[test]
    fn networks_are_few_sorted_and_each_named_once() {
        let network = |number: usize| format!("192.0.2.{number}").parse::<Network>().unwrap();
        let twice = vec![network(2), network(1), network(2)];
        assert_eq!(Networks::new(twice).unwrap().as_slice(), [network(1), network(2)]);
        assert!(Networks::new((0..32).map(network).collect()).is_ok());
        assert_eq!(Networks::new((0..33).map(network).collect()), Err(TooManyNetworks));
    }
}
