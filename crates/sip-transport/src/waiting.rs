//! Datagrams that wait their turn while more come than are handled.
//!
//! Two queues of fixed size, in entries and in octets: those that go first, and the others. Their memory is asked for
//! when a worker first falls behind, touched as it is used, and kept. No source has more than a small share of the first
//! queue, so that one that goes first and floods is in nobody's way; what it sends beyond waits with the others.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Most datagrams of one source, an IPv4 address or an IPv6 /64, in the first queue.
const SHARE: u16 = 64;
/// Sources are told apart by so many counts; two that share one share their share.
const SHARES: usize = 4_096;

/// Which queue a datagram waits in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precedence {
    /// Before all others.
    First,
    /// When nothing waits that goes first.
    Ordinary,
}

/// How many wait already, so that whoever sorts can do more when it matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Crowding {
    /// The ordinary queue is less than half full.
    Light,
    /// The ordinary queue is half full or more: some will be turned away.
    Heavy,
}

/// One datagram as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagram<'d> {
    pub(crate) remote: SocketAddr,
    /// The address of ours it came to, where the socket tells.
    pub(crate) local: Option<IpAddr>,
    pub(crate) octets: &'d [u8],
}

/// What waits for one worker.
pub(crate) struct Waiting {
    first: Queue,
    ordinary: Queue,
    /// With a key of its own, so that nobody can choose whom to share with.
    hasher: RandomState,
    /// Datagrams in the first queue, by source.
    held: Box<[u16]>,
}

impl Waiting {
    pub(crate) fn new() -> Self {
        Self {
            first: Queue::of(8_192, 8 << 20),
            ordinary: Queue::of(2_048, 2 << 20),
            hasher: RandomState::new(),
            held: vec![0; SHARES].into(),
        }
    }

    pub(crate) fn crowding(&self) -> Crowding {
        if self.ordinary.is_half_full() { Crowding::Heavy } else { Crowding::Light }
    }

    /// Lets a datagram wait; `false` if there is no room for it.
    pub(crate) fn push(&mut self, precedence: Precedence, datagram: &Datagram<'_>) -> bool {
        let share = self.share_of(datagram.remote);
        match self.held.get_mut(share).filter(|held| precedence == Precedence::First && **held < SHARE) {
            Some(held) => {
                let is_taken = self.first.push(datagram);
                *held += u16::from(is_taken);
                is_taken
            }
            None => self.ordinary.push(datagram),
        }
    }

    /// The one whose turn it is; it stays until [`Self::pop`].
    pub(crate) fn front(&self) -> Option<Datagram<'_>> {
        self.first.front().or_else(|| self.ordinary.front())
    }

    /// Forgets the one whose turn it was.
    pub(crate) fn pop(&mut self) {
        let Some(entry) = self.first.entries.pop_front() else {
            self.ordinary.entries.pop_front();
            return;
        };
        let share = self.share_of(entry.remote);
        if let Some(held) = self.held.get_mut(share) {
            *held = held.saturating_sub(1);
        }
    }

    fn share_of(&self, remote: SocketAddr) -> usize {
        let network = match remote.ip().to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address @ IpAddr::V4(_) => address,
        };
        usize::try_from(self.hasher.hash_one(network) % SHARES as u64).unwrap_or(0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.entries.is_empty() && self.ordinary.entries.is_empty()
    }
}

/// Datagrams in the order they came, their octets in a ring in which each stands in one piece.
struct Queue {
    entries: VecDeque<Entry>,
    octets: Vec<u8>,
    /// Where the last one ends.
    end: usize,
    most_entries: usize,
    most_octets: usize,
}

struct Entry {
    remote: SocketAddr,
    local: Option<IpAddr>,
    start: usize,
    length: usize,
}

impl Queue {
    const fn of(most_entries: usize, most_octets: usize) -> Self {
        Self { entries: VecDeque::new(), octets: Vec::new(), end: 0, most_entries, most_octets }
    }

    fn push(&mut self, datagram: &Datagram<'_>) -> bool {
        if self.octets.is_empty() {
            self.octets = vec![0; self.most_octets];
            self.entries.reserve_exact(self.most_entries);
        }
        let length = datagram.octets.len();
        let Some(start) = self.room_for(length).filter(|_| self.entries.len() < self.most_entries) else {
            return false;
        };
        let Some(place) = self.octets.get_mut(start..start + length) else { return false };
        place.copy_from_slice(datagram.octets);
        self.end = start + length;
        self.entries.push_back(Entry { remote: datagram.remote, local: datagram.local, start, length });
        true
    }

