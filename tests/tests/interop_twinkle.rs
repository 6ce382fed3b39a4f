//! Twinkle against the running server, over UDP and TCP, the transports it has.

use acceptance::Server;
use acceptance::phones::{Settings, life, twinkle};
use acceptance::sip::Transport;
use serde_json::json;

const USERNAME: &str = "twinkle_phone";
const PASSWORD: &str = "Correct!Horse7";
const TRANSPORTS: [Transport; 2] = [Transport::Udp, Transport::Tcp];

#[test]
fn it_lives_through_refreshes_and_a_restart() {
    life::is_lived(&TRANSPORTS, twinkle::start);
}

#[test]
fn it_registers_and_leaves_under_both_domains() {
    for transport in TRANSPORTS {
        let server = Server::start();
        let account = server.account("twinkle");
        let _id = server.api(&account).credential(USERNAME, PASSWORD);
        let settings = Settings::new(&server, &account, transport, USERNAME, PASSWORD);
        for domain in [&account.sip_domain, &account.realm] {
            let attempt = twinkle::register(&settings.clone().with_domain(domain));
            attempt.expect_registered();
            assert_eq!(attempt.trace.challenges()[0].algorithm, "MD5");
        }
    }
}

#[test]
fn wrong_password_and_disabled_credential_are_refused() {
    let server = Server::start();
    let account = server.account("twinkle");
    let api = server.api(&account);
    let id = api.credential(USERNAME, PASSWORD);
    let settings = Settings::new(&server, &account, Transport::Udp, USERNAME, PASSWORD);
    twinkle::register(&settings.clone().with_password("Wrong!Horse77")).expect_refused();
    api.update(&id, &json!({"enabled": false}));
    twinkle::register(&settings).expect_refused();
    api.update(&id, &json!({"enabled": true}));
    twinkle::register(&settings).expect_registered();
}
