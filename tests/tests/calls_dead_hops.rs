//! Next hops that are dead, silent or failing: a call goes on to the next, and ends when there is none.

use acceptance::Trunked;
use acceptance::sip::Transport;
use acceptance::sip::dialog::SDP;
use acceptance::sip::party::Party;
use serde_json::json;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

/// Next hops that are tried in this order.
fn in_order(trunked: &Trunked, places: &[String]) {
    let uris: Vec<_> = (1..).zip(places).map(|(at, uri)| trunked.uri(&json!({"uri": uri, "priority": at}))).collect();
    trunked.attach(&json!({"origination_uris": uris}));
}

fn gateway(trunked: &Trunked) -> Party {
    Party::udp(trunked.server.sip(Transport::Udp))
}

fn at(address: SocketAddr) -> String {
    format!("sip:{address}")
}

/// Where nobody listens on TCP.
fn refusing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    format!("sip:{};transport=tcp", listener.local_addr().expect("an address"))
}

/// Where datagrams go and nothing comes from.
fn silent() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").expect("a socket")
}

#[test]
fn a_call_goes_on_to_the_next_hop_when_one_is_dead_silent_or_failing() {
    let trunked = Trunked::start(&["--next-hop-timeout", "600"]);
    let (mut phone, mut failing, mut good) = (trunked.phone(Transport::Udp), gateway(&trunked), gateway(&trunked));
    let mute = silent();
    let mute_at = at(mute.local_addr().expect("an address"));
    in_order(&trunked, &[refusing(), mute_at, at(failing.local()), at(good.local())]);
    let begun = Instant::now();
    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    let at_failing = failing.request("INVITE");
    assert!(begun.elapsed() >= Duration::from_millis(600), "the silent one has its time");
    failing.answer(&at_failing, "503 Service Unavailable", "Retry-After: 30\r\n", "");
    failing.request("ACK");
    let invite = good.request("INVITE");
    assert_eq!(invite.uri(), format!("sip:+4930555@{}", good.local()));
    let mut callee = good.accept_call(&invite, "gw", SDP);
    let answered = phone.final_of(&outgoing);
    assert_eq!(answered.status(), Some(200), "{answered:#?}");
    phone.confirm(&outgoing, &answered, "");
    good.request("ACK");
    good.hang_up(&mut callee);
    phone.expect_bye();
}

#[test]
fn a_call_that_no_next_hop_takes_is_500_or_where_all_were_silent_408() {
    let trunked = Trunked::start(&["--next-hop-timeout", "500"]);
    let (mut phone, mut failing) = (trunked.phone(Transport::Udp), gateway(&trunked));
    let (mute, other) = (silent(), silent());
    let silent_at = |socket: &UdpSocket| at(socket.local_addr().expect("an address"));
    in_order(&trunked, &[silent_at(&mute), silent_at(&other)]);
    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    phone.expect_refusal(&outgoing, 408);

    in_order(&trunked, &[refusing(), at(failing.local())]);
    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    let invite = failing.request("INVITE");
    failing.answer(&invite, "503 Service Unavailable", "Retry-After: 3600\r\n", "");
    let refused = phone.expect_refusal(&outgoing, 500);
    assert!(!refused.has("retry-after"), "that one hop's wish is not ours: {refused:#?}");
    trunked.expect_record(outgoing.call_id(), &json!({"reason": "failed", "sip_status": 500}));

    trunked.attach(&json!({"origination_uris": []}));
    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    let refused = phone.expect_refusal(&outgoing, 480);
    assert!(refused.start.contains("Trunk Has No Next Hop"), "{refused:#?}");
}
