//! A phone that connects anew takes the place of what it left behind.

use crate::place::{KEPT, Place};

const PHONE: &str = "+sip.instance=\"<urn:x:1>\"";
const OTHER: &str = "+sip.instance=\"<urn:x:2>\"";

/// A place with one binding over a connection that has ended.
fn left_behind(contact: &str) -> Place {
    let mut place = Place { connection: 1, ..Place::new() };
    assert_eq!(place.register("before", 1, &[&format!("Contact: {contact}")]), KEPT);
    place.bindings[0].facts.connection = 0;
    place.connection = 2;
    place
}

#[track_caller]
fn count_after(before: &str, after: &str) -> usize {
    let mut place = left_behind(before);
    assert_eq!(place.register("after", 1, &[&format!("Contact: {after}")]), KEPT);
    assert_eq!(place.bindings.last().unwrap().facts.connection, 2);
    assert_eq!(place.removed.len(), 2 - place.bindings.len());
    place.bindings.len()
}

#[test]
fn the_same_user_at_the_same_host_from_another_port_is_the_same_phone() {
    let before = "<sip:a@192.0.2.7:40001;transport=tcp>";
    for (after, count) in [
        ("<sip:a@192.0.2.7:40002;transport=tcp>", 1),
        ("<sip:a@192.0.2.7>", 1),
        ("<sip:b@192.0.2.7:40002;transport=tcp>", 2),
        ("<sip:192.0.2.7:40002;transport=tcp>", 2),
        ("<sip:a@192.0.2.8:40001;transport=tcp>", 2),
    ] {
        assert_eq!(count_after(before, after), count, "{after}");
    }
}

#[test]
fn an_instance_says_which_phone_it_is() {
    let contact = |port: u16, instance: &str| format!("<sip:a@192.0.2.7:{port};transport=tcp>;{instance}");
    assert_eq!(count_after(&contact(1, PHONE), &contact(2, PHONE)), 1);
    assert_eq!(count_after(&contact(1, PHONE), &contact(2, OTHER)), 2, "two phones behind one address");
    let flow = |port: u16, reg_id: u8| format!("{};reg-id={reg_id}", contact(port, PHONE));
    assert_eq!(count_after(&flow(1, 1), &flow(2, 2)), 2, "another flow of the same phone");
    assert_eq!(count_after(&contact(1, PHONE), &flow(2, 2)), 1);
}

#[test]
fn a_flow_that_lives_is_left_alone() {
    let mut place = left_behind("<sip:a@192.0.2.7:40001;transport=tcp>");
    place.bindings[0].facts.connection = 1;
    assert_eq!(place.register("after", 1, &["Contact: <sip:a@192.0.2.7:40002;transport=tcp>"]), KEPT);
    assert_eq!(place.bindings.len(), 2);
}

#[test]
fn only_a_connection_takes_the_place_of_a_connection() {
    let mut place = left_behind("<sip:a@192.0.2.7:40001;transport=tcp>");
    place.connection = 0;
    assert_eq!(place.register("after", 1, &["Contact: <sip:a@192.0.2.7:40002>"]), KEPT);
    assert_eq!(place.bindings.len(), 2);
    place.connection = 3;
    // And what came by UDP has no flow that could be dead.
    assert_eq!(place.register("third", 1, &["Contact: <sip:a@192.0.2.7:40003>"]), KEPT);
    assert_eq!(place.left(), ["sip:a@192.0.2.7:40002 3600", "sip:a@192.0.2.7:40003 3600"]);
}

#[test]
fn what_was_left_behind_makes_room_first() {
    let mut place = left_behind("<sip:a@192.0.2.7:40001;transport=tcp>;expires=7200");
    let two = ["Contact: <sip:b@h.test>;expires=60, <sip:c@h.test>;expires=60"];
    assert_eq!(place.register("others", 1, &two), KEPT);
    assert_eq!(place.register("after", 1, &["Contact: <sip:a@192.0.2.7:40002;transport=tcp>"]), KEPT);
    assert_eq!(place.bindings.len(), 3);
}
