//! linphonec against the running server, with MD5 and with SHA-256. It refuses a domain with an underscore, which is why
//! every account has a legal domain beside its realm.

use acceptance::phones::{Settings, life, linphonec};
use acceptance::sip::Transport;
use acceptance::{Account, Server};

const USERNAME: &str = "linphone_user";
const PASSWORD: &str = "Correct!Horse7";
const TRANSPORTS: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

fn line(server: &Server, account: &Account, transport: Transport) -> Settings {
    Settings::new(server, account, transport, USERNAME, PASSWORD)
}

#[test]
fn it_lives_through_refreshes_and_a_restart() {
    life::is_lived(&TRANSPORTS, linphonec::start);
}

#[test]
fn it_registers_with_md5_over_both_transports() {
    let server = Server::start();
    let account = server.account("linphone");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    for transport in Transport::ALL {
        let attempt = linphonec::register_incognito(&line(&server, &account, transport));
        attempt.expect_registered();
        assert_eq!(attempt.trace.challenges()[0].algorithm, "MD5", "an unknown phone is challenged with MD5");
        assert!(matches!(attempt.trace.authorizations()[0].parameter("algorithm"), "" | "MD5"));
    }
}

#[test]
fn it_registers_under_its_own_name_with_what_the_server_thinks_it_can_do() {
    let server = Server::start();
    let account = server.account("linphone");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    let attempt = linphonec::register(&line(&server, &account, Transport::Udp));
    attempt.expect_registered();
    assert_eq!(attempt.trace.statuses()[..2], [401, 200], "one challenge is enough: {}", attempt.output);
}

#[test]
fn it_registers_with_sha_256_under_the_policy_sha256() {
    let server = Server::start_on_every_transport(&[]);
    let account = server.account("linphone");
    account.set_policy(&server.data_dir(), "sha256");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    for transport in TRANSPORTS {
        let attempt = linphonec::register(&line(&server, &account, transport));
        attempt.expect_registered();
        assert_eq!(attempt.trace.challenges()[0].algorithm, "SHA-256");
        let authorization = &attempt.trace.authorizations()[0];
        assert_eq!(authorization.parameter("algorithm"), "SHA-256");
        assert_eq!(authorization.parameter("response").len(), 64);
    }
}

#[test]
fn a_wrong_password_is_refused_under_either_algorithm() {
    let server = Server::start_on_every_transport(&[]);
    let account = server.account("linphone");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    for policy in ["compatible", "sha256"] {
        account.set_policy(&server.data_dir(), policy);
        for transport in TRANSPORTS {
            let settings = line(&server, &account, transport).with_password("Wrong!Horse77");
            linphonec::register(&settings).expect_refused();
            if transport != Transport::Tls {
                linphonec::register_incognito(&settings).expect_refused();
            }
        }
    }
}

#[test]
fn an_account_with_a_realm_of_its_own() {
    let server = Server::start();
    let account = server.account_with(&["--name", "own realm", "--realm", "voip.example.test"]);
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    for domain in [&account.sip_domain, &account.realm] {
        let settings = line(&server, &account, Transport::Udp).with_domain(domain);
        let attempt = linphonec::register(&settings);
        attempt.expect_registered();
        assert_eq!(attempt.trace.challenges()[0].realm, "voip.example.test");
    }
}
