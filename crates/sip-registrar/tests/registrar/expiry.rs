//! Intervals (RFC 3261 section 10.3 steps 7 and 8).

use crate::place::{KEPT, Place, REMOVED};
use domain::Stored;
use sip_message::{Defect, HeaderName};
use sip_registrar::Rejection;

const TOO_BRIEF: Rejection = Rejection::IntervalTooBrief { min_expires_seconds: 60 };

#[test]
fn the_contact_parameter_goes_before_the_header_and_the_header_before_the_default() {
    for (lines, seconds) in [
        (&["Contact: <sip:a@1.test>"][..], 3600),
        (&["Contact: <sip:a@1.test>", "Expires: 600"], 600),
        (&["Contact: <sip:a@1.test>;expires=300", "Expires: 600"], 300),
        (&["Contact: <sip:a@1.test>;expires=300"], 300),
        (&["Contact: <sip:a@1.test>;expires=300", "Expires: 0"], 300),
        (&["Contact: <sip:a@1.test>;expires=60"], 60),
        (&["Contact: <sip:a@1.test>;expires=7200"], 7200),
        (&["Contact: <sip:a@1.test>;expires=7201"], 7200),
        (&["Contact: <sip:a@1.test>", "Expires: 4294967295"], 7200),
        // RFC 3261 section 10.2: what is no number is an hour, what is too large the largest; policy bounds both.
        (&["Contact: <sip:a@1.test>;expires=soon", "Expires: 600"], 3600),
        (&["Contact: <sip:a@1.test>;expires=-1"], 3600),
        (&["Contact: <sip:a@1.test>;expires"], 3600),
        (&["Contact: <sip:a@1.test>;expires=\"\""], 3600),
        (&["Contact: <sip:a@1.test>;expires=4294967296"], 7200),
        // A parameter inside the brackets is the URI's.
        (&["Contact: <sip:a@1.test;expires=300>", "Expires: 600"], 600),
    ] {
        let mut place = Place::new();
        assert_eq!(place.register("c", 1, lines), KEPT, "{lines:?}");
        assert!(place.left()[0].ends_with(&format!(" {seconds}")), "{lines:?} {:?}", place.left());
    }
}

#[test]
fn too_brief_an_interval_is_refused_wherever_it_stands() {
    for lines in [
        &["Contact: <sip:a@1.test>;expires=59"][..],
        &["Contact: <sip:a@1.test>;expires=1"],
        &["Contact: <sip:a@1.test>", "Expires: 59"],
        &["Contact: <sip:a@1.test>;expires=59", "Expires: 600"],
        &["Contact: <sip:a@1.test>, <sip:a@2.test>;expires=59", "Expires: 600"],
    ] {
        Place::new().check(("c", 1), lines, Err(TOO_BRIEF), &[]);
    }
}

#[test]
fn an_interval_below_the_least_granted_removes_only_as_zero() {
    let mut place = Place::new();
    place.check(("c", 1), &["Contact: <sip:a@1.test>"], KEPT, &["sip:a@1.test 3600"]);
    place.check(("c", 2), &["Contact: <sip:a@1.test>;expires=1"], Err(TOO_BRIEF), &["sip:a@1.test 3600"]);
    place.check(("c", 3), &["Contact: <sip:a@1.test>;expires=0"], REMOVED, &[]);
}

#[test]
fn expired_bindings_are_gone_before_anything_else_happens() {
    let mut place = Place::new();
    place.check(("c", 1), &["Contact: <sip:a@1.test>;expires=60"], KEPT, &["sip:a@1.test 60"]);
    place.wait(59);
    place.check(("q", 1), &[], KEPT, &["sip:a@1.test 1"]);
    place.wait(1);
    place.check(("q", 2), &[], KEPT, &[]);
    assert_eq!(place.removed.len(), 1);
    // What has expired holds no place in the order any more.
    place.check(("c", 1), &["Contact: <sip:a@1.test>;expires=60"], KEPT, &["sip:a@1.test 60"]);
    place.wait(60);
    let malformed = Err(Rejection::Malformed(Defect::Malformed(HeaderName::Contact)));
    place.check(("c", 2), &["Contact: <sip:a@1.test>;q=2"], malformed, &[]);
    assert_eq!(place.removed.len(), 2);
}

#[test]
fn a_refresh_starts_the_interval_anew() {
    let mut place = Place::new();
    place.check(("c", 1), &["Contact: <sip:a@1.test>", "Expires: 600"], KEPT, &["sip:a@1.test 600"]);
    let first = place.bindings[0].facts;
    place.wait(500);
    place.check(("c", 2), &["Contact: <sip:a@1.test>", "Expires: 600"], KEPT, &["sip:a@1.test 600"]);
    let second = place.bindings[0].facts;
    assert_eq!((second.id, second.registered_at), (first.id, first.registered_at));
    assert_eq!((second.cseq, second.generation), (2, 4));
    assert_eq!(place.removed, []);
}

#[test]
fn preferences_that_cannot_be_read_change_nothing() {
    let malformed = |defect| Err(Rejection::Malformed(defect));
    for (lines, defect) in [
        (&["Contact: <sip:a@1.test>;q=soon"][..], Defect::Malformed(HeaderName::Contact)),
        (&["Contact: <sip:a@1.test>, <sip:a@2.test>;q=1.5"], Defect::Malformed(HeaderName::Contact)),
    ] {
        Place::new().check(("c", 1), lines, malformed(defect), &[]);
    }
}

#[test]
fn preferences_are_kept_in_thousandths() {
    let mut place = Place::new();
    let lines = ["Contact: <sip:a@1.test>;q=0.5, <sip:a@2.test>;q=0.125", "Contact: <sip:a@3.test>"];
    assert_eq!(place.register("c", 1, &lines), KEPT);
    let preferences: Vec<_> = place.bindings.iter().map(|binding| binding.facts.q_thousandths).collect();
    assert_eq!(preferences, [500, 125, 1000]);
}

#[test]
fn path_user_agent_and_arrival_are_kept() {
    let mut place = Place::new();
    let lines = ["Contact: <sip:a@1.test>", "Path: <sip:p1.test;lr>,<sip:p2.test;lr>", "Path: <sip:p3.test;lr>"];
    assert_eq!(place.register("c", 1, &lines), KEPT);
    let (facts, texts) = (place.bindings[0].facts, place.bindings[0].texts());
    assert_eq!(texts.path, b"<sip:p1.test;lr>,<sip:p2.test;lr>, <sip:p3.test;lr>");
    assert_eq!((texts.user_agent, texts.call_id), (&b"phone/1"[..], &b"c"[..]));
    assert_eq!(facts.source, "192.0.2.7:5062".parse().unwrap());
    assert_eq!(place.bindings[0].stored, Stored::No);
    // Another way to the phone takes the place of the first.
    assert_eq!(place.register("c", 2, &["Contact: <sip:a@1.test>"]), KEPT);
    assert_eq!(place.bindings[0].texts().path, b"");
}

/// RFC 3261 section 10.3 step 7: 423 is for intervals "smaller than one hour" only.
#[test]
fn an_hour_is_never_too_brief() {
    let mut place = Place::new();
    place.policy.min_expires_seconds = 7200;
    place.policy.default_expires_seconds = 7200;
    let too_brief = Err(Rejection::IntervalTooBrief { min_expires_seconds: 7200 });
    place.check(("c", 1), &["Contact: <sip:a@1.test>;expires=3599"], too_brief, &[]);
    place.check(("c", 2), &["Contact: <sip:a@1.test>;expires=3600"], KEPT, &["sip:a@1.test 3600"]);
}
