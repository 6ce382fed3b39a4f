//! What somebody who reads the wire can do with it: send again what a phone has sent, or write its address on packets.

use acceptance::sip::digest::{Challenge, Credentials, Subject};
use acceptance::sip::message::unique;
use acceptance::sip::{HandmadePhone, RawSip, Response, Transport};
use acceptance::{Account, Server};
use std::net::{IpAddr, Ipv4Addr};

const USERNAME: &str = "overheard";
const PASSWORD: &str = "Correct!Horse7";
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 99));
const OFFICE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

fn server_with_phone(options: &[&str]) -> (Server, Account, HandmadePhone) {
    let server = Server::start_with(options);
    let account = server.account("replayed");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    let phone = phone(&server, &account, Transport::Udp);
    (server, account, phone)
}

fn phone(server: &Server, account: &Account, transport: Transport) -> HandmadePhone {
    HandmadePhone::new(transport, server.sip(transport), &account.sip_domain, USERNAME, PASSWORD)
}

/// The request in a transaction of its own: nothing that the digest covers is changed.
fn again(captured: &str) -> String {
    let start = captured.find("branch=z9hG4bK").expect("a branch") + "branch=z9hG4bK".len();
    let end = start + captured[start..].find(';').expect("rport behind the branch");
    format!("{}{}{}", &captured[..start], unique(), &captured[end..])
}

/// An INVITE, with a response to the 407 that it gets.
fn authorized_invite(phone: &mut HandmadePhone, account: &Account) -> String {
    let uri = format!("sip:nobody_there@{}", account.sip_domain);
    let invite = |sequence: u32, authorization: &str| {
        let (domain, unique, via) = (&account.sip_domain, unique(), phone.peer.via());
        format!(
            "INVITE {uri} SIP/2.0\r\nVia: {via};branch=z9hG4bK{unique};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{USERNAME}@{domain}>;tag={unique}\r\nTo: <{uri}>\r\nCall-ID: {unique}\r\n\
             CSeq: {sequence} INVITE\r\nContact: {}\r\n{authorization}Content-Length: 0\r\n\r\n",
            phone.contact()
        )
    };
    let (first, second) = (invite(1, ""), |authorization: &str| invite(2, authorization));
    let mut peer = RawSip::udp_from(phone.peer.local().ip(), phone.peer.remote());
    let challenged = peer.exchange(&first);
    assert_eq!(challenged.status, 407, "{}", challenged.text);
    let challenge = Challenge::parse(challenged.header("proxy-authenticate").expect("a challenge"));
    let credentials = Credentials { username: USERNAME.to_owned(), password: PASSWORD.to_owned() };
    let answer = challenge.answer(&credentials, Subject { method: "INVITE", uri: &uri, nonce_count: 1 });
    second(&format!("Proxy-Authorization: {answer}\r\n"))
}

/// A challenge, and no other header of an answer to somebody who was let in.
fn is_refused(response: &Response, what: &str) {
    assert!(matches!(response.status, 401 | 407), "{what}: {}", response.text);
    assert_eq!(response.contacts().len(), 0, "{what}");
}

#[test]
fn a_captured_register_or_invite_is_good_for_nothing() {
    let (mut server, account, mut phone) = server_with_phone(&[]);
    let contact = format!("Contact: {}\r\nExpires: 600\r\n", phone.contact());
    phone.challenge("");
    let register = phone.reusing_request(&contact);
    assert_eq!(phone.peer.exchange(&register).status, 200);
    let invite = authorized_invite(&mut phone, &account);
    assert_eq!(phone.peer.exchange(&invite).status, 404, "authenticated, and nobody there");
    for (name, captured) in [("REGISTER", &register), ("INVITE", &invite)] {
        is_refused(&phone.peer.exchange(&again(captured)), &format!("{name} from the same socket"));
        let mut neighbour = RawSip::connect(Transport::Udp, server.sip(Transport::Udp));
        is_refused(&neighbour.exchange(captured), &format!("{name} from another port"));
        let mut stranger = RawSip::udp_from(ELSEWHERE, server.sip(Transport::Udp));
        let refused = stranger.exchange(captured);
        is_refused(&refused, &format!("{name} from another address"));
        assert!(
            !refused.text.contains("stale=true"),
            "a stranger does not learn that the password is right: {}",
            refused.text
        );
        let mut stream = RawSip::connect(Transport::Tcp, server.sip(Transport::Tcp));
        is_refused(&stream.exchange(captured), &format!("{name} over TCP"));
    }
    server.restart();
    for (name, captured) in [("REGISTER", &register), ("INVITE", &invite)] {
        for transport in Transport::ALL {
            let mut same_address = RawSip::connect(transport, server.sip(transport));
            is_refused(&same_address.exchange(captured), &format!("{name} after a restart over {transport:?}"));
        }
    }
}

/// Failures that count, as many as it takes: each with a challenge issued to that very socket.
fn fail(phone: &mut HandmadePhone, times: usize) {
    let right = std::mem::replace(&mut phone.credentials.password, "Wrong!Horse7".to_owned());
    for _ in 0..times {
        assert_eq!(phone.register(600).status, 401);
    }
    phone.credentials.password = right;
}

#[test]
fn failures_forged_with_an_offices_address_ban_nobody_and_real_ones_do() {
    let (server, account, mut attacker) = server_with_phone(&["--throttle-limit", "3", "--throttle-ban", "3600"]);
    let udp = server.sip(Transport::Udp);
    attacker.peer = RawSip::udp_from(ELSEWHERE, udp);
    attacker.challenge("");
    attacker.credentials.password = "Wrong!Horse7".to_owned();
    let mut forged = RawSip::udp_from(OFFICE, udp);
    for number in 0..200 {
        let with_own_nonce = attacker.reusing_request("");
        let invented = with_own_nonce.replace("nonce=\"", &format!("nonce=\"{number}"));
        for request in [with_own_nonce, invented] {
            // As far as the attacker knows, nobody answers.
            is_refused(&forged.exchange(&request), "a forged failure");
        }
    }
    let mut in_the_office = phone(&server, &account, Transport::Udp);
    in_the_office.peer = RawSip::udp_from(OFFICE, udp);
    assert_eq!(in_the_office.register(600).status, 200, "the office is not banned");
    // The same number of failures with nonces issued to the office does ban, but not the phone that works.
    let mut guesser = phone(&server, &account, Transport::Udp);
    guesser.peer = RawSip::udp_from(OFFICE, udp);
    fail(&mut guesser, 3);
    assert_eq!(guesser.register(600).status, 401, "banned, the right password notwithstanding");
    assert_eq!(in_the_office.register(600).status, 200, "behind the same address, and registered before");
    let mut at_home = phone(&server, &account, Transport::Udp);
    at_home.peer = RawSip::udp_from(ELSEWHERE, udp);
    assert_eq!(at_home.register(600).status, 200, "another address is not banned");
}
