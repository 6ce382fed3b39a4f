//! The order of what the domain name system offers (RFC 2782, RFC 3403).

/// A NAPTR record (RFC 3403) as far as RFC 3263 uses it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Lower ones come first.
    pub order: u16,
    /// Among equal orders lower ones come first.
    pub preference: u16,
    /// `s` where the replacement is the name of services.
    pub flags: Box<[u8]>,
    /// Protocol and resolution service, as `SIP+D2U`.
    pub services: Box<[u8]>,
    /// The name to ask for next.
    pub replacement: Box<str>,
}

/// An SRV record (RFC 2782).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// Lower ones come first.
    pub priority: u16,
    /// The share of requests among those of equal priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host's name; `.` says that the service does not exist here.
    pub host: Box<str>,
}

/// Puts services into the order in which they are tried, leaving out those that say they do not exist. The same random
/// value gives the same order.
#[must_use]
pub fn order_services(mut services: Vec<Service>, random: u64) -> Vec<Service> {
    services.retain(|service| !matches!(&*service.host, "" | "."));
    // Weightless ones first, as RFC 2782 asks, so that they have a small chance of being picked.
    services.sort_by_key(|service| (service.priority, service.weight));
    let mut numbers = Numbers(random);
    let mut ordered = Vec::with_capacity(services.len());
    while let Some(first) = services.first() {
        let (priority, mut weights) = (first.priority, 0_u32);
        let rivals = services.iter().take_while(|service| service.priority == priority);
        let total: u32 = rivals.clone().map(|service| u32::from(service.weight)).sum();
        let drawn = numbers.up_to(total);
        let picked = rivals
            .map(|service| {
                weights += u32::from(service.weight);
                weights
            })
            .position(|weights| weights >= drawn);
        ordered.push(services.remove(picked.unwrap_or(0)));
    }
    ordered
}

/// Numbers that look random, from one that is (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn up_to(&mut self, most: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // The upper half scaled to the range: its bias is below one in a thousand million.
        let scaled = ((mixed >> 32) * (u64::from(most) + 1)) >> 32;
        u32::try_from(scaled).unwrap_or(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(host: &str, priority: u16, weight: u16) -> Service {
        Service { priority, weight, port: 5060, host: host.into() }
    }

    fn hosts(services: Vec<Service>, random: u64) -> Vec<Box<str>> {
        order_services(services, random).into_iter().map(|service| service.host).collect()
    }

    #[test]
    fn priority_rules_and_weight_decides_among_equals() {
        let services = vec![
            service("last", 30, 100),
            service("heavy", 10, 90),
            service("light", 10, 10),
            service("second", 20, 0),
        ];
        let mut heavy_first = 0;
        for random in 0..10_000 {
            let order = hosts(services.clone(), random);
            assert_eq!((&*order[2], &*order[3]), ("second", "last"));
            heavy_first += u32::from(&*order[0] == "heavy");
        }
        // Nine in ten; 10,000 draws stray from that by 300 once in many lifetimes.
        assert!((8_700..=9_300).contains(&heavy_first), "{heavy_first}");
    }

    #[test]
    fn weightless_ones_are_rarely_first_and_always_there() {
        let services = vec![service("none", 10, 0), service("all", 10, 100)];
        let first = (0..10_000).filter(|random| &*hosts(services.clone(), *random)[0] == "none").count();
        // One draw in 101.
        assert!((40..=180).contains(&first), "{first}");
        let equals = (0..8).map(|number| service(&number.to_string(), 1, 0)).collect::<Vec<_>>();
        assert_eq!(hosts(equals, 7).len(), 8);
    }

    #[test]
    fn a_service_that_says_it_is_not_there_is_left_out() {
        assert!(hosts(vec![service(".", 0, 0), service("", 0, 0)], 1).is_empty());
    }

    #[test]
    fn the_greatest_weights_fit() {
        let services = vec![service("a", 0, u16::MAX); 64];
        assert_eq!(hosts(services, u64::MAX).len(), 64);
    }
}
