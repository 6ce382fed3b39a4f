//! Which next hop a call goes to, and what becomes of it when one refuses: 6xx, redirections, exact weights.

use acceptance::Trunked;
use acceptance::sip::Transport;
use acceptance::sip::party::Party;
use serde_json::json;
use std::collections::HashMap;
use std::net::SocketAddr;
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

#[test]
fn whoever_is_called_and_refuses_is_asked_no_further() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut first, mut second) = (trunked.phone(Transport::Udp), gateway(&trunked), gateway(&trunked));
    in_order(&trunked, &[at(first.local()), at(second.local())]);
    for (status, code) in [("603 Decline", 603), ("486 Busy Here", 486), ("404 Not Found", 404)] {
        let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
        let invite = first.request("INVITE");
        first.answer(&invite, status, "", "");
        first.request("ACK");
        phone.expect_refusal(&outgoing, code);
    }
    assert!(second.is_silent_for(Duration::from_millis(200)));
}

#[test]
fn a_redirection_of_a_next_hop_is_never_followed() {
    let trunked = Trunked::start(&[]);
    let (mut phone, mut gateway, mut elsewhere) = (trunked.phone(Transport::Udp), trunked.gateway(), gateway(&trunked));
    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    let invite = gateway.request("INVITE");
    let contact = format!("Contact: <{}>\r\n", elsewhere.uri("premium"));
    gateway.answer(&invite, "302 Moved Temporarily", &contact, "");
    gateway.request("ACK");
    let refused = phone.final_of(&outgoing);
    phone.refuse_ack(&outgoing, &refused);
    assert!(refused.status().is_some_and(|status| status >= 400), "{refused:#?}");
    assert!(!refused.has("contact"), "{refused:#?}");
    assert!(elsewhere.is_silent_for(Duration::from_millis(300)));
}

/// Smooth rotation is exact after every whole turn, not only on average.
#[test]
fn two_thousand_calls_are_spread_by_weight_exactly() {
    const CALLS: usize = 2_000;
    let trunked = Trunked::start(&[]);
    let mut phone = trunked.phone(Transport::Udp);
    let weights: [u16; 3] = [5, 3, 2];
    let mut gateways: Vec<_> = weights.iter().map(|_| gateway(&trunked)).collect();
    let uris: Vec<_> = weights
        .iter()
        .zip(&gateways)
        .map(|(weight, gateway)| trunked.uri(&json!({"uri": at(gateway.local()), "priority": 1, "weight": weight})))
        .collect();
    trunked.attach(&json!({"origination_uris": uris}));
    let mut counted: HashMap<usize, usize> = HashMap::new();
    let mut turn = Vec::new();
    for _ in 0..CALLS {
        let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
        let began = Instant::now();
        let (chosen, invite) = loop {
            let came = gateways.iter_mut().enumerate().find_map(|(index, gateway)| {
                let wanted = |m: &acceptance::sip::party::SipText| m.method() == Some("INVITE");
                gateway.try_take(Duration::from_millis(1), wanted).map(|invite| (index, invite))
            });
            if let Some(came) = came {
                break came;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "no gateway was asked");
        };
        gateways[chosen].answer(&invite, "486 Busy Here", "", "");
        phone.expect_refusal(&outgoing, 486);
        *counted.entry(chosen).or_default() += 1;
        turn.push(chosen);
        if turn.len() == 10 {
            let of = |wanted: usize| turn.iter().filter(|chosen| **chosen == wanted).count();
            assert_eq!([of(0), of(1), of(2)], [5, 3, 2], "each turn of ten: {turn:?}");
            turn.clear();
        }
        for gateway in &mut gateways {
            gateway.forget();
        }
        phone.forget();
    }
    assert_eq!(counted, HashMap::from([(0, 1_000), (1, 600), (2, 400)]));
}
