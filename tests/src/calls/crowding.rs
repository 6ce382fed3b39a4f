//! How many at a time, and how many in a second.

use std::time::{Duration, Instant};

/// The most spans that overlap at one moment. A span that ends when another begins does not overlap it.
#[must_use]
pub fn most_at_a_time(spans: impl Iterator<Item = (Instant, Option<Instant>)>) -> usize {
    let mut changes: Vec<(Instant, isize)> = Vec::new();
    for (begin, end) in spans {
        changes.push((begin, 1));
        changes.extend(end.map(|end| (end, -1)));
    }
    changes.sort_unstable();
    let (mut present, mut most) = (0_isize, 0);
    for (_, change) in changes {
        present += change;
        most = most.max(present);
    }
    most.unsigned_abs()
}

/// The most moments within any span of that length, wherever it begins.
#[must_use]
pub fn most_within(length: Duration, moments: impl Iterator<Item = Instant>) -> usize {
    let mut moments: Vec<_> = moments.collect();
    moments.sort_unstable();
    let of_span =
        |(first, begin): (usize, &Instant)| moments.partition_point(|moment| *moment < *begin + length) - first;
    moments.iter().enumerate().map(of_span).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crowds_are_counted() {
        let start = Instant::now();
        let at = |tenths: u64| start + Duration::from_millis(tenths * 100);
        let spans = [(at(0), Some(at(3))), (at(3), Some(at(9))), (at(4), None), (at(5), Some(at(6)))];
        assert_eq!(most_at_a_time(spans.into_iter()), 3);
        assert_eq!(most_at_a_time([].into_iter()), 0);
        let moments = || [0, 9, 10, 11, 20].into_iter().map(at);
        assert_eq!(most_within(Duration::from_secs(1), moments()), 3);
        assert_eq!(most_within(Duration::from_millis(1), moments()), 1);
        assert_eq!(most_within(Duration::from_secs(9), moments()), 5);
    }
}
