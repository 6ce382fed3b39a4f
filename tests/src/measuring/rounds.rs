//! Many measurements of one thing.

use std::fmt;

/// Values of interleaved rounds.
#[derive(Clone, Default, Debug)]
pub struct Rounds(Vec<f64>);

impl Rounds {
    /// Adds one.
    pub fn note(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The middle one: what a neighbour's burst does to one round does not move it.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.at(self.0.len() / 2)
    }

    /// The least: what disturbs work of a few microseconds only makes it slower.
    #[must_use]
    pub fn least(&self) -> f64 {
        self.at(0)
    }

    /// The most.
    #[must_use]
    pub fn most(&self) -> f64 {
        self.at(self.0.len().saturating_sub(1))
    }

    fn at(&self, place: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(place).copied().unwrap_or(f64::NAN)
    }
}

/// The median and the range.
impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ({:.1}–{:.1})", self.median(), self.least(), self.most())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends() {
        let mut rounds = Rounds::default();
        assert!(rounds.median().is_nan());
        [3.0, 1.0, 9.0, 2.0, 4.0].into_iter().for_each(|value| rounds.note(value));
        assert_eq!(rounds.to_string(), "3.0 (1.0–9.0)");
    }
}
