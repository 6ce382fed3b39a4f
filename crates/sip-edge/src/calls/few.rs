//! A map of very few entries.

/// What a call has one, two or three of: found by looking at each, which costs less than hashing, and empty it owns no
/// memory.
#[derive(Debug)]
pub(crate) struct Few<K, V>(Vec<(K, V)>);

impl<K: Copy + PartialEq, V> Few<K, V> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn get(&self, key: K) -> Option<&V> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.0.iter_mut().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// Puts a value in, in place of the one of before.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.get_mut(key) {
            Some(before) => *before = value,
            None => self.0.push((key, value)),
        }
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        let place = self.0.iter().position(|(known, _)| *known == key)?;
        Some(self.0.swap_remove(place).1)
    }
}

impl<K: Copy + PartialEq, V> Extend<(K, V)> for Few<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        entries.into_iter().for_each(|(key, value)| self.insert(key, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_value() {
        let mut few = Few::new();
        few.insert(1, "one");
        few.extend([(2, "two"), (1, "first")]);
        assert_eq!((few.get(1), few.get(2), few.get(3)), (Some(&"first"), Some(&"two"), None));
        assert_eq!((few.remove(1), few.remove(1), few.get(2)), (Some("first"), None, Some(&"two")));
    }
}
