//! An office behind one address: many phones that work, and one with a wrong password that never stops trying.

use super::PASSWORD;
use crate::bounded::StopWhenDropped;
use crate::sip::{HandmadePhone, Transport};
use crate::{Account, Server};
use serde_json::json;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const WRONG_PASSWORD: &str = "Wrong!Horse1";
/// How often a phone that works registers anew.
const REFRESH: Duration = Duration::from_millis(500);
/// How often the other one tries.
const TRY: Duration = Duration::from_millis(100);
/// How long a phone must be left alone before it is looked at again: the default window by the default limit, and a bit.
const QUIET: Duration = Duration::from_millis(15_500);

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Office {
    /// Phones that work; there is one more.
    pub phones: usize,
    /// For how long.
    pub seconds: u64,
}

/// What it came to.
#[derive(Clone, Debug)]
pub struct OfficeReport {
    office: Office,
    registered: u64,
    refused: u64,
}

impl fmt::Display for OfficeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} s: {} phones registered {} times, each time at the first attempt, beside one that was refused {} times \
             and, left alone for {QUIET:?} while its password was corrected, let in at its first attempt",
            self.office.seconds, self.office.phones, self.registered, self.refused
        )
    }
}

/// Runs it with the throttling that a server has by default.
///
/// # Panics
/// When a phone that has the right password fails once, when the other gets in, or when it does not at its first attempt
/// once it is corrected; by whom makes no difference: in the phone, or by giving its password to the credential.
#[must_use]
pub fn run(office: Office) -> OfficeReport {
    let users: Vec<String> = (0..=office.phones).map(|number| format!("desk_{number}")).collect();
    let (server, account) = super::server_with_users(&[], &users);
    let (stop, registered) = (AtomicBool::new(false), AtomicU64::new(0));
    let last = users.last().map(String::as_str).unwrap_or_default();
    let mut wrong = phone(&server, &account, last, WRONG_PASSWORD);
    let mut refused = 0;
    thread::scope(|scope| {
        let _stop = StopWhenDropped(&stop);
        for user in users.iter().take(office.phones) {
            let (server, account, stop, registered) = (&server, &account, &stop, &registered);
            scope.spawn(move || {
                let mut phone = phone(server, account, user, PASSWORD);
                while !stop.load(Ordering::Relaxed) {
                    let response = phone.register(60);
                    assert_eq!(response.status, 200, "{user}: {}", response.text);
                    registered.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(REFRESH);
                }
            });
        }
        let until = Instant::now() + Duration::from_secs(office.seconds);
        while Instant::now() < until {
            assert_eq!(wrong.register(60).status, 401);
            refused += 1;
            thread::sleep(TRY);
        }
    });
    thread::sleep(QUIET);
    wrong.credentials.password = PASSWORD.into();
    assert_eq!(wrong.register(60).status, 200, "its password was corrected");
    let api = server.api(&account);
    let list = api.send("GET", &api.path(&format!("trunks/credentials?username={last}")), b"").expect(200);
    let id = list["objects"][0]["id"].as_str().expect("its id").to_owned();
    let _updated = api.update(&id, &json!({ "password": WRONG_PASSWORD }));
    wrong.credentials.password = WRONG_PASSWORD.into();
    assert_eq!(wrong.register(60).status, 200, "its password is the credential's now");
    OfficeReport { office, registered: registered.into_inner(), refused }
}

fn phone(server: &Server, account: &Account, user: &str, password: &str) -> HandmadePhone {
    HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, user, password)
}
