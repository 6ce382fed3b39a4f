//! The messages of RFC 4475, sent as they are: whatever is answered, the server answers the next one as well.

use acceptance::sip::message::options;
use acceptance::sip::{HandmadePhone, RawSip, Transport};
use acceptance::{Account, Server, data};
use std::fs;
use std::time::Duration;

/// Valid requests (sections 3.1.1.1 to 3.1.1.11): a stream goes on behind them.
const VALID: [&str; 11] = [
    "wsinv",
    "intmeth",
    "esc01",
    "escnull",
    "esc02",
    "lwsdisp",
    "longreq",
    "dblreq",
    "semiuri",
    "transports",
    "mpart01",
];
/// A connection may be closed behind a faulty message, but not left hanging.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

fn messages() -> Vec<(String, Vec<u8>)> {
    let mut messages: Vec<_> = fs::read_dir(data("torture"))
        .expect("the torture messages")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("a message"))
        })
        .collect();
    messages.sort();
    assert_eq!(messages.len(), 51, "50 files of the archive and one derived from them");
    messages
}

fn expect_alive(server: &mut Server, account: &Account, transport: Transport, after: &str) {
    let mut peer = RawSip::connect(transport, server.sip(transport));
    let probe = options(&account.sip_domain, &peer.via());
    assert!(peer.try_exchange(&probe).is_some(), "no answer over {transport:?} after {after}");
    assert!(server.is_alive(), "the server has died after {after}");
}

#[test]
fn over_udp_the_server_answers_after_each() {
    let mut server = Server::start();
    let account = server.account("torture");
    for (name, octets) in messages() {
        let mut peer = RawSip::connect(Transport::Udp, server.sip(Transport::Udp));
        peer.send(&octets);
        expect_alive(&mut server, &account, Transport::Udp, &name);
    }
    expect_registers(&server, &account);
}

#[test]
fn over_tcp_the_server_answers_after_each() {
    let mut server = Server::start();
    let account = server.account("torture");
    for (name, octets) in messages() {
        let mut peer = RawSip::connect(Transport::Tcp, server.sip(Transport::Tcp));
        peer.send(&octets);
        if VALID.contains(&name.as_str()) {
            let probe = options(&account.sip_domain, &peer.via());
            assert!(peer.try_exchange(&probe).is_some(), "the stream did not go on behind {name}");
        }
        expect_alive(&mut server, &account, Transport::Tcp, &name);
    }
    expect_registers(&server, &account);
}

#[test]
fn all_on_one_stream_until_it_is_closed() {
    let mut server = Server::start();
    let account = server.account("torture");
    let mut peer = RawSip::connect(Transport::Tcp, server.sip(Transport::Tcp));
    for (name, octets) in messages() {
        if !peer.send(&octets) {
            peer = RawSip::connect(Transport::Tcp, server.sip(Transport::Tcp));
        }
        let probe = options(&account.sip_domain, &peer.via());
        peer.send(probe.as_bytes());
        expect_alive(&mut server, &account, Transport::Tcp, &name);
    }
    // Whatever became of that stream: it is answered or closed, not forgotten with its buffer full.
    let probe = options(&account.sip_domain, &peer.via());
    let answered = peer.try_exchange(&probe).is_some();
    assert!(answered || peer.is_closed_within(ANSWER_LIMIT * 6), "the stream was left hanging");
    expect_registers(&server, &account);
}

fn expect_registers(server: &Server, account: &Account) {
    let _id = server.api(account).credential("after_it", "Correct!Horse7");
    for transport in Transport::ALL {
        let address = server.sip(transport);
        let mut phone = HandmadePhone::new(transport, address, &account.sip_domain, "after_it", "Correct!Horse7");
        assert_eq!(phone.register(60).status, 200);
    }
}
