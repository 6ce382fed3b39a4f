//! What no phone should send, and that afterwards every phone still registers.

use acceptance::sip::message::{options, unique};
use acceptance::sip::{HandmadePhone, RawSip, Transport};
use acceptance::{Account, Server};
use std::thread;
use std::time::{Duration, Instant};

const USERNAME: &str = "good_phone";
const PASSWORD: &str = "Correct!Horse7";
/// Longer than the server may take to give up on a connection that stalls inside a message.
const STALL_LIMIT: Duration = Duration::from_secs(75);
/// A peer that never pauses for long, and never gets anywhere.
const TRICKLE_INTERVAL: Duration = Duration::from_millis(500);
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Long enough to see that nothing comes.
const SILENCE: Duration = Duration::from_millis(300);
const BIGGEST_DATAGRAM: usize = 65_507;

fn server_with_phone() -> (Server, Account) {
    let server = Server::start();
    let account = server.account("good");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    (server, account)
}

/// Registers a phone over each transport.
fn expect_still_registers(server: &mut Server, account: &Account) {
    assert!(server.is_alive(), "the server has died");
    for transport in Transport::ALL {
        let address = server.sip(transport);
        let mut phone = HandmadePhone::new(transport, address, &account.sip_domain, USERNAME, PASSWORD);
        let response = phone.register(60);
        assert_eq!(response.status, 200, "{}", response.text);
    }
}

#[test]
fn datagrams_of_garbage() {
    let (mut server, account) = server_with_phone();
    let mut peer = RawSip::connect(Transport::Udp, server.sip(Transport::Udp));
    let fixed: [&[u8]; 12] = [
        b"",
        b"\0",
        b"\r\n\r\n",
        b"\r\n",
        b"\x00\x01\x00\x00\x21\x12\xa4\x42aaaaaaaaaaaa",
        b"SIP/2.0",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"REGISTER",
        b"REGISTER sip:x SIP/2.0\r\n",
        b"REGISTER sip:x SIP/2.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b":\r\n:\r\n\r\n",
    ];
    for octets in fixed {
        peer.send(octets);
    }
    let mut noise = Noise(0x5eed);
    for length in 0..500_usize {
        peer.send(&noise.octets(length * 3));
    }
    peer.send(&noise.octets(BIGGEST_DATAGRAM));
    expect_still_registers(&mut server, &account);
}

#[test]
fn messages_with_one_octet_changed() {
    let (mut server, account) = server_with_phone();
    let address = server.sip(Transport::Udp);
    let mut phone = HandmadePhone::new(Transport::Udp, address, &account.sip_domain, USERNAME, PASSWORD);
    phone.challenge("");
    let request = phone.reusing_request("Contact: <sip:a@127.0.0.1:9>\r\n").into_bytes();
    let mut noise = Noise(7);
    for place in 0..request.len() {
        let mut changed = request.clone();
        changed[place] = noise.octets(1)[0];
        phone.peer.send(&changed);
        let mut shorter = request.clone();
        shorter.truncate(place);
        phone.peer.send(&shorter);
    }
    expect_still_registers(&mut server, &account);
}

#[test]
fn datagrams_as_big_as_they_get() {
    let (mut server, account) = server_with_phone();
    let address = server.sip(Transport::Udp);
    let mut phone = HandmadePhone::new(Transport::Udp, address, &account.sip_domain, USERNAME, PASSWORD);
    let bare = phone.request("");
    let filling = |line: &str| {
        let count = (BIGGEST_DATAGRAM - bare.len()) / line.len();
        line.repeat(count)
    };
    for headers in [
        filling("X-Filling: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"),
        filling("X: 1\r\n"),
        filling("Contact: <sip:a@127.0.0.1>\r\n"),
        filling("Authorization: Digest username=\"a\"\r\n"),
        filling("Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx\r\n"),
        format!("X-One: {}\r\n", "a".repeat(BIGGEST_DATAGRAM - bare.len() - 20)),
    ] {
        let request = phone.request(&headers);
        phone.peer.send(request.as_bytes());
        if let Some(response) = phone.peer.receive(SILENCE) {
            assert!((400..600).contains(&response.status), "{}", response.text);
        }
    }
    expect_still_registers(&mut server, &account);
}

