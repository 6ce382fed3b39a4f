//! A fixed piece of memory that holds the newest keys and responses; the oldest give way.

/// Where one entry's octets stand. Offsets count from the ring's beginning of time, so they never repeat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Region {
    start: u64,
    key_length: u32,
    response_length: u32,
}

impl Region {
    fn length(self) -> usize {
        self.key_length as usize + self.response_length as usize
    }
}

/// A ring of octets. An entry never wraps around the end, so that it can be read as one slice.
#[derive(Debug)]
pub(crate) struct ResponseRing {
    octets: Box<[u8]>,
    /// Offset behind the newest entry.
    head: u64,
}

impl ResponseRing {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { octets: vec![0; capacity].into_boxed_slice(), head: 0 }
    }

    /// Writes an entry, overwriting the oldest ones; `None` if it is larger than the whole ring.
    pub(crate) fn push(&mut self, key: &[u8], response: &[u8]) -> Option<Region> {
        let capacity = self.octets.len();
        let region = Region {
            start: 0,
            key_length: u32::try_from(key.len()).ok()?,
            response_length: u32::try_from(response.len()).ok()?,
        };
        if region.length() > capacity {
            return None;
        }
        let mut at = self.place(self.head);
        if at + region.length() > capacity {
            self.head += (capacity - at) as u64;
            at = 0;
        }
        let start = self.head;
        self.octets.get_mut(at..at + key.len())?.copy_from_slice(key);
        self.octets.get_mut(at + key.len()..at + region.length())?.copy_from_slice(response);
        self.head += region.length() as u64;
        Some(Region { start, ..region })
    }

    /// Whether newer entries have not overwritten this one.
    pub(crate) fn holds(&self, region: Region) -> bool {
        region.start + self.octets.len() as u64 >= self.head
    }

    /// An entry's key, if it is still there.
    pub(crate) fn key(&self, region: Region) -> Option<&[u8]> {
        let at = self.place(region.start);
        self.holds(region).then(|| self.octets.get(at..at + region.key_length as usize))?
    }

    /// An entry's response, if it is still there.
    pub(crate) fn response(&self, region: Region) -> Option<&[u8]> {
        let at = self.place(region.start) + region.key_length as usize;
        self.holds(region).then(|| self.octets.get(at..at + region.response_length as usize))?
    }

    #[expect(clippy::cast_possible_truncation, reason = "less than the capacity, which is a usize")]
    fn place(&self, offset: u64) -> usize {
        (offset % self.octets.len().max(1) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stay_readable_and_the_oldest_give_way() {
        let mut ring = ResponseRing::new(64);
        let mut regions = Vec::new();
        for number in 0_u8..40 {
            let key = [number; 5];
            let response = vec![number; usize::from(number) % 13];
            let region = ring.push(&key, &response).unwrap();
            regions.push((region, key, response));
            let mut readable = 0;
            for (region, key, response) in &regions {
                if ring.holds(*region) {
                    assert_eq!(ring.key(*region), Some(&key[..]));
                    assert_eq!(ring.response(*region), Some(&response[..]));
                    readable += 1;
                }
            }
            assert!(readable >= 1);
            assert!(ring.holds(region));
        }
        assert!(!ring.holds(regions[0].0));
        assert_eq!(ring.push(&[0; 60], &[0; 5]), None);
    }
}
