//! sipsak against the running server: the phone that knows no domain but a bare address.

use acceptance::Server;
use acceptance::phones::{Settings, life, sipsak};
use acceptance::sip::Transport;

const USERNAME: &str = "sipsak_phone";
const PASSWORD: &str = "Correct!Horse7";

#[test]
fn a_bare_address_leads_to_the_only_account() {
    for transport in Transport::ALL {
        let server = Server::start();
        let account = server.account("only");
        let _id = server.api(&account).credential(USERNAME, PASSWORD);
        let settings = Settings::new(&server, &account, transport, USERNAME, PASSWORD);
        let port_and_all = settings.server.to_string();
        for bare in [port_and_all.as_str(), "127.0.0.1"] {
            let attempt = sipsak::register(&settings.clone().with_domain(bare));
            attempt.expect_registered();
            assert_eq!(attempt.trace.challenges()[0].realm, account.realm);
        }
    }
}

#[test]
fn it_registers_again_survives_a_restart_and_leaves() {
    for transport in Transport::ALL {
        let mut server = Server::start();
        let account = server.account("lasting");
        let _id = server.api(&account).credential(USERNAME, PASSWORD);
        let settings = Settings::new(&server, &account, transport, USERNAME, PASSWORD);
        let contacts = |server: &Server| life::contacts(server, &account, (USERNAME, PASSWORD));
        sipsak::register(&settings).expect_registered();
        sipsak::register(&settings).expect_registered();
        assert_eq!(contacts(&server), 1, "the same contact again is a refresh");
        server.restart_in_place();
        assert_eq!(contacts(&server), 1, "its contact is known after a restart");
        sipsak::register(&settings).expect_registered();
        sipsak::unregister(&settings).expect_registered();
        assert_eq!(contacts(&server), 0);
    }
}

#[test]
fn a_bare_address_is_challenged_and_never_verifies_among_several_accounts() {
    let server = Server::start();
    let (one, other) = (server.account("one"), server.account("other"));
    for account in [&one, &other] {
        let _id = server.api(account).credential(USERNAME, PASSWORD);
    }
    let settings = Settings::new(&server, &one, Transport::Udp, USERNAME, PASSWORD);
    sipsak::register(&settings.clone().with_domain("127.0.0.1")).expect_refused();
    // A domain still says whose phone it is.
    sipsak::register(&settings).expect_registered();
}

#[test]
fn it_registers_by_domain_and_is_refused_with_a_wrong_password() {
    for transport in Transport::ALL {
        let server = Server::start();
        let account = server.account("domains");
        let _id = server.api(&account).credential(USERNAME, PASSWORD);
        let settings = Settings::new(&server, &account, transport, USERNAME, PASSWORD);
        for domain in [&account.sip_domain, &account.realm] {
            sipsak::register(&settings.clone().with_domain(domain)).expect_registered();
        }
        sipsak::register(&settings.with_password("Wrong!Horse77")).expect_refused();
    }
}