    /// Where so many octets can stand in one piece, behind the last entry or from the beginning again.
    fn room_for(&self, length: usize) -> Option<usize> {
        let Some(begin) = self.entries.front().map(|entry| entry.start) else {
            return (length <= self.most_octets).then_some(0);
        };
        let is_wrapped = self.entries.back().is_some_and(|entry| entry.start < begin);
        if is_wrapped {
            (self.end + length <= begin).then_some(self.end)
        } else if self.end + length <= self.most_octets {
            Some(self.end)
        } else {
            (length < begin).then_some(0)
        }
    }

    fn front(&self) -> Option<Datagram<'_>> {
        let Entry { remote, local, start, length } = *self.entries.front()?;
        Some(Datagram { remote, local, octets: self.octets.get(start..start + length)? })
    }

    fn is_half_full(&self) -> bool {
        let held: usize = self.entries.len() * 2;
        let octets = match (self.entries.front(), self.entries.back()) {
            (Some(front), Some(back)) if back.start < front.start => self.most_octets - front.start + self.end,
            (Some(front), _) => self.end - front.start,
            (None, _) => 0,
        };
        held >= self.most_entries || octets * 2 >= self.most_octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    fn datagram(octets: &[u8]) -> Datagram<'_> {
        Datagram { remote: "192.0.2.7:5060".parse().unwrap(), local: None, octets }
    }

    #[test]
    fn those_that_go_first_go_first_and_each_in_order() {
        let mut waiting = Waiting::new();
        for (precedence, octets) in [
            (Precedence::Ordinary, b"a"),
            (Precedence::First, b"b"),
            (Precedence::Ordinary, b"c"),
            (Precedence::First, b"d"),
        ] {
            assert!(waiting.push(precedence, &datagram(octets)));
        }
        let mut order = Vec::new();
        while let Some(datagram) = waiting.front() {
            order.extend_from_slice(datagram.octets);
            waiting.pop();
        }
        assert_eq!(order, b"bdac");
        assert!(waiting.is_empty());
    }

    #[test]
    fn a_full_queue_turns_away_and_leaves_the_other_alone() {
        let mut waiting = Waiting::new();
        assert_eq!(waiting.crowding(), Crowding::Light);
        let accepted = (0..10_000).filter(|_| waiting.push(Precedence::Ordinary, &datagram(b"x"))).count();
        assert_eq!((accepted, waiting.crowding()), (2_048, Crowding::Heavy));
        assert!(waiting.push(Precedence::First, &datagram(b"y")));
        let mut large = Queue::of(100, 1_000);
        assert!(!large.push(&datagram(&[0; 1_001])));
        assert!(large.push(&datagram(&[0; 1_000])) && !large.push(&datagram(b"x")));
    }

    #[test]
    fn a_source_that_goes_first_leaves_room_for_others_that_do() {
        let mut waiting = Waiting::new();
        let phone = Datagram { remote: "198.51.100.3:5060".parse().unwrap(), local: None, octets: b"phone" };
        let from_port = |port| Datagram { remote: SocketAddr::new([192, 0, 2, 7].into(), port), ..datagram(b"x") };
        (0..10_000).for_each(|port| {
            let _ = waiting.push(Precedence::First, &from_port(port));
        });
        assert_eq!((waiting.first.entries.len(), waiting.ordinary.entries.len()), (64, 2_048));
        assert!(waiting.push(Precedence::First, &phone));
        (0..64).for_each(|_| waiting.pop());
        assert_eq!(waiting.front().unwrap().octets, b"phone");
        assert!(waiting.push(Precedence::First, &from_port(1)), "its share is free again");
    }

    /// Against a queue of owned octets: whatever goes in comes out the same, in order, however it wraps around.
    #[test]
    fn the_ring_keeps_every_octet() {
        let mut queue = Queue::of(50, 1_000);
        let mut model: VecDeque<Vec<u8>> = VecDeque::new();
        let mut state = 1_u32;
        for round in 0..20_000_u32 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if state >> 16 & 1 == 0 {
                let octets = vec![(round % 251) as u8; (state >> 20) as usize % 300];
                if queue.push(&datagram(&octets)) {
                    model.push_back(octets);
                }
            } else {
                assert_eq!(queue.front().map(|datagram| datagram.octets.to_vec()), model.pop_front());
                queue.entries.pop_front();
            }
            let held: usize = model.iter().map(Vec::len).sum();
            assert!(held <= 1_000 && model.len() <= 50);
        }
    }
}
