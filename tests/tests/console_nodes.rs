//! The page of nodes: what the operator reads there is what runs.

use acceptance::{Account, ConsoleSession, Server, binary};
use serde_json::Value;

/// The number of the node's start, as the page says it.
fn start(page: &str) -> u32 {
    let (_, rest) = page.split_once("<th scope=\"row\">Start</th><td>number ").expect("the number of the start");
    rest.split('<').next().and_then(|number| number.parse().ok()).expect("a number")
}

#[test]
fn the_page_of_nodes_tells_of_this_one() {
    let mut server = Server::start_with(&["--admin-api"]);
    let account = server.account("tenant");
    let _id = server.api(&account).credential("phone", "Correct!Horse7");
    let made = binary::sipwarden_on(&server.data_dir(), &["operator-token", "create", "--label", "console", "--json"]);
    let made: Value = serde_json::from_str(&made).expect("JSON");
    // An operator signs in without an auth ID.
    let token = made["bearer_token"].as_str().expect("a token").to_owned();
    let operator = Account { auth_id: String::new(), auth_token: token, ..account };
    let page = ConsoleSession::new(&server, &operator).page("/console/operator/nodes");
    for listener in [format!("<code>http {}</code>", server.http())].into_iter().chain(
        [acceptance::sip::Transport::Udp, acceptance::sip::Transport::Tcp]
            .map(|transport| format!("<code>{} {}</code>", transport.name(), server.sip(transport))),
    ) {
        assert!(page.contains(&listener), "{listener}: {page}");
    }
    for fact in ["ready</span> It serves HTTP and SIP", "SQLite in ", "sipwarden.db", "1 credential, 0 registrations"] {
        assert!(page.contains(fact), "{fact}: {page}");
    }
    let first = start(&page);
    server.restart();
    let page = ConsoleSession::new(&server, &operator).page("/console/operator/nodes");
    assert_eq!(start(&page), first + 1);
}
