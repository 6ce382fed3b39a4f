//! Judges whether answers met the truth of their time: what was changed over HTTP against what SIP and HTTP then let in.

use std::time::Instant;

/// What the API has been told, from the moment it was told to the moment it had answered the next thing.
#[derive(Clone, Copy, Debug)]
pub struct Truth {
    /// When it was asked for.
    pub asked: Instant,
    /// When the API had answered.
    pub answered: Instant,
    /// The generation of the secret that opens, if any does.
    pub open_to: Option<u32>,
}

/// One attempt to get in.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// When it began.
    pub sent: Instant,
    /// When its answer was there.
    pub answered: Instant,
    /// With which generation of the secret.
    pub generation: u32,
    /// Whether it was let in. `stale=true` says so as well: it is sent with a right digest only.
    pub opened: bool,
    /// Who made it.
    pub style: &'static str,
}

/// What a run has shown.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// The attempts whose answer no truth of their time explains.
    pub wrong: Vec<String>,
    /// How many attempts could only be refused, and only be accepted.
    pub certain: [u32; 2],
}

/// A truth may show from the moment the API was asked for it until the API has answered the next change. Truths and
/// attempts are in order of time, those of attempts as far as one of them goes on for the next one to begin.
#[must_use]
pub fn judge(truths: &[Truth], attempts: &[Attempt]) -> Verdict {
    let mut verdict = Verdict::default();
    for attempt in attempts {
        let possible = possible_outcomes(truths, attempt);
        if !possible.contains(&attempt.opened) {
            let Attempt { sent, answered, generation, opened, style } = attempt;
            let (at, took) = (sent.saturating_duration_since(truths[0].asked), *answered - *sent);
            verdict.wrong.push(format!("{style}: sent at {at:?}, took {took:?}, secret {generation}, opened {opened}"));
        } else if possible.iter().all(|open| *open == possible[0]) {
            verdict.certain[usize::from(attempt.opened)] += 1;
        }
    }
    verdict
}

fn possible_outcomes(truths: &[Truth], attempt: &Attempt) -> Vec<bool> {
    let replaced = |place: usize| truths.get(place + 1).map(|next| next.answered);
    // The first that had not been replaced when the attempt began: with thousands of each, all cannot be gone through.
    let first = truths.partition_point(|truth| truth.answered < attempt.sent).saturating_sub(1);
    let shown = truths.iter().enumerate().skip(first).take_while(|(_, truth)| truth.asked <= attempt.answered);
    let shown = shown.filter(|(place, _)| replaced(*place).is_none_or(|answered| attempt.sent <= answered));
    // Before the first answer nothing is open; that state is not in the list.
    let early = truths.first().is_none_or(|first| attempt.sent < first.answered);
    shown.map(|(_, truth)| truth.open_to == Some(attempt.generation)).chain(early.then_some(false)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// The judge must be able to say no.
    #[test]
    fn an_old_truth_would_be_seen() {
        let start = Instant::now();
        let at = |milliseconds: u64| start + Duration::from_millis(milliseconds);
        let truth = |asked, answered, open_to| Truth { asked: at(asked), answered: at(answered), open_to };
        let truths = [truth(10, 20, Some(1)), truth(30, 40, None), truth(50, 60, Some(2))];
        let is_wrong = |sent: u64, generation: u32, opened: bool| {
            let attempt = Attempt { sent: at(sent), answered: at(sent + 1), generation, opened, style: "" };
            !judge(&truths, &[attempt]).wrong.is_empty()
        };
        assert!(is_wrong(41, 1, true), "opened after the answer to the disabling");
        assert!(is_wrong(25, 1, false), "refused although it had been created");
        assert!(is_wrong(65, 1, true) && is_wrong(65, 2, false), "the old password after the new one was set");
        assert!(is_wrong(5, 1, true), "opened before it was asked for");
        for either in [true, false] {
            assert!(
                !is_wrong(35, 1, either) && !is_wrong(55, 2, either),
                "before the API has answered, both are right"
            );
        }
        assert!(!is_wrong(25, 1, true) && !is_wrong(45, 1, false) && !is_wrong(65, 2, true));
    }
}
