//! Which binding a contact means: RFC 3261 section 19.1.4 for URIs, RFC 5626 section 6 for flows.

use crate::place::{KEPT, Place, REMOVED};

const PHONE: &str = "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>\"";
const OTHER: &str = "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-ffffffffffff>\"";

#[track_caller]
fn same(first: &str, second: &str) {
    assert_eq!(count_after(first, second), 1, "{first} and {second}");
    assert_eq!(count_after(second, first), 1, "{second} and {first}");
}

#[track_caller]
fn different(first: &str, second: &str) {
    assert_eq!(count_after(first, second), 2, "{first} and {second}");
    assert_eq!(count_after(second, first), 2, "{second} and {first}");
}

fn count_after(first: &str, second: &str) -> usize {
    let mut place = Place::new();
    assert_eq!(place.register("c", 1, &[&format!("Contact: {first}")]), KEPT);
    assert_eq!(place.register("d", 1, &[&format!("Contact: {second}")]), KEPT);
    place.bindings.len()
}

#[test]
fn uris_are_compared_by_meaning() {
    same("<sip:a@h.test>", "<sip:a@H.Test>");
    same("<sip:%61@h.test>", "<sip:a@h.test>");
    same("<sip:a@h.test;x=1;y=2>", "<sip:a@h.test;y=2;x=1>");
    same("<sip:a@h.test;lr>", "\"Alice\" <sip:a@h.test>;q=0.5");
    same("<sip:a@h.test;transport=TCP>", "<sip:a@h.test;transport=tcp>");
    different("<sip:a@h.test>", "<sip:A@h.test>");
    different("<sip:a@h.test>", "<sip:a@h.test:5060>");
    different("<sip:a@h.test>", "<sips:a@h.test>");
    different("<sip:a@h.test>", "<sip:h.test>");
    different("<sip:a@h.test;transport=tcp>", "<sip:a@h.test>");
    different("<sip:a@h.test;x=1>", "<sip:a@h.test;x=2>");
}

#[test]
fn a_flow_is_named_by_instance_and_reg_id() {
    let flow = |host: &str, instance: &str, reg_id: u8| format!("<sip:a@{host}>;{instance};reg-id={reg_id}");
    same(&flow("1.test", PHONE, 1), &flow("2.test", PHONE, 1));
    different(&flow("1.test", PHONE, 1), &flow("2.test", PHONE, 2));
    // Two phones behind two NATs have the same private address.
    different(&flow("192.168.1.2", PHONE, 1), &flow("192.168.1.2", OTHER, 1));
    different(&flow("1.test", PHONE, 1), &flow("1.test", PHONE, 2));
}

#[test]
fn without_both_parts_of_a_flow_the_uri_counts() {
    same(&format!("<sip:a@h.test>;{PHONE}"), &format!("<sip:a@h.test>;{OTHER}"));
    different(&format!("<sip:a@1.test>;{PHONE}"), &format!("<sip:a@2.test>;{PHONE}"));
    same(&format!("<sip:a@h.test>;{PHONE};reg-id=1"), "<sip:a@h.test>");
    different(&format!("<sip:a@1.test>;{PHONE};reg-id=1"), "<sip:a@2.test>");
    // A reg-id needs an instance, and a number from 1 on.
    different("<sip:a@1.test>;reg-id=1", "<sip:a@2.test>;reg-id=1");
    same("<sip:a@h.test>;reg-id=1", "<sip:a@h.test>;reg-id=2");
    for reg_id in ["0", "x", "-1", "2147483648"] {
        different(
            &format!("<sip:a@1.test>;{PHONE};reg-id={reg_id}"),
            &format!("<sip:a@2.test>;{PHONE};reg-id={reg_id}"),
        );
    }
}

#[test]
fn a_reg_id_without_an_instance_is_not_kept() {
    let mut place = Place::new();
    assert_eq!(place.register("c", 1, &["Contact: <sip:a@h.test>;reg-id=7"]), KEPT);
    assert_eq!(place.bindings[0].facts.reg_id, 0);
}

#[test]
fn a_flow_that_moves_to_the_contact_of_another_binding_replaces_both() {
    let mut place = Place::new();
    let plain = "Contact: <sip:a@1.test>";
    let flow_elsewhere = format!("Contact: <sip:a@2.test>;{PHONE};reg-id=1");
    let flow_there = format!("Contact: <sip:a@1.test>;{PHONE};reg-id=1;expires=100");
    place.check(("c", 1), &[plain], KEPT, &["sip:a@1.test 3600"]);
    place.check(("d", 1), &[&flow_elsewhere], KEPT, &["sip:a@1.test 3600", "sip:a@2.test 3600"]);
    place.check(("d", 2), &[&flow_there], KEPT, &["sip:a@1.test 100"]);
    assert_eq!(place.removed.len(), 1);
}

#[test]
fn equivalence_that_is_not_transitive_leaves_no_two_equal() {
    let mut place = Place::new();
    place.check(("c", 1), &["Contact: <sip:a@h.test;x=1>"], KEPT, &["sip:a@h.test;x=1 3600"]);
    let left = ["sip:a@h.test;x=1 3600", "sip:a@h.test;x=2 3600"];
    place.check(("d", 1), &["Contact: <sip:a@h.test;x=2>"], KEPT, &left);
    place.check(("e", 1), &["Contact: <sip:a@h.test>"], KEPT, &["sip:a@h.test 3600"]);
    let mut place = Place::new();
    assert_eq!(place.register("c", 1, &["Contact: <sip:a@h.test;x=1>, <sip:a@h.test;x=2>"]), KEPT);
    place.check(("e", 1), &["Contact: <sip:a@h.test>;expires=0"], REMOVED, &[]);
}

/// A phone whose address changed gives up the old contact and names the new one, both under its instance.
#[test]
fn a_phone_that_moves_keeps_its_new_contact() {
    let mut place = Place::new();
    assert_eq!(place.register("c", 1, &[&format!("Contact: <sip:a@1.test>;{PHONE};reg-id=1")]), KEPT);
    for lines in [
        [
            format!("Contact: <sip:a@2.test>;{PHONE};reg-id=1"),
            format!("Contact: <sip:a@1.test>;{PHONE};reg-id=1;expires=0"),
        ],
        [
            format!("Contact: <sip:a@1.test>;{PHONE};reg-id=1;expires=0"),
            format!("Contact: <sip:a@2.test>;{PHONE};reg-id=1"),
        ],
    ] {
        let mut place = Place { bindings: place.bindings.clone(), ..Place::new() };
        place.check(("c", 2), &[&lines[0], &lines[1]], REMOVED, &["sip:a@2.test 3600"]);
    }
}

#[test]
fn the_same_contact_twice_is_one_binding() {
    let mut place = Place::new();
    let lines = ["Contact: <sip:a@h.test>;expires=100, <sip:a@H.test>;expires=200"];
    place.check(("c", 1), &lines, KEPT, &["sip:a@H.test 200"]);
}
