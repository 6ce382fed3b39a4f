//! How long things took, in a table of fixed size.

use std::time::Duration;

/// Parts of each power of two: a value is off by less than one in that many.
const PARTS: u64 = 64;
/// The exponent of [`PARTS`].
const PART_BITS: u32 = PARTS.ilog2();
/// Powers of two above the first parts: up to 2^36 µs, 19 hours.
const POWERS: usize = 31;

/// Durations in microseconds, counted in 2,048 steps that grow with them.
#[derive(Clone, Debug)]
pub struct Latencies {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { counts: vec![0; (POWERS + 1) * PARTS as usize], total: 0 }
    }
}

impl Latencies {
    /// Counts one.
    pub fn note(&mut self, took: Duration) {
        let place = place_of(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        if let Some(count) = self.counts.get_mut(place.min((POWERS + 1) * PARTS as usize - 1)) {
            *count += 1;
            self.total += 1;
        }
    }

    /// How many were counted.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// What that share of all was not slower than; `None` if nothing was counted.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Option<Duration> {
        let wanted = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total.max(1));
        let mut seen = 0;
        let place = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        Some(Duration::from_micros(value_at(place)))
    }

    /// Adds another table's.
    pub fn join(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.total += other.total;
    }
}

fn place_of(value: u64) -> usize {
    if value < PARTS {
        return usize::try_from(value).unwrap_or(0);
    }
    let shift = value.ilog2() - PART_BITS;
    let part = (value >> shift) - PARTS;
    usize::try_from(u64::from(shift + 1) * PARTS + part).unwrap_or(usize::MAX)
}

/// The largest value that is counted there.
fn value_at(place: usize) -> u64 {
    let place = place as u64;
    let (row, part) = (place / PARTS, place % PARTS);
    match row.checked_sub(1) {
        None => part,
        Some(shift) => ((PARTS + part + 1) << shift) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_near_itself() {
        for value in (0..100_000).chain([1 << 20, (1 << 33) + 12_345]) {
            let shown = value_at(place_of(value));
            assert!(shown >= value && shown - value <= value / PARTS, "{value} is shown as {shown}");
        }
    }

    #[test]
    fn percentiles_of_the_numbers_to_a_thousand() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(0.5), None);
        (1..=1_000).for_each(|value| latencies.note(Duration::from_micros(value)));
        latencies.note(Duration::MAX);
        let at = |share: f64| latencies.percentile(share).unwrap().as_micros();
        assert_eq!(at(0.0), 1);
        assert!((500..=508).contains(&at(0.5)), "{}", at(0.5));
        assert!((990..=1_007).contains(&at(0.99)), "{}", at(0.99));
        assert!(at(1.0) > 1 << 36);
        let mut twice = latencies.clone();
        twice.join(&latencies);
        assert_eq!((twice.total(), twice.percentile(0.5)), (2_002, latencies.percentile(0.5)));
    }
}
