//! The connections there are, and which of them give way when there are too many.

use crate::{ConnectionId, Transport};
use std::collections::{BTreeSet, HashMap, HashSet};
use tokio::sync::mpsc;

/// How a connection's task is reached. It ends when the last of these is dropped.
pub(crate) type Sender = mpsc::Sender<Vec<u8>>;

/// Connections by name. Those over which nobody has proven anything yet are the ones that a stranger can fill the server
/// with, so the oldest of them makes room for a new one, and phones keep theirs.
#[derive(Debug, Default)]
pub(crate) struct OpenConnections {
    senders: HashMap<ConnectionId, (Transport, Sender)>,
    /// Those that we have opened: they neither give way nor take room from others.
    own: HashSet<ConnectionId>,
    /// A name is greater than all before it.
    unproven: BTreeSet<ConnectionId>,
    last: u64,
}

impl OpenConnections {
    /// Whether one more finds room among that many.
    pub fn has_room(&self, most: usize) -> bool {
        self.of_peers() < most || !self.unproven.is_empty()
    }

    /// Adds one, which may take the place of another; `None` when there is no room. What has given way is told.
    pub fn add(
        &mut self,
        (transport, sender): (Transport, Sender),
        most: usize,
        mut gave_way: impl FnMut(Transport),
    ) -> Option<ConnectionId> {
        while self.of_peers() >= most {
            let oldest = self.unproven.pop_first()?;
            if let Some((transport, _)) = self.senders.remove(&oldest) {
                gave_way(transport);
            }
        }
        let id = self.name((transport, sender));
        self.unproven.insert(id);
        Some(id)
    }

    /// Adds one that we have opened, of which somebody else bounds the number.
    pub fn add_own(&mut self, connection: (Transport, Sender)) -> ConnectionId {
        let id = self.name(connection);
        self.own.insert(id);
        id
    }

    fn name(&mut self, connection: (Transport, Sender)) -> ConnectionId {
        self.last += 1;
        let id = ConnectionId(self.last);
        self.senders.insert(id, connection);
        id
    }

    /// How many others have opened to us.
    fn of_peers(&self) -> usize {
        self.senders.len() - self.own.len()
    }

    /// From now on this one does not give way.
    pub fn prove(&mut self, id: ConnectionId) {
        self.unproven.remove(&id);
    }

    /// Forgets one; whether it was there.
    pub fn remove(&mut self, id: ConnectionId) -> bool {
        self.unproven.remove(&id);
        self.own.remove(&id);
        self.senders.remove(&id).is_some()
    }

    pub fn sender(&self, id: ConnectionId) -> Option<&Sender> {
        self.senders.get(&id).map(|(_, sender)| sender)
    }

    pub fn len(&self) -> usize {
        self.senders.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_that_proved_nothing_gives_way() {
        let mut open = OpenConnections::default();
        let mut gave_way = Vec::new();
        let mut add = |open: &mut OpenConnections| {
            let (sender, receiver) = mpsc::channel(1);
            let added = open.add((Transport::Ws, sender), 3, |transport| gave_way.push(transport));
            added.map(|id| (id, receiver))
        };
        let held: Vec<_> = (0..3).map(|_| add(&mut open).unwrap()).collect();
        open.prove(held[0].0);
        let (fourth, _receiver) = add(&mut open).unwrap();
        let is_open: Vec<_> = held.iter().map(|(id, _)| open.sender(*id).is_some()).collect();
        assert_eq!((is_open, open.len()), (vec![true, false, true], 3));
        assert_eq!(held[1].1.sender_strong_count(), 0, "its task is told");
        open.prove(held[2].0);
        open.prove(fourth);
        assert!(!open.has_room(3) && add(&mut open).is_none(), "those that have proven themselves stay");
        assert!(open.remove(fourth) && !open.remove(fourth) && open.has_room(3));
        assert!(add(&mut open).is_some());
        assert_eq!(gave_way, [Transport::Ws]);
    }

    #[test]
    fn our_own_neither_take_room_nor_give_way() {
        let mut open = OpenConnections::default();
        let connection = || (Transport::Tcp, mpsc::channel(1).0);
        let own: Vec<_> = (0..3).map(|_| open.add_own(connection())).collect();
        assert!(open.has_room(1));
        let phone = open.add(connection(), 1, |_| panic!("nobody gives way")).unwrap();
        let mut gave_way = 0;
        assert!(open.add(connection(), 1, |_| gave_way += 1).is_some());
        assert_eq!((gave_way, open.sender(phone).is_some(), open.len()), (1, false, 4));
        assert!(own.iter().all(|id| open.remove(*id)) && open.own.is_empty() && open.len() == 1);
    }
}
