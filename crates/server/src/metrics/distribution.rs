//! Values sorted into buckets, for histograms of what happens away from the signalling path.

/// Counts of values by upper bound.
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    bounds: &'static [f64],
    /// One for each bound, and one for what is above all of them.
    counts: Box<[u64]>,
    sum: f64,
}

impl Distribution {
    /// Nothing yet; bounds must ascend.
    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1].into(), sum: 0.0 }
    }

    pub(crate) fn observe(&mut self, value: f64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
            self.sum += value;
        }
    }

    /// For each bound, how many values were not above it.
    pub(crate) fn cumulated(&self) -> impl Iterator<Item = (f64, u64)> {
        let sums = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        self.bounds.iter().copied().zip(sums)
    }

    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    pub(crate) fn sum(&self) -> f64 {
        self.sum
    }
}
