//! The torture messages, and repeatable damage to them.

#![expect(clippy::indexing_slicing, reason = "every index is drawn below its bound")]

use std::path::Path;

/// A small generator whose sequence never changes (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

/// The 51 files in the order of their names.
pub fn torture_messages() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let messages: Vec<_> = files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "dat"))
        .map(|file| std::fs::read(file).unwrap())
        .collect();
    assert_eq!(messages.len(), 51);
    messages
}

/// Does one to five small things to a message.
pub fn mutate(random: &mut Random, message: &mut Vec<u8>, others: &[Vec<u8>]) {
    const TROUBLE: &[u8] = b"\r\n\0\t \"\\<>;,:=@?%*/[]#{}()-0aA\x7f\x80\xff";
    for _ in 0..=random.below(4) {
        let place = random.below(message.len());
        match random.below(7) {
            0 => message.truncate(place),
            1 => message.insert(place, TROUBLE[random.below(TROUBLE.len())]),
            2 if !message.is_empty() => message[place] = TROUBLE[random.below(TROUBLE.len())],
            3 if !message.is_empty() => message[place] ^= 1 << random.below(8),
            4 => {
                let end = message.len().min(place + random.below(20));
                message.drain(place..end);
            }
            5 => {
                let end = message.len().min(place + random.below(60));
                let copy = message[place..end].to_vec();
                let target = random.below(message.len());
                message.splice(target..target, copy);
            }
            _ => {
                let other = &others[random.below(others.len())];
                let start = random.below(other.len());
                let end = other.len().min(start + random.below(60));
                message.splice(place..place, other[start..end].iter().copied());
            }
        }
    }
}
