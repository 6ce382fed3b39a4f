//! Random sequences of REGISTERs against a model that does the same the naive way.

use crate::place::{Place, START};
use domain::BindingId;
use proptest::prelude::*;
use sip_registrar::Rejection;
use std::collections::BTreeSet;

/// Contacts whose equivalence [`same_uri`] knows by heart: the first three are one, the next two are equivalent to
/// those but not to each other, the rest stand for themselves.
const URIS: [&str; 8] = [
    "sip:a@h.test",
    "sip:a@H.TEST",
    "sip:%61@h.test",
    "sip:a@h.test;x=1",
    "sip:a@h.test;x=2",
    "sip:a@h.test:5060",
    "sip:A@h.test",
    "sip:a@h.test;transport=tcp",
];

fn same_uri(one: usize, other: usize) -> bool {
    let (low, high) = (one.min(other), one.max(other));
    low == high || (low < 3 && high < 5)
}

#[derive(Clone, Debug)]
struct Wanted {
    uri: usize,
    /// Instance and reg-id.
    flow: Option<(u8, u8)>,
    expires: Option<u32>,
}

#[derive(Clone, Debug)]
struct Step {
    wait_seconds: i64,
    call: u8,
    cseq: u32,
    expires: Option<u32>,
    wildcard: bool,
    wanted: Vec<Wanted>,
}

#[derive(Clone, Debug, PartialEq)]
struct Known {
    uri: usize,
    flow: Option<(u8, u8)>,
    call: u8,
    cseq: u32,
    expires_at: i64,
}

impl Known {
    fn is(&self, uri: usize, flow: Option<(u8, u8)>) -> bool {
        if self.flow.is_some() && flow.is_some() { self.flow == flow } else { same_uri(self.uri, uri) }
    }
}

#[derive(Default)]
struct Model {
    now: i64,
    known: Vec<Known>,
}

impl Model {
    /// Whether the step is accepted.
    fn step(&mut self, step: &Step, most: usize) -> bool {
        self.now += step.wait_seconds;
        let now = self.now;
        self.known.retain(|known| known.expires_at > now);
        let late = |known: &Known| known.call == step.call && step.cseq <= known.cseq;
        if step.wildcard {
            let accepted = step.wanted.is_empty() && step.expires == Some(0) && !self.known.iter().any(late);
            if accepted {
                self.known.clear();
            }
            return accepted;
        }
        let seconds = |wanted: &Wanted| wanted.expires.or(step.expires).unwrap_or(3600).min(7200);
        let refused = step.wanted.iter().any(|wanted| {
            (1..60).contains(&seconds(wanted))
                || self.known.iter().any(|known| known.is(wanted.uri, wanted.flow) && late(known))
        });
        if refused || step.wanted.iter().filter(|wanted| seconds(wanted) > 0).count() > most {
            return false;
        }
        for wanted in step.wanted.iter().filter(|wanted| seconds(wanted) == 0) {
            self.known.retain(|known| !known.is(wanted.uri, wanted.flow));
        }
        for wanted in step.wanted.iter().filter(|wanted| seconds(wanted) > 0) {
            self.keep(step, wanted, (seconds(wanted), most));
        }
        true
    }

    fn keep(&mut self, step: &Step, wanted: &Wanted, (seconds, most): (u32, usize)) {
        let expires_at = self.now + i64::from(seconds);
        let new = Known { uri: wanted.uri, flow: wanted.flow, call: step.call, cseq: step.cseq, expires_at };
        let place = self.known.iter().position(|known| known.is(wanted.uri, wanted.flow));
        self.known.retain(|known| !known.is(wanted.uri, wanted.flow));
        if place.is_none() && self.known.len() == most {
            let mine = |known: &Known| known.call == step.call && known.cseq == step.cseq;
            let least = (0..most).min_by_key(|index| (mine(&self.known[*index]), self.known[*index].expires_at));
            self.known.remove(least.unwrap());
        }
        self.known.insert(place.unwrap_or(self.known.len()), new);
    }
}

