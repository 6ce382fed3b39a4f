//! pyVoIP against the running server, over UDP, the only transport it has. It answers without `qop` whatever is offered
//! (RFC 2069), so it is refused until the realm allows that.

use acceptance::phones::{Settings, life, pyvoip};
use acceptance::sip::Transport;
use acceptance::{Account, Server};

const USERNAME: &str = "pyvoip_agent";
const PASSWORD: &str = "Correct!Horse7";

#[test]
fn it_is_refused_where_an_answer_without_qop_is_not_allowed() {
    let server = Server::start();
    let account = server.account("agents");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    let settings = Settings::new(&server, &account, Transport::Udp, USERNAME, PASSWORD);
    let attempt = pyvoip::register(&settings);
    attempt.expect_refused();
    assert!(attempt.trace.authorizations().iter().all(|it| it.parameter("qop").is_empty()), "{}", attempt.output);
}

#[test]
fn where_it_is_allowed_it_lives_through_refreshes_and_a_restart() {
    let allow = |server: &Server, account: &Account| account.accept_answers_without_qop(&server.data_dir());
    life::is_lived_in_a_realm(&[Transport::Udp], allow, pyvoip::start);
}

#[test]
fn a_wrong_password_is_refused_where_it_is_allowed_too() {
    let server = Server::start();
    let account = server.account("agents");
    account.accept_answers_without_qop(&server.data_dir());
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    let settings = Settings::new(&server, &account, Transport::Udp, USERNAME, PASSWORD);
    pyvoip::register(&settings.clone().with_password("Wrong!Horse77")).expect_refused();
    pyvoip::register(&settings).expect_registered();
}
