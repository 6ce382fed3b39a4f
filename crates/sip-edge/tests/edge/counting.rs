//! What has been handled, for metrics.

use crate::phone::{Phone, status};
use crate::world::{Options, World, tcp};
use domain::SignallingTransport::{Tcp, Udp};
use sip_edge::Counters;

/// Method, transport and how many.
type Requests = Vec<(&'static str, &'static str, u64)>;

/// The kinds that were counted at all.
pub fn counted(counters: &Counters) -> (Requests, Vec<(u16, u64)>) {
    let totals = counters.totals();
    let requests = totals.requests.iter().filter(|kind| kind.count > 0);
    let responses = totals.responses.iter().filter(|kind| kind.count > 0);
    (
        requests.map(|kind| (kind.method.unwrap_or("other"), kind.transport.as_str(), kind.count)).collect(),
        responses.map(|kind| (kind.code.unwrap_or(0), kind.count)).collect(),
    )
}

#[tokio::test]
async fn requests_and_responses_are_counted_on_every_lane() {
    let mut world = World::empty(Options { lanes: 3, ..Options::default() }).await;
    let scope = world.account(crate::world::ACCOUNT, None).await;
    world.credential(&scope, "alice").await;
    let counters = world.node.edge.counters();
    let totals = counters.totals();
    assert_eq!((totals.requests.len(), totals.responses.len()), (75, 22), "every kind is listed from the start");
    assert_eq!(counted(&counters), (vec![], vec![]));
    for lane in 0..3 {
        let mut phone = Phone { lane, call_id: format!("call-{lane}"), ..Phone::new("alice") };
        assert_eq!(status(&phone.register(&mut world, &[])), 200);
    }
    let mut phone = Phone { call_id: "tcp".into(), ..Phone::new("alice") };
    phone.flow = tcp(phone.flow.remote, 7);
    let options = phone.draft("OPTIONS", "sip:ma-aaaaaaaa.example.test");
    phone.be_challenged(&mut world, &options);
    let made_up = phone.draft("REGISTERED", "sip:ma-aaaaaaaa.example.test");
    phone.be_challenged(&mut world, &made_up);
    let ack = phone.draft("ACK", "sip:ma-aaaaaaaa.example.test");
    let text = phone.write(&ack);
    assert_eq!(world.receive_on(0, &phone.flow, text.as_bytes()), []);
    // Neither of these is a request.
    for octets in [&b"nonsense"[..], b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKx\r\n\r\n"] {
        assert_eq!(world.receive_on(0, &phone.flow, octets), []);
    }
    let (tcp, udp) = (Tcp.as_str(), Udp.as_str());
    let requests = vec![("REGISTER", udp, 6), ("OPTIONS", tcp, 1), ("ACK", tcp, 1), ("other", tcp, 1)];
    assert_eq!(counted(&counters), (requests, vec![(401, 3), (200, 3), (407, 2)]));
}
