//! pyVoIP against the running server, over UDP, the only transport it has. It answers without `qop` whatever is offered
//! (RFC 2069), so it is refused until the realm allows that.

use acceptance::Server;
use acceptance::phones::{Settings, pyvoip};
use acceptance::sip::Transport;

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
