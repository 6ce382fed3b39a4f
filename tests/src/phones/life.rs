//! What every phone lives through: it registers, registers again by itself, meets a restarted server, and leaves.

use super::{RunningPhone, Settings};
use crate::account::Account;
use crate::server::Server;
use crate::sip::{HandmadePhone, Transport};
use std::thread;
use std::time::Duration;

const USERNAME: &str = "lively_phone";
const PASSWORD: &str = "Correct!Horse7";
/// Short, so that a phone refreshes while the test looks on; the server is told to grant it.
const EXPIRES_SECONDS: u32 = 8;
/// A browser that starts on a busy machine, and a phone that waits before it connects again.
const LIMIT: Duration = Duration::from_secs(60);

/// Lets a phone that `start` starts live over each of those transports, all at the same time: phones mostly wait.
///
/// # Panics
/// When anything in its life goes wrong, with all that the phone said.
pub fn is_lived(transports: &[Transport], start: impl Fn(&Settings, u32) -> RunningPhone + Sync) {
    is_lived_in_a_realm(transports, |_, _| (), start);
}

/// The same, once `prepare` has changed what the account's phones need to have changed.
///
/// # Panics
/// When anything in its life goes wrong, with all that the phone said.
pub fn is_lived_in_a_realm(
    transports: &[Transport],
    prepare: impl Fn(&Server, &Account) + Sync,
    start: impl Fn(&Settings, u32) -> RunningPhone + Sync,
) {
    thread::scope(|lives| {
        for transport in transports {
            lives.spawn(|| is_lived_over(*transport, &prepare, &start));
        }
    });
}

fn is_lived_over(
    transport: Transport,
    prepare: impl Fn(&Server, &Account),
    start: impl Fn(&Settings, u32) -> RunningPhone,
) {
    let mut server = Server::start_on_every_transport(&["--min-expires", "2"]);
    let account = server.account("lively");
    prepare(&server, &account);
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    let settings = Settings::new(&server, &account, transport, USERNAME, PASSWORD);
    let phone = start(&settings, EXPIRES_SECONDS);
    phone.expect_accepted(1, LIMIT);
    assert_eq!(contacts(&server, &account, (USERNAME, PASSWORD)), 1, "{}", phone.output());
    phone.expect_accepted(2, LIMIT);
    assert_eq!(
        contacts(&server, &account, (USERNAME, PASSWORD)),
        1,
        "a refresh is not a second contact: {}",
        phone.output()
    );
    let before = accepted(&phone);
    server.restart_in_place();
    phone.expect_accepted(before + 1, LIMIT);
    assert_eq!(
        contacts(&server, &account, (USERNAME, PASSWORD)),
        1,
        "a new connection is not a second contact: {}",
        phone.output()
    );
    let said = phone.quit();
    assert_eq!(contacts(&server, &account, (USERNAME, PASSWORD)), 0, "it has left: {said}");
}

fn accepted(phone: &RunningPhone) -> usize {
    super::Trace::read(&phone.output()).accepted_registers().len()
}

/// How many contacts a credential has, asked by a phone of its own over TCP.
///
/// # Panics
/// When the server does not tell.
#[must_use]
pub fn contacts(server: &Server, account: &Account, (username, password): (&str, &str)) -> usize {
    let mut asking =
        HandmadePhone::new(Transport::Tcp, server.sip(Transport::Tcp), &account.sip_domain, username, password);
    let answer = asking.query();
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.contacts().len()
}
