//! The most bindings of one address-of-record, three here.

use crate::place::{KEPT, Place, REMOVED};
use domain::BindingId;
use sip_registrar::Rejection;

fn full_place() -> Place {
    let mut place = Place::new();
    for (host, expires) in [(1, 900), (2, 300), (3, 600)] {
        let line = format!("Contact: <sip:a@{host}.test>;expires={expires}");
        assert_eq!(place.register(&format!("c{host}"), 1, &[&line]), KEPT);
    }
    place
}

#[test]
fn the_binding_nearest_its_expiry_gives_way() {
    let mut place = full_place();
    let left = ["sip:a@1.test 900", "sip:a@3.test 600", "sip:a@4.test 100"];
    place.check(("d", 1), &["Contact: <sip:a@4.test>;expires=100"], KEPT, &left);
    assert_eq!(place.removed, [BindingId(2)]);
    let left = ["sip:a@1.test 900", "sip:a@3.test 600", "sip:a@5.test 60"];
    place.check(("e", 1), &["Contact: <sip:a@5.test>;expires=60"], KEPT, &left);
    assert_eq!(place.removed, [BindingId(2), BindingId(4)]);
}

#[test]
fn a_refresh_needs_no_room() {
    let mut place = full_place();
    let left = ["sip:a@1.test 900", "sip:a@2.test 100", "sip:a@3.test 600"];
    place.check(("c2", 2), &["Contact: <sip:a@2.test>;expires=100"], KEPT, &left);
}

#[test]
fn no_binding_gives_way_to_another_of_its_own_request() {
    let mut place = full_place();
    let lines = ["Contact: <sip:a@4.test>;expires=60, <sip:a@5.test>;expires=90, <sip:a@1.test>;expires=60"];
    let left = ["sip:a@1.test 60", "sip:a@4.test 60", "sip:a@5.test 90"];
    place.check(("d", 1), &lines, KEPT, &left);
}

#[test]
fn what_a_request_removes_makes_room_first() {
    let mut place = full_place();
    let lines = ["Contact: <sip:a@4.test>;expires=60, <sip:a@1.test>;expires=0"];
    place.check(("d", 1), &lines, REMOVED, &["sip:a@2.test 300", "sip:a@3.test 600", "sip:a@4.test 60"]);
}

#[test]
fn more_contacts_than_there_may_be_are_refused() {
    let mut place = full_place();
    let before = place.bindings.clone();
    let four = ["Contact: <sip:a@4.test>, <sip:a@5.test>, <sip:a@6.test>, <sip:a@7.test>"];
    assert_eq!(place.register("d", 1, &four), Err(Rejection::TooManyContacts));
    assert_eq!(place.bindings, before);
    // Removals do not count.
    let removals = ["Contact: <sip:a@1.test>, <sip:a@2.test>, <sip:a@3.test>, <sip:a@4.test>", "Expires: 0"];
    place.check(("d", 2), &removals, REMOVED, &[]);
}