#[test]
fn a_stream_in_single_octets_is_one_message() {
    let (server, account) = server_with_phone();
    let address = server.sip(Transport::Tcp);
    let mut phone = HandmadePhone::new(Transport::Tcp, address, &account.sip_domain, USERNAME, PASSWORD);
    phone.challenge("");
    let contact = format!("Contact: {}\r\n", phone.contact());
    let request = phone.reusing_request(&contact);
    for octet in request.as_bytes() {
        assert!(phone.peer.send(&[*octet]));
        // Just long enough that each octet travels alone.
        thread::sleep(Duration::from_millis(1));
    }
    let response = phone.peer.receive(ANSWER_LIMIT).expect("an answer");
    assert_eq!(response.status, 200, "{}", response.text);
}

#[test]
fn a_stream_may_carry_several_messages_at_once() {
    let (server, account) = server_with_phone();
    let mut peer = RawSip::connect(Transport::Tcp, server.sip(Transport::Tcp));
    let via = peer.via();
    let (one, other) = (options(&account.sip_domain, &via), options(&account.sip_domain, &via));
    // Line ends between messages are keep-alives (RFC 5626 section 3.5.1).
    peer.send(format!("\r\n\r\n{one}\r\n{other}").as_bytes());
    for request in [one, other] {
        let response = peer.receive(ANSWER_LIMIT).expect("an answer");
        let call_id = request.lines().find_map(|line| line.strip_prefix("Call-ID: "));
        assert_eq!(response.header("call-id"), call_id, "{}", response.text);
    }
}

#[test]
fn peers_that_stall_are_given_up_and_hold_nobody_up() {
    let (mut server, account) = server_with_phone();
    let address = server.sip(Transport::Tcp);
    let register = HandmadePhone::new(Transport::Tcp, address, &account.sip_domain, USERNAME, PASSWORD).request("");
    let stalled = [
        register[..register.len() / 2].to_owned(),
        register.replace("Content-Length: 0", "Content-Length: 500"),
        "REGISTER".to_owned(),
    ];
    thread::scope(|scope| {
        let waiting: Vec<_> = stalled
            .iter()
            .map(|octets| {
                scope.spawn(move || {
                    let mut peer = RawSip::connect(Transport::Tcp, address);
                    peer.send(octets.as_bytes());
                    assert!(peer.is_closed_within(STALL_LIMIT), "never given up after {octets:?}");
                })
            })
            .collect();
        let trickling = scope.spawn(move || {
            let mut peer = RawSip::connect(Transport::Tcp, address);
            peer.send(b"REGISTER sip:x SIP/2.0\r\nX-Slow: ");
            let began = Instant::now();
            while !peer.is_closed_within(TRICKLE_INTERVAL) {
                assert!(began.elapsed() < STALL_LIMIT, "never given up while octets trickle");
                peer.send(b"a");
            }
        });
        for _ in 0..20 {
            expect_still_registers(&mut server, &account);
        }
        trickling.join().expect("a trickling peer");
        for waiting in waiting {
            waiting.join().expect("a stalled peer");
        }
    });
    expect_still_registers(&mut server, &account);
}

#[test]
fn lengths_that_lie_in_a_datagram() {
    let (mut server, account) = server_with_phone();
    let address = server.sip(Transport::Udp);
    let mut phone = HandmadePhone::new(Transport::Udp, address, &account.sip_domain, USERNAME, PASSWORD);
    for (length, body, status) in [
        ("Content-Length: 1", "", 400),
        ("Content-Length: 500", "short", 400),
        ("Content-Length: 4294967296", "", 400),
        ("Content-Length: 99999999999999999999999", "", 400),
        ("Content-Length: -1", "", 400),
        ("Content-Length: none", "", 400),
        ("Content-Length: 0\r\nContent-Length: 3", "abc", 400),
        // What stands behind the body is nobody's (RFC 3261 section 18.3).
        ("Content-Length: 0", "more than was said", 401),
        ("Content-Length: 3", "more than was said", 401),
    ] {
        let request = phone.request("").replace("Content-Length: 0", length) + body;
        let response = phone.peer.exchange(&request);
        assert_eq!(response.status, status, "after {length}: {}", response.text);
    }
    expect_still_registers(&mut server, &account);
}

