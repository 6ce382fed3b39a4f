//! Which call a request inside a dialog belongs to.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// A dialog from our side (RFC 3261 section 12).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct DialogName<'d> {
    pub(crate) call_id: &'d [u8],
    pub(crate) local_tag: &'d [u8],
    pub(crate) remote_tag: &'d [u8],
}

/// The dialogs of many calls; `W` says whose one is.
pub(crate) struct DialogIndex<W> {
    places: HashTable<Place<W>>,
    hasher: RandomState,
}

struct Place<W> {
    hash: u64,
    /// Call-ID, local tag, remote tag, one after the other.
    octets: Box<[u8]>,
    ends: (usize, usize),
    whose: W,
}

impl<W> Place<W> {
    fn is(&self, name: &DialogName<'_>) -> bool {
        let (first, second) = self.ends;
        self.octets.get(..first) == Some(name.call_id)
            && self.octets.get(first..second) == Some(name.local_tag)
            && self.octets.get(second..) == Some(name.remote_tag)
    }
}

impl<W: Copy + PartialEq> DialogIndex<W> {
    pub(crate) fn new() -> Self {
        Self { places: HashTable::new(), hasher: RandomState::default() }
    }

    pub(crate) fn find(&self, name: &DialogName<'_>) -> Option<W> {
        self.places.find(self.hash(name), |place| place.is(name)).map(|place| place.whose)
    }

    /// Notes a dialog; one that is known already stays whose it was.
    pub(crate) fn put(&mut self, name: &DialogName<'_>, whose: W) {
        let hash = self.hash(name);
        if self.places.find(hash, |place| place.is(name)).is_some() {
            return;
        }
        let octets = [name.call_id, name.local_tag, name.remote_tag].concat().into_boxed_slice();
        let first = name.call_id.len();
        let place = Place { hash, octets, ends: (first, first + name.local_tag.len()), whose };
        self.places.insert_unique(hash, place, |place| place.hash);
    }

    pub(crate) fn remove(&mut self, name: &DialogName<'_>) {
        if let Ok(found) = self.places.find_entry(self.hash(name), |place| place.is(name)) {
            found.remove();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    fn hash(&self, name: &DialogName<'_>) -> u64 {
        self.hasher.hash_one(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name<'d>(call_id: &'d str, local_tag: &'d str, remote_tag: &'d str) -> DialogName<'d> {
        let [call_id, local_tag, remote_tag] = [call_id, local_tag, remote_tag].map(str::as_bytes);
        DialogName { call_id, local_tag, remote_tag }
    }

    #[test]
    fn all_three_names_count() {
        let mut index = DialogIndex::new();
        index.put(&name("call", "ours", "theirs"), 1);
        index.put(&name("call", "ours", "other"), 2);
        index.put(&name("call", "ours", "theirs"), 3);
        assert_eq!(index.find(&name("call", "ours", "theirs")), Some(1), "nobody takes a dialog over");
        assert_eq!(index.find(&name("call", "ours", "other")), Some(2));
        assert_eq!(index.find(&name("call", "theirs", "ours")), None);
        assert_eq!(index.find(&name("callo", "urs", "theirs")), None, "where one name ends counts");
        index.remove(&name("call", "ours", "theirs"));
        assert_eq!((index.find(&name("call", "ours", "theirs")), index.len()), (None, 1));
    }
}
