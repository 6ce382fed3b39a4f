//! baresip against the running server, over UDP, TCP and TLS.

use acceptance::Server;
use acceptance::phones::{Settings, baresip, life};
use acceptance::sip::Transport;
use serde_json::json;

const USERNAME: &str = "baresip_phone";
const PASSWORD: &str = "Correct!Horse7";
const TRANSPORTS: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

#[test]
fn it_lives_through_refreshes_and_a_restart() {
    life::is_lived(&TRANSPORTS, baresip::start);
}

#[test]
fn it_registers_and_leaves_over_both_transports_and_under_both_domains() {
    for transport in Transport::ALL {
        let server = Server::start();
        let account = server.account("baresip");
        let _id = server.api(&account).credential(USERNAME, PASSWORD);
        let settings = Settings::new(&server, &account, transport, USERNAME, PASSWORD);
        for domain in [&account.sip_domain, &account.realm] {
            let attempt = baresip::register(&settings.clone().with_domain(domain));
            attempt.expect_registered();
            assert_eq!(attempt.trace.challenges()[0].realm, account.realm);
            // It de-registers when it quits, and that too must have been answered well.
            let last = attempt.trace.registers().last().copied().unwrap_or_default().to_owned();
            assert!(last.contains("expires=0"), "{last}");
            assert_eq!(attempt.trace.statuses().last(), Some(&200), "{}", attempt.output);
        }
    }
}

#[test]
fn wrong_password_and_disabled_credential_are_refused() {
    let server = Server::start_on_every_transport(&[]);
    let account = server.account("baresip");
    let api = server.api(&account);
    let id = api.credential(USERNAME, PASSWORD);
    for transport in TRANSPORTS {
        let settings = Settings::new(&server, &account, transport, USERNAME, PASSWORD);
        baresip::register(&settings.clone().with_password("Wrong!Horse77")).expect_refused();
        api.update(&id, &json!({"enabled": false}));
        baresip::register(&settings).expect_refused();
        api.update(&id, &json!({"enabled": true}));
        baresip::register(&settings).expect_registered();
    }
}

#[test]
fn an_account_with_a_realm_of_its_own() {
    let server = Server::start();
    let account = server.account_with(&["--name", "own realm", "--realm", "voip.example.test"]);
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    for domain in [&account.sip_domain, &account.realm] {
        let settings = Settings::new(&server, &account, Transport::Udp, USERNAME, PASSWORD).with_domain(domain);
        let attempt = baresip::register(&settings);
        attempt.expect_registered();
        assert_eq!(attempt.trace.challenges()[0].realm, "voip.example.test");
    }
}