fn lines_of(step: &Step) -> Vec<String> {
    let mut lines: Vec<_> = step.expires.iter().map(|seconds| format!("Expires: {seconds}")).collect();
    if step.wildcard {
        lines.push("Contact: *".into());
    }
    for Wanted { uri, flow, expires } in &step.wanted {
        let flow = flow.map(|(instance, id)| format!(";+sip.instance=\"<urn:x:{instance}>\";reg-id={id}"));
        let expires = expires.map(|seconds| format!(";expires={seconds}"));
        lines.push(format!("Contact: <{}>{}{}", URIS[*uri], flow.unwrap_or_default(), expires.unwrap_or_default()));
    }
    lines
}

fn seconds() -> impl Strategy<Value = Option<u32>> {
    prop::sample::select(vec![None, None, Some(0), Some(59), Some(60), Some(100), Some(600), Some(9000)])
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let flow = prop::option::weighted(0.4, (0..2_u8, 1..3_u8));
    (0..URIS.len(), flow, seconds()).prop_map(|(uri, flow, expires)| Wanted { uri, flow, expires })
}

fn step() -> impl Strategy<Value = Step> {
    let parts =
        (0..200_i64, 0..3_u8, 1..30_u32, seconds(), prop::bool::weighted(0.08), prop::collection::vec(wanted(), 0..5));
    parts.prop_map(|(wait_seconds, call, cseq, expires, wildcard, wanted)| {
        // A wildcard mostly stands as it should.
        let wanted = if wildcard && cseq % 4 != 0 { Vec::new() } else { wanted };
        let expires = if wildcard && cseq % 5 != 0 { Some(0) } else { expires };
        Step { wait_seconds, call, cseq, expires, wildcard, wanted }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_model(steps in prop::collection::vec(step(), 1..40)) {
        let mut place = Place::new();
        let mut model = Model::default();
        for step in &steps {
            let (ids, removed) = (ids_of(&place), place.removed.len());
            place.wait(step.wait_seconds);
            let mut unexpired = place.bindings.clone();
            unexpired.retain(|binding| binding.facts.expires_at > place.now);
            let lines = lines_of(step);
            let lines: Vec<_> = lines.iter().map(String::as_str).collect();
            let outcome = place.register(&format!("call {}", step.call).replace(' ', "-"), step.cseq, &lines);
            prop_assert_eq!(outcome.is_ok(), model.step(step, place.policy.max_bindings), "{:?}: {:?}", step, outcome);
            prop_assert!(!matches!(outcome, Err(Rejection::Malformed(_))), "{:?}: {:?}", step, outcome);
            if outcome.is_err() {
                prop_assert_eq!(&place.bindings, &unexpired, "a rejected request changed something");
            }
            prop_assert!(place.bindings.len() <= place.policy.max_bindings);
            compare(&place, &model)?;
            // Whatever is gone was noted, once; whatever is there was not.
            let gone: BTreeSet<_> = ids.difference(&ids_of(&place)).copied().collect();
            let noted: Vec<_> = place.removed[removed..].to_vec();
            prop_assert!(gone.iter().all(|id| noted.contains(id)), "{:?} of {:?}", noted, gone);
            prop_assert!(noted.iter().all(|id| !ids_of(&place).contains(id)));
            prop_assert_eq!(noted.iter().collect::<BTreeSet<_>>().len(), noted.len());
        }
    }
}

fn ids_of(place: &Place) -> BTreeSet<BindingId> {
    place.bindings.iter().map(|binding| binding.facts.id).collect()
}

fn compare(place: &Place, model: &Model) -> Result<(), TestCaseError> {
    let real: Vec<_> = place
        .bindings
        .iter()
        .map(|binding| {
            let seconds = (binding.facts.expires_at.as_micros() - START.as_micros()) / 1_000_000;
            (
                String::from_utf8_lossy(binding.texts().contact).into_owned(),
                binding.facts.reg_id,
                binding.facts.cseq,
                seconds,
            )
        })
        .collect();
    let expected: Vec<_> = model
        .known
        .iter()
        .map(|known| {
            let reg_id = known.flow.map_or(0, |(_, id)| u32::from(id));
            (URIS[known.uri].to_owned(), reg_id, known.cseq, known.expires_at)
        })
        .collect();
    prop_assert_eq!(real, expected);
    for (index, known) in model.known.iter().enumerate() {
        for other in &model.known[index + 1..] {
            prop_assert!(!known.is(other.uri, other.flow), "{:?} and {:?} are one contact", known, other);
        }
    }
    Ok(())
}
