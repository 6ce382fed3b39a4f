//! Dialogs as both sides make them, their routes and the order of their requests; session timers as messages set them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use sip_dialog::*;
use sip_message::write::HeaderLines;
use sip_message::{CheckedRequest, HeaderSpans, Message, Method, Response, parse};

fn with_request<T>(method: &str, extra: &str, read: impl FnOnce(&CheckedRequest<'_>) -> T) -> T {
    let text = format!(
        "{method} sip:us@h SIP/2.0\r\nVia: SIP/2.0/UDP p;branch=z9hG4bK1\r\nFrom: \"P\" <sip:p@h>;tag=theirs\r\n\
         To: <sip:us@h>\r\nCall-ID: c1\r\n{extra}\r\n"
    );
    let mut spans = HeaderSpans::new();
    let Ok(Message::Request(request)) = parse(text.as_bytes(), &mut spans) else { panic!("{text}") };
    read(&request.check().unwrap())
}

fn with_response<T>(extra: &str, read: impl FnOnce(&Response<'_>) -> T) -> T {
    let text = format!(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP u;branch=z9hG4bK1\r\nFrom: <sip:us@h>;tag=ours\r\n\
         To: <sip:p@h>;tag=theirs\r\nCall-ID: c1\r\nCSeq: 3 INVITE\r\n{extra}\r\n"
    );
    let mut spans = HeaderSpans::new();
    let Ok(Message::Response(response)) = parse(text.as_bytes(), &mut spans) else { panic!("{text}") };
    response.check().unwrap();
    read(&response)
}

fn path() -> Path {
    let text = |text: &str| text.as_bytes().into();
    Path { via: text("SIP/2.0/UDP u"), contact: text("<sip:u>"), route: text("<sip:edge;lr>, <sip:far;lr>") }
}

fn opening() -> Opening {
    let parties = Parties { from: b"<sip:us@h>", to: b"<sip:p@h>", request_uri: b"sip:p@there" };
    let mut opening = Opening::new(&parties, b"c1", b"ours", path());
    for _ in 0..3 {
        opening.start(&mut Vec::new(), Method::Invite, (b"z9hG4bK1", 70)).finish(b"");
    }
    opening
}

fn bye(dialog: &mut Dialog) -> String {
    let mut out = Vec::new();
    dialog.start(&mut out, Method::Bye, (b"z9hG4bK2", 70)).finish(b"");
    String::from_utf8(out).unwrap()
}

#[test]
fn an_opening_takes_the_routes_of_its_path() {
    let mut out = Vec::new();
    opening().start(&mut out, Method::Invite, (b"z9hG4bKb", 9)).finish(b"");
    let expected = "INVITE sip:p@there SIP/2.0\r\nVia: SIP/2.0/UDP u;branch=z9hG4bKb\r\nMax-Forwards: 9\r\n\
         Route: <sip:edge;lr>, <sip:far;lr>\r\nFrom: <sip:us@h>;tag=ours\r\nTo: <sip:p@h>\r\nCall-ID: c1\r\n\
         CSeq: 4 INVITE\r\nContact: <sip:u>\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn who_asked_turns_the_record_route_around() {
    let extra = "Contact: <sip:p@1.2.3.4>\r\nRecord-Route: <sip:r2;lr>, <sip:r1;lr>\r\n";
    let mut dialog = with_response(extra, |response| Dialog::of_response(&opening(), response));
    let expected = "BYE sip:p@1.2.3.4 SIP/2.0\r\nVia: SIP/2.0/UDP u;branch=z9hG4bK2\r\nRoute: <sip:r1;lr>\r\n\
         Route: <sip:r2;lr>\r\nMax-Forwards: 70\r\nFrom: <sip:us@h>;tag=ours\r\nTo: <sip:p@h>;tag=theirs\r\n\
         Call-ID: c1\r\nCSeq: 4 BYE\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(bye(&mut dialog), expected);
    assert_eq!(dialog.next_hop(), b"sip:r1;lr");
}

#[test]
fn who_was_asked_keeps_its_order() {
    let extra =
        "CSeq: 7 INVITE\r\nContact: <sip:p@1.2.3.4>\r\nRecord-Route: <sip:r2;lr>\r\nRecord-Route: <sip:r1;lr>\r\n";
    let mut dialog = with_request("INVITE", extra, |invite| Dialog::of_request(invite, b"ours", path()).unwrap());
    let text = bye(&mut dialog);
    assert!(text.contains("Route: <sip:r2;lr>\r\nRoute: <sip:r1;lr>\r\n"), "{text}");
    assert!(text.contains("From: <sip:us@h>;tag=ours\r\nTo: \"P\" <sip:p@h>;tag=theirs\r\n"), "{text}");
    assert!(bye(&mut dialog.with_local_tag(b"another")).contains("From: <sip:us@h>;tag=another\r\n"));
}

#[test]
fn a_strict_router_gets_its_own_uri_first() {
    let extra = "Contact: <sip:p@1.2.3.4>\r\nRecord-Route: <sip:r2;lr>, <sip:old>\r\n";
    let mut dialog = with_response(extra, |response| Dialog::of_response(&opening(), response));
    let text = bye(&mut dialog);
    assert!(text.starts_with("BYE sip:old SIP/2.0\r\n"), "{text}");
    assert!(text.contains("Route: <sip:r2;lr>\r\nRoute: <sip:p@1.2.3.4>\r\n"), "{text}");
}

#[test]
fn requests_have_to_come_in_order() {
    let extra = "CSeq: 7 INVITE\r\nContact: <sip:p@1.2.3.4>\r\n";
    let mut dialog = with_request("INVITE", extra, |invite| Dialog::of_request(invite, b"ours", path()).unwrap());
    for (cseq, expected) in
        [(7, Err(OutOfOrder)), (6, Err(OutOfOrder)), (9, Ok(())), (8, Err(OutOfOrder)), (10, Ok(()))]
    {
        let got = with_request("INFO", &format!("CSeq: {cseq} INFO\r\n"), |info| dialog.on_request(info));
        assert_eq!(got, expected, "{cseq}");
    }
}

#[test]
fn without_a_usable_contact_there_is_no_dialog() {
    for contact in ["", "Contact: <tel:+49>\r\n", "Contact: *\r\n"] {
        let extra = format!("CSeq: 7 INVITE\r\n{contact}");
        let dialog = with_request("INVITE", &extra, |invite| Dialog::of_request(invite, b"ours", path()));
        assert_eq!(dialog, Err(NoDialog::NoContact), "{contact}");
    }
}

#[test]
fn a_dialog_survives_as_octets() {
    let extra =
        "Contact: <sip:p@1.2.3.4>\r\nRecord-Route: <sip:r2;lr>, <sip:r1;lr>\r\nAllow: UPDATE\r\nSupported: timer\r\n";
    let dialog = with_response(extra, |response| Dialog::of_response(&opening(), response));
    let mut packer = Packer::default();
    packer.dialog(&dialog).session(&SessionTimer::new(600, Duty::Await, 5));
    let octets = packer.into_octets();
    let mut unpacker = Unpacker::new(&octets);
    assert_eq!(unpacker.dialog(), Ok(dialog));
    assert_eq!(unpacker.session(5), Ok(SessionTimer::new(600, Duty::Await, 5)));
    assert_eq!(unpacker.u8(), Err(Damaged));
    for length in 0..octets.len() {
        let mut cut = Unpacker::new(octets.get(..length).unwrap());
        assert!(cut.dialog().is_err() || cut.session(0).is_err(), "{length}");
    }
}

#[test]
fn what_a_session_is_granted() {
    let policy = SessionPolicy { interval_seconds: 1_800, min_interval_seconds: 120 };
    for (extra, expected) in [
        ("Supported: timer\r\nSession-Expires: 600\r\n", "Session-Expires: 600;refresher=uac\r\nRequire: timer\r\n"),
        ("Supported: timer\r\nAllow: UPDATE\r\nSession-Expires: 7200\r\n", "Session-Expires: 1800;refresher=uas\r\n"),
        ("Supported: timer\r\nSession-Expires: 600 ; refresher=UAS\r\n", "Session-Expires: 600;refresher=uas\r\n"),
        (
            "Supported: timer\r\nSession-Expires: 4000\r\nMin-SE: 3600\r\n",
            "Session-Expires: 3600;refresher=uac\r\nRequire: timer\r\n",
        ),
        ("Supported: timer\r\nAllow: UPDATE\r\n", "Session-Expires: 1800;refresher=uas\r\n"),
        ("Session-Expires: 60\r\n", ""),
    ] {
        let extra = format!("CSeq: 1 INVITE\r\n{extra}");
        let grant = with_request("INVITE", &extra, |invite| {
            Grant::to(invite.headers(), PeerFeatures::of(invite.headers()), policy).unwrap()
        });
        let mut lines = HeaderLines::new();
        grant.write(&mut lines);
        assert_eq!(String::from_utf8_lossy(lines.as_octets()), expected, "{extra}");
    }
    let small = with_request("INVITE", "CSeq: 1 INVITE\r\nSupported: timer\r\nSession-Expires: 119\r\n", |invite| {
        Grant::to(invite.headers(), PeerFeatures::of(invite.headers()), policy)
    });
    assert_eq!(small, Err(IntervalTooSmall { min_seconds: 120 }));
}

#[test]
fn who_refreshes_after_a_success() {
    for (extra, duty, seconds) in [
        ("Session-Expires: 300;refresher=uas\r\n", Duty::Await, 300),
        ("Session-Expires: 300;refresher=uac\r\n", Duty::Refresh, 300),
        ("Session-Expires: 10\r\n", Duty::Refresh, 90),
        ("", Duty::Probe, 1_800),
    ] {
        let timer = with_response(extra, |response| agreed(response.headers(), SessionPolicy::default(), 0));
        assert_eq!((timer.duty(), timer.seconds()), (duty, seconds), "{extra}");
    }
}

#[test]
fn rack_and_rseq() {
    let rack = |value: &str| {
        with_request("PRACK", &format!("CSeq: 2 PRACK\r\nRAck: {value}\r\n"), |prack| {
            RAck::of(prack.headers()).map(|rack| (rack.rseq, rack.cseq, rack.method == Method::Invite))
        })
    };
    assert_eq!(rack("776656 1 INVITE"), Some((776_656, 1, true)));
    assert_eq!(rack("1  1\tUPDATE"), Some((1, 1, false)));
    for wrong in ["1 INVITE", "1 1 INVITE x", "x 1 INVITE", "-1 1 INVITE"] {
        assert_eq!(rack(wrong), None, "{wrong}");
    }
    let rseq = |extra: &str| with_response(extra, |response| reliable_rseq(response.headers()));
    assert_eq!(rseq("Require: 100REL\r\nRSeq: 4\r\n"), Some(4));
    assert_eq!(rseq("RSeq: 4\r\n"), None);
    assert_eq!(rseq("Require: 100rel\r\nRSeq: 0\r\n"), None);
}
