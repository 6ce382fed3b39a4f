//! How many connections each source has, where that is limited.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

/// The most connections, handshakes included, that one source may have at a time.
#[derive(Debug)]
pub(crate) struct Sources {
    most: Option<usize>,
    /// Only sources that have one; none at all without a limit.
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One of a source's places, given back when dropped.
#[derive(Debug)]
pub(crate) struct SourcePlace<'s> {
    sources: &'s Sources,
    source: IpAddr,
}

impl Sources {
    /// Without a limit nothing is counted.
    pub fn new(most: Option<usize>) -> Self {
        Self { most, open: Mutex::default() }
    }

    /// A place for a connection from there; `None` when all of that source's are taken.
    pub fn take(&self, address: IpAddr) -> Option<SourcePlace<'_>> {
        let source = source_of(address);
        if let Some(most) = self.most {
            let mut open = self.open.lock();
            let count = open.entry(source).or_default();
            if *count >= most {
                return None;
            }
            *count += 1;
        }
        Some(SourcePlace { sources: self, source })
    }
}

impl Drop for SourcePlace<'_> {
    fn drop(&mut self) {
        if self.sources.most.is_none() {
            return;
        }
        let mut open = self.sources.open.lock();
        if let Some(count) = open.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.source);
            }
        }
    }
}

/// Whoever has one IPv6 address has a whole network of them, 64 bits wide.
fn source_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_has_its_own_places() {
        let sources = Sources::new(Some(2));
        let take = |address: &str| sources.take(address.parse().unwrap());
        let held = [take("192.0.2.1"), take("192.0.2.1"), take("2001:db8::1"), take("2001:db8::ffff:2")];
        assert!(held.iter().all(Option::is_some));
        assert!(take("192.0.2.1").is_none() && take("2001:db8::3").is_none());
        assert!(take("192.0.2.2").is_some() && take("2001:db8:0:1::3").is_some());
        drop(held);
        assert!(take("192.0.2.1").is_some());
        assert!(sources.open.lock().is_empty(), "nothing is kept of those that are gone");
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let sources = Sources::new(None);
        let held: Vec<_> = (0..100).map(|_| sources.take("192.0.2.1".parse().unwrap())).collect();
        assert!(held.iter().all(Option::is_some) && sources.open.lock().is_empty());
    }
}
