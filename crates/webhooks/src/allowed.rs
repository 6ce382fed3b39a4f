//! Which addresses may be connected to.

use domain::Network;
use domain::webhook_url::is_public;
use std::net::IpAddr;

/// Public addresses, and those that the operator allows besides: otherwise a tenant could have this server talk to its
/// neighbours, or to itself.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    /// Networks that are allowed although they are not public.
    pub networks: Vec<Network>,
}

impl Allowed {
    /// Whether that address may be connected to.
    #[must_use]
    pub fn admits(&self, address: IpAddr) -> bool {
        is_public(address) || self.networks.iter().any(|network| network.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_need_the_operators_word() {
        let admits = |allowed: &Allowed, address: &str| allowed.admits(address.parse().unwrap());
        let allowed = Allowed { networks: vec!["10.1.0.0/16".parse().unwrap()] };
        for public in ["1.1.1.1", "2606:4700::1111"] {
            assert!(admits(&Allowed::default(), public), "{public}");
        }
        for private in ["127.0.0.1", "10.2.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1", "0.0.0.0"] {
            assert!(!admits(&Allowed::default(), private) && !admits(&allowed, private), "{private}");
        }
        assert!(admits(&allowed, "10.1.2.3") && admits(&allowed, "::ffff:10.1.2.3"));
    }
}
