//! Two servers at the same work in turns: a machine that is another one a minute later is so for both.

use super::Rounds;

/// Rounds of each.
pub const ROUNDS: usize = 7;

/// A row of a table: what was done, what it cost, and what it may cost.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was done.
    pub what: String,
    /// What ours cost.
    pub ours: Rounds,
    /// What the other cost, if there is another.
    pub theirs: Option<Rounds>,
    /// The most that ours may cost, the other's being 1.
    pub target: Option<f64>,
}

impl Row {
    /// What ours costs, the other's being 1.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        Some(self.ours.median() / self.theirs.as_ref()?.median())
    }

    /// Whether it is as it should be, if it should be anything.
    #[must_use]
    pub fn is_met(&self) -> bool {
        !matches!((self.ratio(), self.target), (Some(ratio), Some(target)) if ratio > target)
    }

    /// The row as Markdown: what, ours, theirs, ratio, target.
    #[must_use]
    pub fn line(&self) -> String {
        let theirs = self.theirs.as_ref().map_or_else(|| "–".to_owned(), Rounds::to_string);
        let ratio = self.ratio().map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
        let target = match (self.target, self.is_met()) {
            (None, _) => "–".to_owned(),
            (Some(target), true) => format!("≤ {target:.2}"),
            (Some(target), false) => format!("≤ {target:.2}, **missed**"),
        };
        format!("| {} | {} | {theirs} | {ratio} | {target} |", self.what, self.ours)
    }
}

/// The two, as functions that work for one round and say what it cost.
pub struct Contest<'c> {
    /// Ours.
    pub ours: Box<dyn FnMut() -> f64 + 'c>,
    /// The other, if there is another.
    pub theirs: Option<Box<dyn FnMut() -> f64 + 'c>>,
}

impl Contest<'_> {
    /// Lets them work in turns, after a round each that is not counted: code is paged in, tables grow.
    #[must_use]
    pub fn hold(mut self, what: &str, target: Option<f64>) -> Row {
        let (mut ours, mut theirs) = (Rounds::default(), Rounds::default());
        for round in 0..=ROUNDS {
            let own = (self.ours)();
            let other = self.theirs.as_mut().map(|work| work());
            if round > 0 {
                ours.note(own);
                other.into_iter().for_each(|other| theirs.note(other));
            }
        }
        let theirs = self.theirs.is_some().then_some(theirs);
        Row { what: what.to_owned(), ours, theirs, target }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_it_was_held_to() {
        let contest = Contest { ours: Box::new(|| 4.0), theirs: Some(Box::new(|| 8.0)) };
        let met = contest.hold("x", Some(0.5));
        assert_eq!(met.line(), "| x | 4.0 (4.0–4.0) | 8.0 (8.0–8.0) | 0.50 | ≤ 0.50 |");
        assert!(met.is_met());
        let missed = Row { target: Some(0.4), ..met };
        assert!(!missed.is_met() && missed.line().ends_with("| ≤ 0.40, **missed** |"));
        let alone = Contest { ours: Box::new(|| 4.0), theirs: None }.hold("y", None);
        assert_eq!(alone.line(), "| y | 4.0 (4.0–4.0) | – | – | – |");
    }
}
