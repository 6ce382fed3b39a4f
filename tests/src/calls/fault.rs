//! What was not as it should be.

/// How many are kept in words; all are counted.
const KEPT: usize = 20;

/// The faults of one side.
#[derive(Clone, Default, Debug)]
pub struct Faults {
    count: u64,
    first: Vec<String>,
}

impl Faults {
    /// Notes one.
    pub fn note(&mut self, what: &str, message: &str) {
        self.count += 1;
        if self.first.len() < KEPT {
            self.first.push(format!("{what}: {message}"));
        }
    }

    /// How many there were.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The first of them.
    #[must_use]
    pub fn first(&self) -> &[String] {
        &self.first
    }

    /// Adds another side's.
    pub fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.first.extend(other.first.iter().take(KEPT).cloned());
    }
}
