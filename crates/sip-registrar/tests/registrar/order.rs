//! Requests that overtake each other (RFC 3261 section 10.3 step 7), and wholly or not at all.

use crate::place::{KEPT, Place, REMOVED};
use sip_registrar::Rejection;

const OUT_OF_ORDER: Rejection = Rejection::OutOfOrder;
const ONE: &[&str] = &["Contact: <sip:a@1.test>"];

#[test]
fn a_query_lists_and_changes_nothing() {
    let mut place = Place::new();
    place.check(("c", 1), &[], KEPT, &[]);
    place.check(("c", 2), ONE, KEPT, &["sip:a@1.test 3600"]);
    let before = place.bindings.clone();
    place.check(("c", 2), &[], KEPT, &["sip:a@1.test 3600"]);
    place.check(("c", 1), &["Expires: 0"], KEPT, &["sip:a@1.test 3600"]);
    assert_eq!(place.bindings, before);
}

#[test]
fn within_one_call_id_only_a_higher_cseq_counts() {
    let mut place = Place::new();
    place.check(("c", 5), ONE, KEPT, &["sip:a@1.test 3600"]);
    for cseq in [5, 4, 1] {
        let before = place.bindings.clone();
        for lines in [ONE, &["Contact: <sip:a@1.test>;expires=0"], &["Contact: *", "Expires: 0"]] {
            place.check(("c", cseq), lines, Err(OUT_OF_ORDER), &["sip:a@1.test 3600"]);
        }
        assert_eq!(place.bindings, before);
    }
    place.check(("c", 6), &["Contact: <sip:a@1.test>;expires=100"], KEPT, &["sip:a@1.test 100"]);
    assert_eq!(place.removed, []);
}

#[test]
fn another_call_id_starts_another_order() {
    let mut place = Place::new();
    place.check(("before-a-restart", 500), ONE, KEPT, &["sip:a@1.test 3600"]);
    place.check(("after-it", 1), &["Contact: <sip:a@1.test>;expires=100"], KEPT, &["sip:a@1.test 100"]);
    assert_eq!(place.bindings[0].texts().call_id, b"after-it");
    place.check(("after-it", 1), ONE, Err(OUT_OF_ORDER), &["sip:a@1.test 100"]);
    place.check(("another", 1), &["Contact: <sip:a@1.test>;expires=0"], REMOVED, &[]);
}

#[test]
fn contacts_of_one_call_id_have_an_order_each() {
    let mut place = Place::new();
    place.check(("c", 5), ONE, KEPT, &["sip:a@1.test 3600"]);
    place.check(("c", 2), &["Contact: <sip:a@2.test>"], KEPT, &["sip:a@1.test 3600", "sip:a@2.test 3600"]);
}

#[test]
fn a_request_of_which_one_contact_fails_changes_none() {
    let mut place = Place::new();
    place.check(("c", 5), &["Contact: <sip:a@2.test>"], KEPT, &["sip:a@2.test 3600"]);
    let before = place.bindings.clone();
    for lines in [
        &["Contact: <sip:a@1.test>, <sip:a@2.test>"][..],
        &["Contact: <sip:a@1.test>", "Contact: <sip:a@2.test>;expires=0"],
        &["Contact: <sip:a@2.test>;expires=0, <sip:a@1.test>"],
    ] {
        place.check(("c", 5), lines, Err(OUT_OF_ORDER), &["sip:a@2.test 3600"]);
    }
    let too_brief = Err(Rejection::IntervalTooBrief { min_expires_seconds: 60 });
    let lines = ["Contact: <sip:a@2.test>;expires=0, <sip:a@1.test>;expires=10"];
    place.check(("d", 1), &lines, too_brief, &["sip:a@2.test 3600"]);
    assert_eq!(place.bindings, before);
    assert_eq!(place.removed, []);
    assert_eq!(place.next_id, 2, "no identifier was taken for a binding that was not made");
}
