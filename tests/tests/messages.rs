//! Requests outside any dialog: MESSAGE (RFC 3428) and methods nobody has heard of, between phones and over trunks.

use acceptance::Trunked;
use acceptance::sip::digest::Subject;
use acceptance::sip::message::unique;
use acceptance::sip::party::{Party, SipText};
use acceptance::sip::{Challenge, Transport};
use acceptance::trunked::{NUMBER, PASSWORD, USERNAME, login};
use serde_json::json;
use std::time::Duration;

const TEXT: &str = "Content-Type: text/plain\r\n";

/// A request of the phone's that begins nothing.
struct Note<'n> {
    method: &'n str,
    uri: &'n str,
    headers: &'n str,
    body: &'n str,
}

impl Note<'_> {
    /// Sends it, answers the challenge, and leaves the answer to the caller: the text that was sent and its CSeq.
    fn send(&self, trunked: &Trunked, phone: &mut Party) -> (String, String) {
        let id = unique();
        let first = self.write(trunked, phone, (&id, 1), "");
        phone.send(&first);
        let challenged = phone.take("challenge", |m| m.status() == Some(407) && m.header("call-id") == id);
        let challenge = Challenge::parse(challenged.header("proxy-authenticate"));
        let subject = Subject { method: self.method, uri: self.uri, nonce_count: 1 };
        let proof = format!("Proxy-Authorization: {}\r\n", challenge.answer(&login(USERNAME), subject));
        let second = self.write(trunked, phone, (&id, 2), &proof);
        phone.send(&second);
        (second, id)
    }

    fn answer(&self, trunked: &Trunked, phone: &mut Party) -> SipText {
        let (_, id) = self.send(trunked, phone);
        final_answer(phone, &id)
    }

    fn write(&self, trunked: &Trunked, phone: &Party, (id, sequence): (&str, u32), proof: &str) -> String {
        let Note { method, uri, headers, body } = self;
        let domain = &trunked.account.sip_domain;
        format!(
            "{method} {uri} SIP/2.0\r\n{}Max-Forwards: 70\r\nFrom: <sip:boss@elsewhere.example>;tag=t{id}\r\n\
             To: <sip:somebody@{domain}>\r\nCall-ID: {id}\r\nCSeq: {sequence} {method}\r\n\
             P-Asserted-Identity: <sip:boss@elsewhere.example>\r\n{proof}{headers}Content-Length: {}\r\n\r\n{body}",
            phone.via(&format!("{id}-{sequence}")),
            body.len()
        )
    }
}

fn final_answer(phone: &mut Party, id: &str) -> SipText {
    phone.take("answer", |m| {
        m.status().is_some_and(|status| status >= 200 && status != 407) && m.header("call-id") == id
    })
}

#[test]
fn a_message_reaches_a_phone_with_who_sent_it_and_its_answer_comes_back() {
    let trunked = Trunked::start(&[]);
    let _other = trunked.api.credential("lobby", PASSWORD);
    let (mut sender, mut receiver) = (trunked.phone(Transport::Udp), trunked.phone(Transport::Tcp));
    let uri = format!("sip:lobby@{}", trunked.account.sip_domain);
    let note = Note { method: "MESSAGE", uri: &uri, headers: TEXT, body: "lunch?" };
    assert_eq!(note.answer(&trunked, &mut sender).status(), Some(480), "nobody is registered there");

    trunked.register(&mut receiver, "lobby");
    let (sent, id) = note.send(&trunked, &mut sender);
    let heard = receiver.request("MESSAGE");
    assert_eq!((heard.body.as_str(), heard.header("content-type")), ("lunch?", "text/plain"));
    assert_eq!(heard.address("from"), format!("sip:{USERNAME}@{}", trunked.account.sip_domain));
    assert!(!heard.has("proxy-authorization") && !heard.has("p-asserted-identity"), "{heard:#?}");
    assert_ne!(heard.header("call-id"), id, "each side has its own names");
    // A copy that comes meanwhile goes nowhere, and one that comes afterwards is answered alike.
    sender.send(&sent);
    receiver.answer(&heard, "202 Accepted", "X-Seen: yes\r\n", "");
    let answer = final_answer(&mut sender, &id);
    assert_eq!((answer.status(), answer.header("x-seen")), (Some(202), "yes"));
    sender.forget();
    sender.send(&sent);
    assert_eq!(final_answer(&mut sender, &id).header("to"), answer.header("to"));
    assert!(receiver.try_take(Duration::from_millis(300), |m| m.method().is_some()).is_none(), "said once");

    let unknown = Note { method: "PONDER", uri: &uri, headers: "X-Depth: 7\r\n", body: "" };
    let (_, id) = unknown.send(&trunked, &mut sender);
    let heard = receiver.request("PONDER");
    assert_eq!(heard.header("x-depth"), "7");
    receiver.answer(&heard, "501 Not Implemented", "", "");
    assert_eq!(final_answer(&mut sender, &id).status(), Some(501));
    let calls = trunked.api.send("GET", &trunked.api.path("cdrs"), b"").expect(200);
    assert_eq!(calls["meta"]["total"].as_u64().unwrap_or(0), 0, "no call, no record: {calls}");
}

#[test]
fn what_is_for_nobody_here_goes_nowhere() {
    let trunked = Trunked::start(&[]);
    let mut phone = trunked.phone(Transport::Udp);
    let domain = &trunked.account.sip_domain;
    let to = |user: &str| format!("sip:{user}@{domain}");
    let (abroad, nobody, number) = (to("+12125550100"), to("nobody"), to("+4930555"));
    let (stranger, us) = ("sip:lobby@stranger.example".to_owned(), format!("sip:{domain}"));
    for (method, uri, status) in [
        ("MESSAGE", &stranger, 403),
        ("MESSAGE", &nobody, 404),
        ("MESSAGE", &abroad, 403),
        ("MESSAGE", &number, 480),
        ("PONDER", &us, 501),
        ("SUBSCRIBE", &nobody, 405),
        ("PUBLISH", &nobody, 405),
        ("NOTIFY", &nobody, 481),
        ("REFER", &nobody, 481),
        ("INFO", &nobody, 481),
    ] {
        let note = Note { method, uri, headers: "Event: presence\r\nRefer-To: <sip:a@b.example>\r\n", body: "" };
        let answer = note.answer(&trunked, &mut phone);
        assert_eq!(answer.status(), Some(status), "{method} {uri}: {answer:#?}");
    }
}

#[test]
fn a_message_to_a_number_takes_the_trunk_and_turns_to_the_next_hop_that_lives() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), Party::udp(trunked.server.sip(Transport::Udp)));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let dead = trunked.uri(&json!({"uri": format!("sip:{closed};transport=tcp"), "priority": 1}));
    let live = trunked.uri(&json!({"uri": format!("sip:{}", gateway.local()), "priority": 2}));
    trunked.attach(&json!({"origination_uris": [dead, live]}));
    let uri = format!("sip:+4930555@{}", trunked.account.sip_domain);
    let note = Note { method: "MESSAGE", uri: &uri, headers: TEXT, body: "hello" };
    let (_, id) = note.send(&trunked, &mut phone);
    let heard = gateway.request("MESSAGE");
    assert!(heard.uri().starts_with("sip:+4930555@"), "{heard:#?}");
    assert!(heard.address("from").starts_with(&format!("sip:{NUMBER}@")), "the trunk's number: {heard:#?}");
    gateway.answer(&heard, "503 Service Unavailable", "", "");
    assert_eq!(final_answer(&mut phone, &id).status(), Some(500), "no next hop is left");
}
