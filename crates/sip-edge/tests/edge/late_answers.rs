//! Removals: their answer leaves when they are durable, over the way the request came.

use crate::phone::{Phone, header, status};
use crate::world::{Options, Sent, World};
use sip_transport::{Flow, UdpWorker, bind_udp};
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use storage::Registrations;

/// A world that can send over a real socket, and a phone behind one.
async fn connected(options: Options) -> (World, Phone, UdpSocket) {
    let mut world = World::empty(options).await;
    let scope = world.account(crate::world::ACCOUNT, None).await;
    world.credential(&scope, "alice").await;
    let (phone, socket) = plug_in(&mut world);
    (world, phone, socket)
}

fn plug_in(world: &mut World) -> (Phone, UdpSocket) {
    let mut sockets = bind_udp("127.0.0.1:0".parse().unwrap(), 1).unwrap();
    let ours = sockets.pop().unwrap();
    let local = ours.local_addr().unwrap();
    // Never run: it only lends its socket to late answers.
    UdpWorker::new(ours, 0, Arc::clone(&world.node.edge), &world.node.flows).unwrap();
    let theirs = UdpSocket::bind("127.0.0.1:0").unwrap();
    theirs.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut phone = Phone::new("alice").at(&theirs.local_addr().unwrap().to_string());
    phone.flow = Flow { local, ..phone.flow };
    (phone, theirs)
}

fn stored(world: &World) -> usize {
    let mut count = 0;
    world.storage.load(world.now(), &mut |_| count += 1).unwrap();
    count
}

/// What arrives at the phone's socket, once other tasks have run.
async fn arrived(phone: &Phone, socket: &UdpSocket) -> Sent {
    tokio::time::sleep(Duration::from_millis(1)).await;
    let mut buffer = vec![0; 65_536];
    let (length, source) = socket.recv_from(&mut buffer).unwrap();
    assert_eq!(source, phone.flow.local);
    buffer.truncate(length);
    Sent { destination: phone.source, octets: buffer }
}

#[tokio::test]
async fn the_answer_to_a_removal_leaves_when_it_is_stored() {
    let (mut world, mut phone, socket) = connected(Options::default()).await;
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    world.restart().await;
    let call = phone.call_id.clone();
    let (mut phone, socket) = (
        Phone {
            call_id: call,
            cseq: phone.cseq,
            contact: phone.contact.clone(),
            ..plug_in_again(&mut world, &phone, &socket)
        },
        socket,
    );
    assert_eq!((world.bindings("alice"), stored(&world)), (1, 1));
    let draft = phone.draft_register(&[]);
    phone.be_challenged(&mut world, &draft);
    let draft = phone.draft_register(&["Expires: 0"]);
    let draft = phone.authorize(&draft);
    let text = phone.write(&draft);
    assert_eq!(world.receive_on(0, &phone.flow, text.as_bytes()), [], "the answer must wait");
    assert_eq!((world.bindings("alice"), stored(&world)), (0, 1));
    // A retransmission meanwhile is absorbed.
    let events = world.events().len();
    assert_eq!(world.receive_on(0, &phone.flow, text.as_bytes()), []);
    let answer = arrived(&phone, &socket).await;
    assert_eq!(status(&answer), 200);
    assert_eq!(header(&answer, "Contact"), None);
    assert!(header(&answer, "Authentication-Info").is_some());
    assert_eq!(stored(&world), 0);
    // A retransmission afterwards gets the same octets.
    assert_eq!(world.receive_on(0, &phone.flow, text.as_bytes()), [answer]);
    assert_eq!(world.events().len(), events);
    // The late answer and its repetition are counted like any other.
    let counted = crate::counting::counted(&world.node.edge.counters());
    assert_eq!(counted, (vec![("REGISTER", "udp", 4)], vec![(401, 1), (200, 2)]));
}

/// The same phone with another socket of the server's.
fn plug_in_again(world: &mut World, phone: &Phone, socket: &UdpSocket) -> Phone {
    let (other, _) = plug_in(world);
    let moved = Phone::new("alice").at(&socket.local_addr().unwrap().to_string());
    assert_eq!(moved.source, phone.source);
    Phone { flow: Flow { local: other.flow.local, ..moved.flow }, ..moved }
}

#[tokio::test]
async fn a_removal_that_cannot_be_stored_is_answered_500_and_made_good_later() {
    let options = Options::default();
    let full = Arc::clone(&options.storage_is_full);
    let (mut world, mut phone, socket) = connected(options).await;
    assert_eq!(status(&phone.register(&mut world, &["Contact: <sip:a@1.test>, <sip:a@2.test>"])), 200);
    let remove = |world: &mut World, phone: &mut Phone, contact: &str| {
        let draft = phone.draft_register(&[&format!("Contact: {contact};expires=0")]);
        let draft = phone.authorize(&draft);
        assert_eq!(world.receive_on(0, &phone.flow, phone.write(&draft).as_bytes()), []);
    };
    full.store(true, Ordering::SeqCst);
    remove(&mut world, &mut phone, "<sip:a@1.test>");
    assert_eq!(status(&arrived(&phone, &socket).await), 500);
    full.store(false, Ordering::SeqCst);
    remove(&mut world, &mut phone, "<sip:a@1.test>");
    let answer = arrived(&phone, &socket).await;
    assert_eq!(status(&answer), 200);
    assert_eq!(header(&answer, "Contact").as_deref(), Some("<sip:a@2.test>;expires=3600"));
    assert_eq!(stored(&world), 1);
}

#[tokio::test]
async fn too_many_waiting_removals_are_told_to_come_again() {
    let (mut world, mut phone, socket) = connected(Options { waiting_removals: 1, ..Options::default() }).await;
    assert_eq!(status(&phone.register(&mut world, &[])), 200);
    let draft = phone.draft_register(&["Expires: 0"]);
    let first = phone.authorize(&draft);
    assert_eq!(world.receive_on(0, &phone.flow, phone.write(&first).as_bytes()), []);
    let draft = phone.draft_register(&["Expires: 0"]);
    let second = phone.authorize(&draft);
    let refused = phone.send(&mut world, &second);
    assert_eq!(status(&refused), 503);
    assert_eq!(header(&refused, "Retry-After").as_deref(), Some("5"));
    // Its retransmissions are answered too, not swallowed as if an answer were to come.
    assert_eq!(phone.send(&mut world, &second), refused);
    assert_eq!(status(&arrived(&phone, &socket).await), 200);
    let draft = phone.draft_register(&["Expires: 0"]);
    let third = phone.authorize(&draft);
    assert_eq!(world.receive_on(0, &phone.flow, phone.write(&third).as_bytes()), []);
    assert_eq!(status(&arrived(&phone, &socket).await), 200);
}

#[tokio::test]
async fn a_late_answer_names_the_flow_too() {
    let (mut world, mut phone, socket) = connected(Options { service_route: true, ..Options::default() }).await;
    assert!(header(&phone.register(&mut world, &[]), "Service-Route").is_some());
    let draft = phone.draft_register(&["Expires: 0"]);
    let draft = phone.authorize(&draft);
    assert_eq!(world.receive_on(0, &phone.flow, phone.write(&draft).as_bytes()), []);
    let answer = arrived(&phone, &socket).await;
    assert_eq!(status(&answer), 200);
    assert!(header(&answer, "Service-Route").is_some());
}
