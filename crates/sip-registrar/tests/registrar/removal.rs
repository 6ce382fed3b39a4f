//! Removals, one by one and all at once (RFC 3261 section 10.3 step 6).

use crate::place::{KEPT, Place, REMOVED};
use domain::BindingId;
use sip_registrar::Rejection;

const TWO: &[&str] = &["Contact: <sip:a@1.test>, <sip:a@2.test>"];

fn place_with_two() -> Place {
    let mut place = Place::new();
    place.check(("c", 1), TWO, KEPT, &["sip:a@1.test 3600", "sip:a@2.test 3600"]);
    place
}

#[test]
fn zero_removes_what_it_names() {
    for lines in [&["Contact: <sip:a@1.test>;expires=0"][..], &["Contact: <sip:a@1.test>", "Expires: 0"]] {
        let mut place = place_with_two();
        place.check(("c", 2), lines, REMOVED, &["sip:a@2.test 3600"]);
        assert_eq!(place.removed, [BindingId(1)]);
    }
}

#[test]
fn removing_what_is_not_there_succeeds() {
    let mut place = place_with_two();
    let left = ["sip:a@1.test 3600", "sip:a@2.test 3600"];
    place.check(("c", 2), &["Contact: <sip:a@9.test>;expires=0"], REMOVED, &left);
    place.check(("c", 1), &["Contact: <sip:a@9.test>;expires=0"], REMOVED, &left);
    Place::new().check(("c", 1), &["Contact: *", "Expires: 0"], REMOVED, &[]);
    assert_eq!(place.removed, []);
}

#[test]
fn one_request_can_add_and_remove() {
    let mut place = place_with_two();
    let lines = ["Contact: <sip:a@3.test>, <sip:a@1.test>;expires=0"];
    place.check(("c", 2), &lines, REMOVED, &["sip:a@2.test 3600", "sip:a@3.test 3600"]);
}

#[test]
fn the_wildcard_removes_everything() {
    let mut place = place_with_two();
    place.check(("c", 2), &["Contact: *", "Expires: 0"], REMOVED, &[]);
    assert_eq!(place.removed, [BindingId(1), BindingId(2)]);
}

#[test]
fn the_wildcard_stands_alone_and_with_expires_zero() {
    for lines in [
        &["Contact: *"][..],
        &["Contact: *", "Expires: 60"],
        &["Contact: *, *", "Expires: 0"],
        &["Contact: *, <sip:a@1.test>", "Expires: 0"],
        &["Contact: <sip:a@1.test>;expires=0", "Contact: *", "Expires: 0"],
    ] {
        let left = ["sip:a@1.test 3600", "sip:a@2.test 3600"];
        place_with_two().check(("c", 2), lines, Err(Rejection::MisplacedWildcard), &left);
    }
}

#[test]
fn the_wildcard_respects_the_order_of_its_call_id() {
    let mut place = place_with_two();
    place.check(
        ("d", 9),
        &["Contact: <sip:a@3.test>;expires=60"],
        KEPT,
        &["sip:a@1.test 3600", "sip:a@2.test 3600", "sip:a@3.test 60"],
    );
    let left = ["sip:a@1.test 3600", "sip:a@2.test 3600", "sip:a@3.test 60"];
    place.check(("d", 9), &["Contact: *", "Expires: 0"], Err(Rejection::OutOfOrder), &left);
    place.check(("c", 1), &["Contact: *", "Expires: 0"], Err(Rejection::OutOfOrder), &left);
    // Bindings of other Call-IDs do not stand in its way.
    place.check(("c", 2), &["Contact: *", "Expires: 0"], REMOVED, &[]);
}