#[test]
fn lengths_that_lie_in_a_stream() {
    let (mut server, account) = server_with_phone();
    let address = server.sip(Transport::Tcp);
    for length in ["-1", "none", "4294967296", "99999999999999999999999", "1000000000"] {
        let mut phone = HandmadePhone::new(Transport::Tcp, address, &account.sip_domain, USERNAME, PASSWORD);
        let request = phone.request("").replace("Content-Length: 0", &format!("Content-Length: {length}"));
        phone.peer.send(request.as_bytes());
        // Where the next message starts cannot be known any more: an answer if there is one, and then the end.
        if let Some(response) = phone.peer.receive(ANSWER_LIMIT) {
            assert!((400..600).contains(&response.status), "after {length}: {}", response.text);
        }
        assert!(phone.peer.is_closed_within(ANSWER_LIMIT), "still open after Content-Length: {length}");
    }
    // Too short: the rest is read as the next message, which it is not.
    let mut phone = HandmadePhone::new(Transport::Tcp, address, &account.sip_domain, USERNAME, PASSWORD);
    let request = phone.request("");
    phone.peer.send(format!("{request}this is no message\r\n\r\n").as_bytes());
    let response = phone.peer.receive(ANSWER_LIMIT).expect("an answer to what was whole");
    assert_eq!(response.status, 401, "{}", response.text);
    // Too long: the body is waited for, and then the message is answered.
    let mut phone = HandmadePhone::new(Transport::Tcp, address, &account.sip_domain, USERNAME, PASSWORD);
    let request = phone.request("").replace("Content-Length: 0", "Content-Length: 10");
    phone.peer.send(request.as_bytes());
    assert!(phone.peer.receive(SILENCE).is_none(), "answered before the body was there");
    phone.peer.send(b"0123456789");
    assert_eq!(phone.peer.receive(ANSWER_LIMIT).map(|response| response.status), Some(401));
    expect_still_registers(&mut server, &account);
}

#[test]
fn many_connections_at_once() {
    let (mut server, account) = server_with_phone();
    let address = server.sip(Transport::Tcp);
    let mut idle: Vec<RawSip> = (0..300).map(|_| RawSip::connect(Transport::Tcp, address)).collect();
    expect_still_registers(&mut server, &account);
    // Each of them is still good.
    for peer in idle.iter_mut().step_by(50) {
        let request = options(&account.sip_domain, &peer.via());
        assert!(peer.try_exchange(&request).is_some(), "an idle connection was not answered");
    }
    drop(idle);
    for _ in 0..500 {
        let mut brief = RawSip::connect(Transport::Tcp, address);
        brief.send(b"REGISTER sip:");
    }
    expect_still_registers(&mut server, &account);
}

#[test]
fn contacts_and_times_that_make_no_sense() {
    let (mut server, account) = server_with_phone();
    let address = server.sip(Transport::Udp);
    let mut phone = HandmadePhone::new(Transport::Udp, address, &account.sip_domain, USERNAME, PASSWORD);
    // What can be read but makes no sense is told to the phone's owner only.
    for headers in
        ["Contact: *\r\n", "Contact: *\r\nExpires: 60\r\n", "Contact: *, <sip:a@127.0.0.1:9>\r\nExpires: 0\r\n"]
    {
        let response = phone.authenticated(headers);
        assert_eq!(response.status, 400, "{headers:?}: {}", response.text);
    }
    // What cannot be read is told to anybody.
    for headers in ["Contact: <sip:a@127.0.0.1:9\r\n", "Contact: \"\r\n"] {
        let request = phone.request(headers);
        let response = phone.peer.exchange(&request);
        assert_eq!(response.status, 400, "{headers:?}: {}", response.text);
    }
    let nothing = phone.query();
    assert!(nothing.contacts().is_empty(), "{}", nothing.text);
    let unusual = format!("Contact: <sip:{}@127.0.0.1:9>;expires=99999999999\r\n", unique());
    assert!(matches!(phone.authenticated(&unusual).status, 200 | 400));
    expect_still_registers(&mut server, &account);
}

/// Octets without meaning, the same in every run.
struct Noise(u64);

impl Noise {
    fn octets(&mut self, count: usize) -> Vec<u8> {
        let mut next = || {
            // xorshift64, as good as any for noise.
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0.to_le_bytes()[3]
        };
        (0..count).map(|_| next()).collect()
    }
}
