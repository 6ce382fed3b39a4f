//! What each challenge policy offers, and that every offered algorithm opens the registrar, by a digest client that
//! shares no code with the server.

use acceptance::Server;
use acceptance::sip::{Challenge, HandmadePhone, Transport};

const USERNAME: &str = "any_algorithm";
const PASSWORD: &str = "Correct!Horse7 äöü";

#[test]
fn every_policy_offers_what_it_says_and_every_offer_works() {
    let server = Server::start();
    let account = server.account("algorithms");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    for (policy, offered) in
        [("compatible", &["MD5"][..]), ("sha256", &["SHA-256"]), ("rfc8760", &["SHA-512-256", "SHA-256", "MD5"])]
    {
        account.set_policy(&server.data_dir(), policy);
        for transport in Transport::ALL {
            for (place, algorithm) in offered.iter().enumerate() {
                let address = server.sip(transport);
                let mut phone = HandmadePhone::new(transport, address, &account.sip_domain, USERNAME, PASSWORD);
                let challenges = phone.challenges("");
                let names: Vec<_> = challenges.iter().map(|challenge| challenge.algorithm.as_str()).collect();
                assert_eq!(names, offered, "under {policy}");
                assert!(challenges.iter().all(|challenge| challenge.realm == account.realm && !challenge.stale));
                phone.hold(challenges[place].clone());
                let contact = format!("Contact: {}\r\n", phone.contact());
                let response = phone.reuse(&contact);
                assert_eq!(response.status, 200, "{algorithm}: {}", response.text);
            }
        }
    }
}

#[test]
fn session_variants_work_where_their_base_does() {
    let server = Server::start();
    let account = server.account("sessions");
    account.set_policy(&server.data_dir(), "rfc8760");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    let address = server.sip(Transport::Udp);
    for place in 0..3 {
        let mut phone = HandmadePhone::new(Transport::Udp, address, &account.sip_domain, USERNAME, PASSWORD);
        let mut challenge = phone.challenges("")[place].clone();
        challenge.algorithm.push_str("-sess");
        phone.hold(challenge.clone());
        let response = phone.reuse("");
        assert_eq!(response.status, 200, "{}: {}", challenge.algorithm, response.text);
    }
}

#[test]
fn what_was_not_offered_is_not_accepted() {
    let server = Server::start();
    let account = server.account("retired");
    account.set_policy(&server.data_dir(), "sha256");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    let address = server.sip(Transport::Udp);
    let mut phone = HandmadePhone::new(Transport::Udp, address, &account.sip_domain, USERNAME, PASSWORD);
    let challenge = phone.challenges("").remove(0);
    phone.hold(Challenge { algorithm: "MD5".to_owned(), ..challenge });
    let response = phone.reuse("");
    assert_eq!(response.status, 401, "{}", response.text);
}

#[test]
fn a_captured_request_is_good_for_nothing() {
    let server = Server::start();
    let account = server.account("replays");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    let address = server.sip(Transport::Udp);
    let mut phone = HandmadePhone::new(Transport::Udp, address, &account.sip_domain, USERNAME, PASSWORD);
    phone.challenge("");
    let request = phone.reusing_request("");
    let first = phone.peer.exchange(&request);
    assert_eq!(first.status, 200, "{}", first.text);
    // The very same datagram is a retransmission and gets the very same answer.
    let again = phone.peer.exchange(&request);
    assert_eq!(again.text, first.text);
    // With a branch and a Call-ID of its own it is a new request with an old nonce count.
    let replayed =
        request.replace("branch=z9hG4bK", "branch=z9hG4bKreplayed").replace("Call-ID: ", "Call-ID: replayed");
    assert_eq!(phone.peer.exchange(&replayed).status, 401);
    // And the honest phone is not punished for it.
    let honest = phone.reuse("");
    assert_eq!(honest.status, 200, "{}", honest.text);
}
