//! The most bindings of one address-of-record, three here, and the room that one answer has to list them.

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

/// A contact whose Contact value counts for that many octets.
fn contact_of(host: u8, octets: usize) -> String {
    let uri = format!("sip:{}@{host}.test", "a".repeat(octets - 96 - "sip:@1.test".len()));
    format!("Contact: <{uri}>")
}

#[test]
fn what_one_answer_cannot_list_is_refused_and_changes_nothing() {
    let mut place = Place { contact_room: 1_000, ..Place::new() };
    assert_eq!(place.register("c", 1, &[&contact_of(1, 500)]), KEPT);
    assert_eq!(place.register("d", 1, &[&contact_of(2, 501)]), Err(Rejection::TooLongToList));
    let both = [&*contact_of(2, 390), &contact_of(3, 111)];
    assert_eq!(place.register("d", 2, &both), Err(Rejection::TooLongToList));
    assert_eq!((place.bindings.len(), place.removed.len(), place.next_id), (1, 0, 2));
    assert_eq!(place.register("d", 3, &[&contact_of(2, 500)]), KEPT);
    // A refresh replaces what it names, and a removal makes room.
    assert_eq!(place.register("d", 4, &[&contact_of(2, 500)]), KEPT);
    let swap = [&*format!("{};expires=0", contact_of(1, 500)), &contact_of(3, 500)];
    assert_eq!(place.register("d", 5, &swap), REMOVED);
    assert_eq!(place.bindings.len(), 2);
}

#[test]
fn a_query_over_a_way_with_less_room_is_refused() {
    let mut place = Place { contact_room: 1_000, ..Place::new() };
    assert_eq!(place.register("c", 1, &[&contact_of(1, 500)]), KEPT);
    place.contact_room = 499;
    assert_eq!(place.register("c", 2, &[]), Err(Rejection::TooLongToList));
    place.contact_room = 500;
    assert_eq!(place.register("c", 3, &[]), KEPT);
    place.contact_room = 0;
    assert_eq!(place.register("c", 4, &["Contact: *", "Expires: 0"]), REMOVED);
}
